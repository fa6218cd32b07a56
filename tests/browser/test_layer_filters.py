"""Filters of a layer in a real browser, on a real run: one of them, orders, the most changed."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import control
from db.queries.measurements import snapshots
from tests.browser.layers import FILTER, FILTERS, TOP, click_plot, node, open_view, selection
from tests.browser.waiting import rest


@pytest.fixture
def iterations(site_engine: Engine, digits: int) -> list[int]:
    with Session(site_engine) as session:
        return snapshots.iterations(session, run_id=digits).tolist()


def test_filters_of_a_layer_and_one_of_them(page: Page, digits: int) -> None:
    open_view(page, digits)
    node(page, "layer2.0.conv1").click()
    page.wait_for_selector(f"{FILTERS}[data-state=drawn]")
    expect(page.locator("#layers-filters-facts")).to_contain_text("24 filters")
    expect(page.locator(FILTERS)).to_be_in_viewport(ratio=0.9)
    click_plot(page, FILTERS, 0.5, 2.5 / 24)
    page.wait_for_selector(f"{FILTER}[data-state=drawn]")
    expect(page.locator("#layers-filter-facts")).to_contain_text("layer2.0.conv1 · filter 2")
    expect(page.locator(".dt-tooltip")).to_contain_text("filter 2")
    assert selection(page)["pins"] == []  # a click opens, and pins nothing
    # What one annotates is the filter that is pointed at, and not the layer.
    click_plot(page, FILTERS, 0.5, 4.5 / 24, button="right")
    expect(page.get_by_role("menuitem").first).to_contain_text("filter 4 of layer2.0.conv1 at")
    page.keyboard.press("Escape")
    page.locator(".layers-peak").first.click()
    page.wait_for_function("() => deeptracker.selection.get().pins.length === 1")


@pytest.mark.parametrize("order", ["By peak", "By similarity"])
@pytest.mark.parametrize("scaling", ["Each filter", "Each iteration"])
def test_orders_and_scales_of_the_filters(
    page: Page, digits: int, order: str, scaling: str
) -> None:
    open_view(page, digits, "?layers=3")
    page.click(control("layers-filter-order"))
    page.get_by_role("option", name=order).click()
    page.click(control("layers-filter-scaling"))
    page.get_by_role("option", name=scaling).click()
    legend = page.locator("#layers-filters-legend")
    expect(legend).to_contain_text(f"its {scaling.removeprefix('Each ')}")
    rest(page)
    placed = page.evaluate(
        "deeptracker.charts.of(document.querySelector('#layers-filters')).handler.order.length"
    )
    assert placed == 12


def test_most_changed_filters_of_cursor_pins_and_all(
    page: Page, digits: int, iterations: list[int]
) -> None:
    pins = iterations[3], iterations[5]
    open_view(page, digits, f"?pins={pins[0]},{pins[1]}&top=100")
    tabs = page.locator(f"{TOP} [role=tab]")
    expect(tabs).to_have_count(4)
    for at, shown in ((1, str(pins[0])), (3, "common")):
        tabs.nth(at).click()
        page.wait_for_selector(f'{TOP}[data-list="{shown}"]')
        expect(page.locator(f"{TOP} .layers-group").first).to_be_visible()
    text = page.locator(f"{TOP} .dt-soft").inner_text()
    assert re.match(r"\d+ among the first 100 at all 2 pins", text)
    page.locator(f"{TOP} .layers-chip").first.click()
    page.wait_for_selector(f"{FILTER}[data-state=drawn]")
    page.click(control("layers-top-sort"))
    page.get_by_role("option", name="By value").click()
    expect(page.locator(f"{TOP} .layers-entry").first).to_be_visible()
