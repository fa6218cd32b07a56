"""The page of scalars in a real browser: all that a real training logged, found and shared."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from benchmarks.browser import wait_until_painted
from tests.browser.conftest import Watch
from tests.browser.waiting import rest


def test_names_are_searched_drawn_and_kept_in_the_address(
    page: Page, digits: int, watch: Watch
) -> None:
    page.goto(f"/run/{digits}/overview")
    page.get_by_role("link", name="Scalars").click()
    charts = page.locator("[data-chart=strip]")
    expect(charts).to_have_count(5)
    wait_until_painted(page)
    expect(page.get_by_role("status").filter(has_text="5 scalars")).to_be_visible()
    names = page.locator(".scalars-name").all_inner_texts()
    assert "train_loss" in names
    # One cursor over all of them: where the pointer is on one.
    loss = charts.nth(names.index("train_loss")).locator(".dt-plot")
    loss.hover(position={"x": 200, "y": 40})
    expect(page.locator(".dt-tooltip")).to_contain_text("train_loss at iteration")
    cursors = page.locator("[data-chart=strip] .dt-cursor")
    places = {cursor.bounding_box()["x"] for cursor in cursors.all()}  # type: ignore[index]
    assert len(places) == 1, places
    page.get_by_label("Search").fill("LOSS valid")
    expect(charts).to_have_count(1)
    expect(page.locator(".scalars-name")).to_have_text("validation_loss")
    expect(page).to_have_url(re.compile("scalars=LOSS"))
    assert parse_qs(urlsplit(page.url).query)["scalars"] == ["LOSS valid"]
    page.reload()
    expect(page.locator(".scalars-name")).to_have_text("validation_loss")
    page.get_by_label("Search").fill("no such name")
    expect(page.get_by_text("No scalar has a name with")).to_be_visible()
    rest(page)
    assert watch.troubles == []
