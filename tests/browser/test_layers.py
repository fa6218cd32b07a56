"""The layer view in a real browser, on a real recorded run: every action that it offers."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import wait_until_painted
from db.queries import snapshots
from tests.browser.conftest import Watch

ROWS, FILTERS, FILTER, TOP, COMPARE = (
    "#layers-multiples", "#layers-filters", "#layers-filter", "#layers-top", "#layers-compare",
)  # fmt: skip


@pytest.fixture
def iterations(site_engine: Engine, digits: int) -> list[int]:
    with Session(site_engine) as session:
        return snapshots.iterations(session, run_id=digits).tolist()


@pytest.fixture
def view(page: Page, digits: int) -> Page:
    open_view(page, digits)
    return page


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


def click_plot(page: Page, chart: str, across: float, down: float) -> None:
    plot = page.locator(f"{chart} .dt-plot")
    plot.evaluate("e => e.scrollIntoView({ block: 'center' })")
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.mouse.down()
    page.mouse.up()


def ink(page: Page) -> str:
    """The pixels of the rows' canvas, as text."""
    return page.evaluate(f"document.querySelector('{ROWS} canvas').toDataURL()")


def test_from_the_tab_to_the_network(page: Page, digits: int) -> None:
    page.goto(f"/run/{digits}/overview")
    page.click(f'a[href="/run/{digits}/layers"]')
    page.wait_for_selector(f"{ROWS}[data-state=drawn]")
    assert names(page)[:5] == ["network", "conv1", "layer1", "layer1.0", "conv1"]
    expect(node(page, "layer2.0.downsample").locator(".layers-shortcut")).to_have_count(1)
    expect(node(page, "layer1.0.conv1")).to_contain_text("3×3")


def test_opens_closes_and_searches(view: Page) -> None:
    everything = len(names(view))
    node(view, "layer1", "stage").click()
    expect(view.locator(".layers-node")).to_have_count(everything - 6)
    view.click('[data-level="1"]')
    expect(view.locator(".layers-node")).to_have_count(6)
    view.fill("#layers-search", "3x3")
    expect(node(view, "layer3.1.conv2")).to_be_visible()
    view.fill("#layers-search", "no such layer")
    expect(view.locator(".layers-node")).to_have_count(0)


def test_the_keyboard_walks_the_tree(view: Page) -> None:
    view.focus(".layers-tree")
    for key in ("Home", "ArrowDown", "ArrowDown", "ArrowLeft"):
        view.keyboard.press(key)
    expect(node(view, "layer1", "stage")).to_have_attribute("aria-expanded", "false")
    view.keyboard.press("ArrowRight")
    expect(node(view, "layer1", "stage")).to_have_attribute("aria-expanded", "true")
    view.keyboard.press("End")
    view.keyboard.press("Enter")
    expect(view.locator(f"{FILTERS}[data-state=drawn]")).to_be_visible()
    assert len(selection(view)["layers"]) == 1
    view.keyboard.press(" ")
    expect(view.locator(f"{COMPARE}[data-state=drawn]")).to_be_visible()


def test_another_encoding_asks_for_nothing(view: Page, watch: Watch) -> None:
    view.wait_for_timeout(800)
    view.wait_for_load_state("networkidle")
    before = len(watch.requests)
    pictures = {ink(view)}
    for encoding in ("box", "horizon", "bands", "histogram"):
        text = {"box": "Box plots", "bands": "Change bands"}.get(encoding, encoding.capitalize())
        view.locator("#layers-encoding label", has_text=text).click()
        view.wait_for_selector(f'{ROWS}[data-shown$=" {encoding}"][data-state=drawn]')
        pictures.add(ink(view))
    assert len(pictures) == 5
    asked = [url for url in watch.requests[before:] if "/data/" in url]
    assert [url for url in asked if not url.endswith("/state")] == []


