"""Moving the cursor asks the server for nothing: by mouse and by keyboard, in every view."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page
from sqlalchemy import Engine

from ingest.pipeline import load_log
from tests.browser.waiting import rest

# Questions that every page asks by itself, in the same rhythm whatever is done to it, pause in
# tabs that nobody sees. So here the page is told that nobody does: what is asked then, moves ask.
UNSEEN = """
Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
if (location.pathname === "/compare") {
  window.dash_clientside.set_props("compare-timer", { disabled: true });
}
"""
# Enough for every height of a chart twice, and to be at another place than before.
MOVES = 16
# Charts by view that have the cursor of the time axis, or cells to walk through.
VIEWS = {
    "overview": 4,
    "validation": 3,
    "layers": 2,
    "cube": 1,
    "workspace": 4,
}


@pytest.fixture(scope="module")
def again(site_engine: Engine, recorded_run_again: Path) -> int:
    """The id of a second run, to compare with."""
    return load_log(site_engine, recorded_run_again).run_id


@pytest.fixture
def opened(page: Page) -> Iterator[Callable[[str], list[str]]]:
    """A function that opens an address, waits for rest, and returns what is asked from then on."""

    def open_at(address: str) -> list[str]:
        page.goto(address)
        page.wait_for_selector("[data-chart]", state="attached")
        rest(page)
        page.evaluate(UNSEEN)
        page.wait_for_timeout(300)  # a question that was under way
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        return asked

    return open_at


def in_sight(page: Page, selector: str) -> list[Locator]:
    """The elements that can be pointed at, at least so large that one would."""
    found = [one for one in page.locator(selector).all() if one.is_visible()]
    boxes = [(one, one.bounding_box()) for one in found]
    return [one for one, box in boxes if box and box["width"] > 60 and box["height"] > 10]


def move_over(page: Page, element: Locator) -> None:
    element.scroll_into_view_if_needed()
    rest(page)
    box = element.bounding_box()
    assert box
    for at in range(MOVES):
        down = 0.1 + 0.8 * (at % 7) / 7
        page.mouse.move(
            box["x"] + box["width"] * (at + 0.5) / MOVES, box["y"] + min(box["height"], 300) * down
        )
    rest(page)


def cursors(page: Page) -> int | None:
    return page.evaluate("deeptracker.selection.get().cursor")


@pytest.mark.parametrize("view", [*VIEWS, "findings", "correlation"])
def test_by_mouse(page: Page, digits: int, opened: Callable, view: str) -> None:
    asked = opened(f"/run/{digits}/{view}")
    plots = in_sight(page, ".dt-plot, .cube-canvas, .correlation-field, .finding-cards canvas")
    assert len(plots) >= VIEWS.get(view, 0)
    before = cursors(page)
    for plot in plots[:8]:
        # What comes into sight may be asked for; what is pointed at, not.
        plot.scroll_into_view_if_needed()
        rest(page)
        asked.clear()
        move_over(page, plot)
        assert asked == []
    if view in VIEWS:
        assert cursors(page) != before


@pytest.mark.parametrize("view", VIEWS)
def test_by_keyboard(page: Page, digits: int, opened: Callable, view: str) -> None:
    asked = opened(f"/run/{digits}/{view}")
    charts = in_sight(page, "[data-chart][tabindex='0']")
    assert len(charts) >= VIEWS[view]
    moved = 0
    for chart in charts[:6]:
        chart.scroll_into_view_if_needed()
        chart.focus()
        rest(page)
        asked.clear()
        page.keyboard.press("Home")
        before = cursors(page)
        for at in range(MOVES):
            page.keyboard.press("ArrowRight" if at % 6 else "ArrowLeft")
        rest(page)
        assert asked == []
        moved += cursors(page) != before
    assert moved


def test_on_the_compare_page(page: Page, digits: int, again: int, opened: Callable) -> None:
    asked = opened(f"/compare?runs={digits},{again}")
    plots = in_sight(page, ".dt-plot")
    assert len(plots) >= 3
    away = page.locator("#compare-images")
    for plot in plots[:3]:
        plot.evaluate("e => e.scrollIntoView({ block: 'end' })")
        assert away.evaluate("e => e.getBoundingClientRect().top") > page.viewport_size["height"]
        rest(page)
        asked.clear()
        move_over(page, plot)
        assert asked == []
    plots[0].locator("xpath=..").focus()
    for at in range(MOVES):
        page.keyboard.press("ArrowRight" if at % 6 else "ArrowLeft")
    rest(page)
    assert asked == []
    # In sight, the images follow the cursor: one question once it rests, and none on the way.
    cursor = cursors(page)
    away.scroll_into_view_if_needed()
    rest(page)
    assert [url for url in asked if "/images?" in url and f"tick={cursor}" in url]
