"""The layer view as tests use and read it."""

from typing import Literal

from playwright.sync_api import Page

from benchmarks.browser import wait_until_painted

ROWS, FILTERS, FILTER, TOP, COMPARE = (
    "#layers-multiples", "#layers-filters", "#layers-filter", "#layers-top", "#layers-compare",
)  # fmt: skip


def open_view(page: Page, run_id: int, query: str = "") -> None:
    page.goto(f"/run/{run_id}/layers{query}")
    page.wait_for_selector(f"{ROWS}[data-state=drawn]")
    wait_until_painted(page)


def selection(page: Page) -> dict:
    return page.evaluate("deeptracker.selection.get()")


def names(page: Page) -> list[str]:
    """Labels of the rows in sight, top first."""
    return page.evaluate(
        "[...document.querySelectorAll('.layers-node')]"
        ".sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
        ".map((row) => row.querySelector('.layers-label').textContent)"
    )


def node(page: Page, name: str, kind: str = "layer"):
    return page.locator(f'.layers-node[data-kind="{kind}"][title^="{name} ·"]')


def click_plot(
    page: Page, chart: str, across: float, down: float, button: Literal["left", "right"] = "left"
) -> None:
    plot = page.locator(f"{chart} .dt-plot")
    plot.evaluate("e => e.scrollIntoView({ block: 'center' })")
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.mouse.down(button=button)
    page.mouse.up(button=button)
