"""The layer view in a real browser, on a real recorded run: every action that it offers."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from benchmarks.browser import control, wait_until_painted
from tests.browser.conftest import Watch
from tests.browser.layers import (
    COMPARE,
    FILTERS,
    ROWS,
    TOP,
    names,
    node,
    open_view,
    selection,
)
from tests.browser.waiting import rest


@pytest.fixture
def view(page: Page, digits: int) -> Page:
    open_view(page, digits)
    return page


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


def test_the_axis_lies_over_the_rows_also_where_it_was_drawn_first(page: Page, digits: int) -> None:
    """The view's scripts come late, and only they know how wide its tree is."""
    held: list[Route] = []
    page.route(re.compile(r"/late-\w+\.js"), lambda route: held.append(route))
    page.goto(f"/run/{digits}/layers", wait_until="commit")
    page.wait_for_selector("#layers-axis[data-state=drawn]")
    assert held
    for route in held:
        route.continue_()
    page.wait_for_selector(f"{ROWS}[data-state=drawn]")
    wait_until_painted(page)
    axis, rows = (page.locator(f"{one} .dt-plot").bounding_box() for one in ("#layers-axis", ROWS))
    assert axis
    assert rows
    assert (axis["x"], axis["width"]) == (rows["x"], rows["width"])


def test_opens_closes_and_searches(view: Page) -> None:
    everything = len(names(view))
    node(view, "layer1", "stage").click()
    expect(view.locator(".layers-node")).to_have_count(everything - 6)
    view.click('[data-level="1"]')
    expect(view.locator(".layers-node")).to_have_count(6)
    view.fill(control("layers-search"), "3x3")
    expect(node(view, "layer3.1.conv2")).to_be_visible()
    view.fill(control("layers-search"), "no such layer")
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
    rest(view)
    view.wait_for_load_state("networkidle")
    before = len(watch.requests)
    pictures = {ink(view)}
    for encoding in ("box", "horizon", "bands", "histogram"):
        text = {"box": "Box plots", "bands": "Change bands"}.get(encoding, encoding.capitalize())
        view.locator(control("layers-encoding") + " label", has_text=text).click()
        view.wait_for_selector(f'{ROWS}[data-shown$=" {encoding}"][data-state=drawn]')
        pictures.add(ink(view))
    assert len(pictures) == 5
    asked = [url for url in watch.requests[before:] if "/data/" in url]
    assert [url for url in asked if not url.endswith("/state")] == []


def test_quantity_statistic_scale_and_sameness(view: Page) -> None:
    view.click(control("layers-measure"))
    view.get_by_role("option", name="Gradients").click()
    view.wait_for_selector(f'{ROWS}[data-shown="gradient std line"][data-state=drawn]')
    view.click(control("layers-statistic"))
    view.get_by_role("option", name="median").click()
    view.wait_for_selector(f'{ROWS}[data-shown="gradient median line"][data-state=drawn]')
    expect(view.locator("#layers-key")).to_contain_text("symlog")
    before = ink(view)
    view.locator("label", has_text="Same for all rows").click()
    expect(view.locator("#layers-key")).to_contain_text("each row has its own scale")
    assert ink(view) != before


def test_sorts_by_when_layers_settle(view: Page) -> None:
    view.fill(control("layers-limit"), "0.02")
    rest(view)
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


def test_compares_what_is_picked(view: Page) -> None:
    node(view, "layer1", "stage").locator(".layers-pick").click()
    node(view, "fc").locator(".layers-pick").click()
    expect(view.locator(".layers-compared-name")).to_have_text(["layer1", "fc"])
    before = view.evaluate(f"document.querySelector('{COMPARE} canvas').toDataURL()")
    view.locator("label", has_text="Each on its own scale").click()
    rest(view)
    after = view.evaluate(f"document.querySelector('{COMPARE} canvas').toDataURL()")
    assert after != before


def test_all_layers_in_one_chart(view: Page) -> None:
    chart = view.locator("#layers-magnitudes")
    expect(chart).to_have_attribute("data-state", "drawn")
    expect(chart).to_contain_text("one decade around 1e−3")
    # The arrow walks from line to line, and the row of the layer is marked with it.
    chart.focus()
    view.keyboard.press("ArrowDown")
    row = view.evaluate("deeptracker.selection.get().row")
    assert row["chart"] == "layers-multiples"
    expect(view.locator(".layers-rowmark")).to_be_visible()
    chart.scroll_into_view_if_needed()
    plot = chart.locator(".dt-plot")
    box = plot.bounding_box()
    assert box
    line = view.evaluate(
        "() => { const h = deeptracker.charts.of(document.getElementById('layers-magnitudes'))"
        ".handler; return 6 + (1 - h.scale.at(h.valueAt(5, h.chart.axis.columns - 1))) * 228; }"
    )
    plot.hover(position={"x": box["width"] - 4, "y": line})
    expect(view.locator(".dt-tooltip")).to_contain_text("median of the layers")
    plot.click(position={"x": box["width"] - 4, "y": line})
    rest(view)
    assert len(selection(view)["layers"]) == 1
    view.click(control("layers-magnitude"))
    view.get_by_role("option", name="Std of the gradients", exact=True).click()
    rest(view)
    expect(chart).to_have_attribute("data-state", "drawn")
    expect(chart).not_to_contain_text("one decade around")


def test_a_link_reopens_what_was_seen(page: Page, digits: int) -> None:
    open_view(page, digits, "?measure=weight&encoding=box&level=2&layers=4&filters=4.1&nodes=0,3")
    assert page.get_attribute(ROWS, "data-shown") == "weight std box"
    expect(page.locator("#layers-filter-facts")).to_contain_text("filter 1")
    expect(page.locator(".layers-compared-name")).to_have_count(2)


def test_the_list_follows_the_cursor_without_asking(page: Page, digits: int, watch: Watch) -> None:
    open_view(page, digits)
    page.wait_for_selector(f"{TOP}[data-list]")
    before = [url for url in watch.requests if "/top-filters" in url]
    lists = {page.get_attribute(TOP, "data-list")}
    for across in (0.2, 0.5, 0.8):
        plot = page.locator(f"{ROWS} .dt-plot").bounding_box()
        assert plot
        page.mouse.move(plot["x"] + across * plot["width"], plot["y"] + 20)
        page.wait_for_function(
            f"(known) => !known.includes(document.querySelector('{TOP}').dataset.list)",
            arg=[*lists, "loading"],
        )
        lists.add(page.get_attribute(TOP, "data-list"))
    assert [url for url in watch.requests if "/top-filters" in url] == before


def test_one_chart_is_shown_large(view: Page) -> None:
    row = node(view, "layer1.0.conv1")
    row.hover()
    row.locator(".layers-enlarge").click()
    expect(view.locator(".layers-node")).to_have_count(1)
    expect(view.locator(".layers-label")).to_have_text("layer1.0.conv1")
    view.wait_for_selector(f"{ROWS}[data-state=drawn]")
    assert view.locator(f"{ROWS} .dt-plot").bounding_box()["height"] > 300  # type: ignore[index]
    view.keyboard.press("ArrowDown")
    expect(view.locator(".layers-label")).to_have_text("layer1.0.conv2")
    view.wait_for_function("() => location.search.includes('layerlarge=')")
    view.get_by_role("button", name="← Previous").click()
    expect(view.locator(".layers-label")).to_have_text("layer1.0.conv1")
    view.keyboard.press("Escape")
    expect(node(view, "layer1", "stage")).to_be_visible()
    assert selection(view)["layerlarge"] is None
