"""The workspace in a real browser: one selection in all panes, sizes, and what is out of sight."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import wait_until_painted
from db.queries.measurements import snapshots
from ingest.pipeline import load_log
from tests.browser.conftest import Watch
from tests.browser.logs import Log
from tests.browser.waiting import rest

ROWS, LAYERS = "#validation-rows", "#layers-multiples"
DRAWN = f"{ROWS}[data-state=drawn]", f"{LAYERS}[data-state=drawn]"


def selection(page: Page) -> dict[str, Any]:
    return page.evaluate("deeptracker.selection.get()")


def open_workspace(page: Page, run_id: int, query: str = "") -> None:
    page.goto(f"/run/{run_id}/workspace{query and '?' + query}")
    for chart in DRAWN:
        page.wait_for_selector(chart)
    wait_until_painted(page)


def over(page: Page, chart: str, column: int, columns: int) -> tuple[float, float]:
    box = page.locator(f"{chart} .dt-plot").first.bounding_box()
    assert box
    return box["x"] + (column + 0.5) * box["width"] / columns, box["y"] + 12


def boxes(page: Page) -> dict[str, dict[str, float]]:
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-pane]")]
          .filter((pane) => !pane.hidden).map((pane) => {
            const { x, y, width, height } = pane.getBoundingClientRect();
            return [pane.dataset.pane, { x, y, width, height }];
          }))"""
    )


@pytest.fixture
def iterations(site_engine: Engine, digits: int) -> list[int]:
    with Session(site_engine) as session:
        return snapshots.iterations(session, run_id=digits).tolist()


def test_a_pin_and_the_pointer_are_seen_in_all_panes_at_once(
    page: Page, digits: int, iterations: list[int], watch: Watch
) -> None:
    page.goto(f"/run/{digits}/overview")
    page.get_by_role("link", name="Workspace", exact=True).click()
    for chart in DRAWN:
        page.wait_for_selector(chart)
    wait_until_painted(page)
    page.wait_for_load_state("networkidle")
    rest(page)
    columns = len(iterations)
    asked = len(watch.requests)
    for column in range(columns):
        page.mouse.move(*over(page, ROWS, column, columns))
    page.mouse.down()
    page.mouse.move(*over(page, ROWS, 3, columns), steps=4)
    page.mouse.up()
    rest(page)
    # What follows the cursor by itself is told so on purpose: the filters of the iteration.
    others = [path for path in watch.requests[asked:] if "/top-filters" not in path]
    assert others == []
    assert selection(page)["range"] == [iterations[3], iterations[-1]]
    for chart in (ROWS, LAYERS):
        expect(page.locator(f"{chart} .dt-range").first).to_be_visible()
    # One frame after the pointer has moved, the cursor stands there in every pane.
    moved = page.evaluate(
        """async ([from, to]) => {
          const plots = [from, to].map((id) => document.querySelector(`${id} .dt-plot`));
          const box = plots[0].getBoundingClientRect();
          plots[0].dispatchEvent(new PointerEvent("pointermove", {
            clientX: box.left + box.width * 0.05, clientY: box.top + 12, bubbles: true }));
          await new Promise(requestAnimationFrame);
          await new Promise((done) => setTimeout(done));
          return plots.map((plot) => {
            const own = plot.getBoundingClientRect();
            const cursor = plot.querySelector(".dt-cursor").getBoundingClientRect();
            return (cursor.left + cursor.width / 2 - own.left) / own.width;
          });
        }""",
        [ROWS, LAYERS],
    )
    assert moved == pytest.approx([0.5 / columns] * 2, abs=0.01)
    page.mouse.click(*over(page, LAYERS, 1, columns))
    expect(page.locator(f"{ROWS} .dt-pin")).to_have_count(1)
    expect(page.locator(f"{LAYERS} .dt-pin")).to_have_count(1)