def test_quantity_statistic_scale_and_sameness(view: Page) -> None:
    view.click("#layers-measure")
    view.get_by_role("option", name="Gradients").click()
    view.wait_for_selector(f'{ROWS}[data-shown="gradient std line"][data-state=drawn]')
    view.click("#layers-statistic")
    view.get_by_role("option", name="median").click()
    view.wait_for_selector(f'{ROWS}[data-shown="gradient median line"][data-state=drawn]')
    expect(view.locator("#layers-key")).to_contain_text("symlog")
    before = ink(view)
    view.locator("label", has_text="Same for all rows").click()
    expect(view.locator("#layers-key")).to_contain_text("each row has its own scale")
    assert ink(view) != before


def test_sorts_by_when_layers_settle(view: Page) -> None:
    view.fill("#layers-limit", "0.02")
    view.wait_for_timeout(900)
    view.click('[data-sort="settles"]')
    expect(view.locator('[data-sort="settles"]')).to_have_attribute("data-state", "ascending")
    expect(view.locator('.layers-node[data-kind="stage"]')).to_have_count(0)
    settled = view.evaluate(
        "[...document.querySelectorAll('.layers-node')]"
        ".sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
        ".map((row) => row.querySelector('.layers-settled').textContent)"
        ".filter((text) => text !== '–').map(Number)"
    )
    assert settled == sorted(settled)


def test_filters_of_a_layer_and_one_of_them(view: Page) -> None:
    node(view, "layer2.0.conv1").click()
    view.wait_for_selector(f"{FILTERS}[data-state=drawn]")
    expect(view.locator("#layers-filters-facts")).to_contain_text("24 filters")
    click_plot(view, FILTERS, 0.5, 2.5 / 24)
    view.wait_for_selector(f"{FILTER}[data-state=drawn]")
    expect(view.locator("#layers-filter-facts")).to_contain_text("layer2.0.conv1 · filter 2")
    expect(view.locator(".dt-tooltip")).to_contain_text("filter 2")
    assert selection(view)["pins"] == []  # a click opens, and pins nothing
    view.locator(".layers-peak").first.click()
    view.wait_for_function("deeptracker.selection.get().pins.length === 1")


@pytest.mark.parametrize("order", ["By peak", "By similarity"])
@pytest.mark.parametrize("scaling", ["Each filter", "Each iteration"])
def test_orders_and_scales_of_the_filters(
    page: Page, digits: int, order: str, scaling: str
) -> None:
    open_view(page, digits, "?layers=3")
    page.click("#layers-filter-order")
    page.get_by_role("option", name=order).click()
    page.click("#layers-filter-scaling")
    page.get_by_role("option", name=scaling).click()
    legend = page.locator("#layers-filters-legend")
    expect(legend).to_contain_text(f"its {scaling.removeprefix('Each ')}")
    page.wait_for_timeout(300)
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
    page.click("#layers-top-sort")
    page.get_by_role("option", name="By value").click()
    expect(page.locator(f"{TOP} .layers-entry").first).to_be_visible()


def test_compares_what_is_picked(view: Page) -> None:
    node(view, "layer1", "stage").locator(".layers-pick").click()
    node(view, "fc").locator(".layers-pick").click()
    expect(view.locator(".layers-compared-name")).to_have_text(["layer1", "fc"])
    before = view.evaluate(f"document.querySelector('{COMPARE} canvas').toDataURL()")
    view.locator("label", has_text="Each on its own scale").click()
    view.wait_for_timeout(300)
    after = view.evaluate(f"document.querySelector('{COMPARE} canvas').toDataURL()")
    assert after != before


def test_a_link_reopens_what_was_seen(page: Page, digits: int) -> None:
    open_view(page, digits, "?measure=weight&encoding=box&level=2&layers=4&filters=4.1&nodes=0,3")
    assert page.get_attribute(ROWS, "data-shown") == "weight std box"
    expect(page.locator("#layers-filter-facts")).to_contain_text("filter 1")
    expect(page.locator(".layers-compared-name")).to_have_count(2)
