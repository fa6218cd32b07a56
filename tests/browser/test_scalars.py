"""The page of scalars in a real browser: all that a real training logged, found and shared."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect
from sqlalchemy import Engine

from benchmarks.browser import wait_until_painted
from ingest.pipeline import load_log
from tests.browser.conftest import Watch
from tests.browser.waiting import rest

# The ends of the scale of a chart, by what its plot is called; the longitude of its view.
ENDS = """
(title) => {
  const all = [...document.querySelectorAll("[data-chart=curves]")].map(deeptracker.charts.of);
  const chart = all.find(({ options }) => options.title === title);
  const { low, high } = chart.handler.ends;
  return [low, high, ...chart.axis.view()];
}
"""


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_names_are_searched_drawn_and_kept_in_the_address(
    page: Page, digits: int, watch: Watch
) -> None:
    page.goto(f"/run/{digits}/overview")
    page.get_by_role("link", name="Scalars").click()
    charts = page.locator("[data-chart=curves]")
    expect(charts).to_have_count(5)
    page.get_by_role("radiogroup", name="Charts side by side").get_by_text(
        "1"
    ).click()  # a column of charts
    wait_until_painted(page)
    expect(page.get_by_role("status").filter(has_text="5 scalars")).to_be_visible()
    names = page.locator(".scalars-name").all_inner_texts()
    assert "train_loss" in names
    # One cursor over all of them: where the pointer is on one.
    loss = charts.nth(names.index("train_loss")).locator(".dt-plot")
    loss.hover(position={"x": 200, "y": 40})
    expect(page.locator(".dt-tooltip")).to_contain_text("train_loss at iteration")
    cursors = page.locator("[data-chart=curves] .dt-cursor")
    places = {cursor.bounding_box()["x"] for cursor in cursors.all()}  # type: ignore[index]
    assert len(places) == 1, places
    page.get_by_label("Search").fill("LOSS valid")
    expect(charts).to_have_count(1)
    expect(page.locator(".scalars-name")).to_have_text("validation_loss")
    expect(page).to_have_url(re.compile("scalars=LOSS"))
    assert query(page)["scalars"] == ["LOSS valid"]
    page.reload()
    expect(page.locator(".scalars-name")).to_have_text("validation_loss")
    page.get_by_label("Search").fill("no such name")
    expect(page.get_by_text("No scalar has a name with")).to_be_visible()
    # Patterns: one that finds, one that is none, and one that would never end.
    page.get_by_role("switch", name="Regular expression").click()
    page.get_by_label("Search").fill("^(train|validation)_loss$")
    expect(charts).to_have_count(2)
    page.get_by_label("Search").fill("loss(")
    expect(page.get_by_text("“loss(” is no regular expression")).to_be_visible()
    page.get_by_label("Search").fill("(.*)*" * 12 + "!")
    expect(page.get_by_text("takes too long to try")).to_be_visible()
    page.get_by_label("Search").fill("loss")
    expect(charts).to_have_count(2)
    rest(page)
    assert watch.troubles == []


def test_curves_are_smoothed_zoomed_and_kept_as_they_are(
    page: Page, digits: int, watch: Watch
) -> None:
    page.goto(f"/run/{digits}/scalars?scalarx=epoch")
    wait_until_painted(page)
    before = page.evaluate(ENDS, "train_loss")
    asked: list[Request] = []
    rest(page)
    page.on("request", lambda request: asked.append(request))
    page.get_by_role("slider", name="Smoothing").press("End")
    rest(page)
    assert [request.url for request in asked if "/scalar-" in request.url] == []
    assert query(page)["smoothing"] == ["0.99"]
    # A frame over a part of a chart: its values, and the time of all of them.
    plot = page.locator(".scalars-card", has_text="train_loss").locator(".dt-plot")
    box = plot.bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 120, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    rest(page)
    wait_until_painted(page)
    low, high, first, last = page.evaluate(ENDS, "train_loss")
    assert before[0] < low < high < before[1]
    assert before[2] < first < last < before[3]
    assert page.evaluate(ENDS, "train_error")[2:] == [first, last]
    # Train and validation share a chart; one line hides, the chart goes on top, and is large.
    page.get_by_role("switch", name="Training with validation").click()
    page.locator(".scalars-card", has_text="error").get_by_role(
        "button", name="train", exact=True
    ).click()
    page.get_by_role("button", name="Keep on top: error").click()
    page.get_by_role("button", name="Larger: error").click()
    expect(page.locator(".scalars-head").first).to_contain_text("On top")
    rest(page)
    page.goto(page.url)
    wait_until_painted(page)
    top = page.locator(".scalars-card").first
    expect(top).to_have_class(re.compile("scalars-large"))
    expect(top.locator(".scalars-name")).to_have_text("error")
    expect(top.get_by_role("button", name="train", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    page.locator(".scalars-name", has_text="loss").scroll_into_view_if_needed()
    wait_until_painted(page)
    page.locator(".scalars-card", has_text="loss").locator(".dt-plot").dblclick()
    rest(page)
    assert "zoom" not in query(page)
    assert watch.troubles == []


@pytest.fixture
def watched(site_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The id of a short run, really recorded with what its machine did."""
    from deeptracker import machine
    from deeptracker.demo import train

    monkeypatch.setattr(machine, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(machine, "EVERY_SECONDS", 0.05)
    train(tmp_path / "run", seed=1, epochs=2, every=5)
    return load_log(site_engine, tmp_path / "run").run_id


def test_the_machine_has_a_tab_and_is_folded_among_the_scalars(
    page: Page, watched: int, watch: Watch
) -> None:
    page.goto(f"/run/{watched}/scalars")
    wait_until_painted(page)
    group = page.get_by_role("button", name="machine/")
    expect(group).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".scalars-name", has_text="machine/")).to_have_count(0)
    group.click()
    expect(page.locator(".scalars-name", has_text="machine/cpu_percent")).to_be_visible()
    page.goto(f"/run/{watched}/overview")
    page.get_by_role("link", name="Machine").click()
    wait_until_painted(page)
    time = page.locator(".scalars-card", has_text="Time (%)")
    expect(time.locator(".scalars-line")).to_have_text(
        ["computing", "waiting for data", "recording"]
    )
    memory = page.locator(".scalars-card", has_text="Memory of the training (GiB)")
    expect(memory.locator(".scalars-line", has_text="capacity: ")).to_be_visible()
    memory.locator(".dt-plot").hover(position={"x": 150, "y": 60})
    expect(page.locator(".dt-tooltip")).to_contain_text("Memory of the training (GiB) at iteration")
    assert page.evaluate(ENDS, "Memory of the training (GiB)")[0] == 0
    expect(page.get_by_text("No GPU: the training used none")).to_be_visible()
    rest(page)
    assert watch.troubles == []