def test_panes_are_chosen_arranged_sized_and_kept_in_the_address(
    page: Page, digits: int, watch: Watch
) -> None:
    open_workspace(page, digits)
    left, right = boxes(page)["validation"], boxes(page)["layers"]
    assert left["y"] == right["y"]
    assert left["width"] == pytest.approx(right["width"], abs=2)
    handle = page.get_by_role("separator")
    handle.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "60")
    assert boxes(page)["validation"]["width"] > left["width"] + 80
    grip = handle.bounding_box()
    assert grip
    page.mouse.move(grip["x"] + 5, grip["y"] + 100)
    page.mouse.down()
    page.mouse.move(grip["x"] - 150, grip["y"] + 100, steps=5)
    page.mouse.up()
    rest(page)
    narrow = boxes(page)["validation"]["width"]
    assert narrow < left["width"]
    # What the window decides elsewhere, the pane decides here: the list lies below the rows.
    main = page.locator(".validation-main").bounding_box()
    aside = page.locator(".validation-aside").bounding_box()
    assert main
    assert aside
    assert aside["y"] >= main["y"] + main["height"]
    rest(page)
    assert "sizes=" in page.url
    page.get_by_text("Rows", exact=True).first.click()
    page.get_by_role("button", name="Overview", exact=True).click()
    # Below the window: nothing is asked for until it comes into sight.
    expect(page.locator("#overview-classes")).to_have_attribute("data-state", "loading")
    assert not any("/layer-profile" in path for path in watch.requests)
    page.locator("#overview-axis").scroll_into_view_if_needed()
    page.wait_for_selector("#overview-classes[data-state=drawn]")
    assert any("/layer-profile" in path for path in watch.requests)
    page.evaluate("scrollTo(0, 0)")
    stacked = boxes(page)
    assert stacked["layers"]["y"] > stacked["validation"]["y"]
    assert stacked["layers"]["x"] == stacked["validation"]["x"]
    assert list(sorted(stacked, key=lambda name: stacked[name]["y"]))[-1] == "overview"
    rest(page)
    assert "panes=validation,layers,overview" in page.url
    assert "arrange=rows" in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ids = page.evaluate("[...document.querySelectorAll('.workspace [id]')].map(({ id }) => id)")
    assert sorted(name for name in set(ids) if ids.count(name) > 1) == []
    page.reload()
    for chart in DRAWN:
        page.wait_for_selector(chart)
    assert boxes(page).keys() == stacked.keys()
    # At once, so that they are one entry of the history however busy the machine is.
    page.evaluate(
        """() => ["Overview", "Layers", "Validation"].forEach((name) =>
          document.querySelector(`[aria-label="Remove ${name}"]`).click())"""
    )
    expect(page.get_by_text("No view is chosen")).to_be_visible()
    rest(page)
    page.go_back()
    page.go_back()
    expect(page.locator("[data-pane=overview]")).to_be_hidden()
    assert boxes(page).keys() <= {"validation", "layers"}


def test_panes_out_of_sight_ask_for_nothing_and_catch_up(
    page: Page, digits: int, watch: Watch
) -> None:
    open_workspace(page, digits)
    assert not any("class-images" in path or "/layer-profile" in path for path in watch.requests)
    page.get_by_role("button", name="Remove Validation").click()
    rest(page)
    page.wait_for_load_state("networkidle")
    asked = len(watch.requests)
    page.evaluate("deeptracker.selection.set({ k: 1, openclasses: [1] })")
    rest(page)
    assert not any("anomalies" in path for path in watch.requests[asked:])
    page.get_by_role("button", name="Validation", exact=True).click()
    expect(page.locator(ROWS)).to_have_attribute("data-anomalies", "1 4")
    wait_until_painted(page)
    assert any("anomalies" in path for path in watch.requests[asked:])
    assert any("class-images?class=1" in path for path in watch.requests[asked:])
    page.get_by_role("link", name="Open as page").last.click()
    expect(page).to_have_url(re.compile(r"/run/\d+/(layers|validation)\?.*openclasses=1"))


def test_controls_are_folded_where_a_pane_is_small_and_within_reach(
    page: Page, digits: int
) -> None:
    page.goto(f"/run/{digits}/workspace?panes=overview,layers,correlation")
    page.wait_for_selector("#correlation-grid[data-detail]")
    wait_until_painted(page)
    controls = page.locator(".correlation-controls")
    fold = page.get_by_role("button", name="Controls of Correlation")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(controls).to_be_hidden()
    # What is no control stays: the facts of the run, and what the layers' colours mean.
    expect(page.locator(".overview-facts").first).to_be_visible()
    expect(page.locator(".layers-find")).to_be_hidden()
    expect(page.locator("#layers-key")).to_contain_text("converged")
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    box = controls.bounding_box()
    assert box
    assert box["height"] < boxes(page)["correlation"]["height"] / 2
    assert page.evaluate(
        "(() => { const { scrollWidth, clientWidth } = "
        "document.querySelector('[data-pane=correlation] .workspace-body');"
        " return scrollWidth <= clientWidth; })()"
    )
    # What was chosen stays so whatever the room; what was not follows it.
    page.get_by_role("button", name="Remove Overview").click()
    expect(page.get_by_role("button", name="Controls of Layers")).to_have_attribute(
        "aria-expanded", "true"
    )
    expect(page.locator(".layers-find")).to_be_visible()
    page.get_by_text("Rows", exact=True).first.click()
    expect(controls).to_be_visible()


def test_an_empty_run_explains_itself_in_every_pane(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    waiting = log(name="waiting in the workspace", state="recording")
    run_id = load_log(site_engine, waiting.path).run_id
    page.goto(f"/run/{run_id}/workspace?panes=validation,layers,overview&arrange=grid")
    for chart in (ROWS, LAYERS, "#overview-classes"):
        page.locator(chart).scroll_into_view_if_needed()
        expect(page.locator(f"{chart} .dt-message")).to_contain_text("No snapshot")
        expect(page.locator(f"{chart} .dt-message")).to_be_in_viewport()
