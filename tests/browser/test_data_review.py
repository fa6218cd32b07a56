"""The page of the data in real browsers: one person decides, the other sees it, a tool gets it."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import Served
from tests.browser.conftest import Watch
from tests.browser.waiting import rest


def test_images_are_found_decided_on_shared_and_exported(
    page: Page,
    browser: Browser,
    site: Served,
    login_state: dict,
    digits: int,
    watch: Watch,
) -> None:
    page.goto(f"/run/{digits}/overview")
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.get_by_role("heading", name="Data of")).to_be_visible()
    page.get_by_role("textbox", name="List").click()
    page.get_by_role("option", name="Forgotten").click()
    cards = page.locator(".review-card")
    expect(cards.first).to_contain_text("score")
    expect(page).to_have_url(re.compile("datalist=forgotten"))
    # The address changes before the list does, whose cards are made anew: these are to stay.
    rest(page)
    # The picture was drawn: it is not empty.
    expect(cards.first.locator("canvas")).to_be_visible()
    page.wait_for_function(
        "() => pixelsOf(document.querySelector('.review-card canvas')).some((value) => value > 0)"
    )
    # It opens large, with its history, and leads through the list.
    cards.first.get_by_role("button", name="show it large").click()
    large = page.get_by_role("dialog", name="Validation image")
    expect(large).to_contain_text("listed")
    expect(large.locator("ol li").first).to_contain_text("snapshot")
    large.get_by_role("button", name="Close").click()
    expect(large).to_be_hidden()
    # Somebody else looks at the same list.
    other = browser.new_context(base_url=site.address, storage_state=login_state).new_page()
    other.goto(page.url)
    expect(other.locator(".review-card").first).to_contain_text("undecided")
    cards.first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Relabel to").click()
    expect(page.get_by_role("status").filter(has_text="1 image relabelled.")).to_be_visible()
    expect(cards.first).to_contain_text("relabel to")
    expect(other.locator(".review-card").first).to_contain_text("relabel to")
    other.context.close()
    name = cards.first.locator("b").first.inner_text()
    page.get_by_role("textbox", name="Decision").click()
    page.get_by_role("option", name="Undecided").click()
    expect(cards.filter(has_text=name)).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [row["decision"] for row in rows if row["decision"]] == ["relabel"]
    cards.first.get_by_role("link", name="Show in Validation").click()
    expect(page).to_have_url(re.compile(r"/validation\?.*openclasses="))
    rest(page)
    assert watch.troubles == []
