"""The layer view in a real browser, on a real recorded run: every action that it offers."""

import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import control, wait_until_painted
from db.queries.measurements import probe_tops, probes, snapshots
from ingest.pipeline import load_log
from tests.browser.conftest import Watch
from tests.browser.waiting import rest

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


def test_filters_of_a_layer_and_one_of_them(view: Page) -> None:
    node(view, "layer2.0.conv1").click()
    view.wait_for_selector(f"{FILTERS}[data-state=drawn]")
    expect(view.locator("#layers-filters-facts")).to_contain_text("24 filters")
    expect(view.locator(FILTERS)).to_be_in_viewport(ratio=0.9)
    click_plot(view, FILTERS, 0.5, 2.5 / 24)
    view.wait_for_selector(f"{FILTER}[data-state=drawn]")
    expect(view.locator("#layers-filter-facts")).to_contain_text("layer2.0.conv1 · filter 2")
    expect(view.locator(".dt-tooltip")).to_contain_text("filter 2")
    assert selection(view)["pins"] == []  # a click opens, and pins nothing
    # What one annotates is the filter that is pointed at, and not the layer.
    click_plot(view, FILTERS, 0.5, 4.5 / 24, button="right")
    expect(view.get_by_role("menuitem").first).to_contain_text("filter 4 of layer2.0.conv1 at")
    view.keyboard.press("Escape")
    view.locator(".layers-peak").first.click()
    view.wait_for_function("() => deeptracker.selection.get().pins.length === 1")


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


def test_distributions_of_layers_and_of_a_second_run(
    page: Page, digits: int, odd_run: int, iterations: list[int], watch: Watch
) -> None:
    charts, drawn = "#distributions-charts", "#distributions-charts[data-state=drawn]"
    page.goto(f"/run/{digits}/distributions")
    page.wait_for_selector(f"{drawn}[data-shown=offset]")
    cards = page.locator(".distributions-card")
    expect(page.locator("#distributions-count")).to_have_text("16 layers")
    expect(cards).to_have_count(16)

    # Another way of drawing asks for nothing.
    rest(page)
    before = len(watch.requests)
    first = cards.first.locator("canvas")
    pictures = {first.evaluate("canvas => canvas.toDataURL()")}
    for mode in ("Overlay", "Percentiles"):
        page.locator(control("distributions-mode") + " label", has_text=mode).click()
        page.wait_for_selector(f"{drawn}[data-shown={mode.lower()}]")
        pictures.add(first.evaluate("canvas => canvas.toDataURL()"))
    assert len(pictures) == 3
    assert not [url for url in watch.requests[before:] if "/distributions?" in url]

    # What is pointed at is told, and a click puts the cursor there.
    box = first.bounding_box()
    assert box
    first.hover(position={"x": box["width"] - 14, "y": 60})
    expect(page.locator(".dt-tooltip")).to_contain_text(f"conv1, iteration {iterations[-1]:,}")
    expect(page.locator(".dt-tooltip")).to_contain_text("93 %")
    first.click(position={"x": box["width"] - 14, "y": 60})
    assert selection(page)["cursor"] == iterations[-1]

    page.fill(control("distributions-search"), "layer2 conv1")
    expect(cards).to_have_count(2)
    cards.last.get_by_role("button", name="Enlarge").click()
    expect(cards.first).to_have_attribute("data-large", "true")
    expect(cards.first).to_contain_text("layer2.1.conv1")

    # A second run lies over this one, with what is called as here.
    page.fill(control("distributions-search"), "")
    page.click(control("distributions-other"))
    page.get_by_role("option", name=f"(run {odd_run})").click()
    said = page.locator("#distributions-count")
    expect(said).to_contain_text("only in")
    expect(said).to_contain_text("conv, single, frozen")
    expect(cards.filter(has_text="fc").first).to_contain_text("numbers")
    rest(page)
    page.reload()
    page.wait_for_selector(f"{drawn}[data-shown=percentiles]")
    expect(cards.first).to_have_attribute("data-large", "true")
    expect(said).to_contain_text("only in")
    assert any("/data/compare/distributions?" in url for url in watch.requests)
    page.focus(charts)
    page.keyboard.press("Escape")
    expect(cards.first).to_have_attribute("data-large", "false")
    # One of two answers says that there is no such run; the other comes after another choice.
    late: list[Route] = []
    page.route(re.compile("runs=1,99999.*&piece=1&"), lambda route: late.append(route))
    page.evaluate("deeptracker.selection.set({ otherrun: '99999' })")
    expect(page.locator(f"{charts}[data-state=error]")).to_contain_text("no run 99999")
    page.evaluate("deeptracker.selection.set({ otherrun: null })")
    page.wait_for_selector(drawn)
    for route in late:
        with page.expect_response(route.request.url):
            route.continue_()
    rest(page)
    assert late
    expect(page.locator(charts)).to_have_attribute("data-state", "drawn")
    assert [trouble for trouble in watch.troubles if "404" not in trouble] == []
    watch.troubles.clear()


def record(folder: Path, model: Any, *, steps: int, broken: Any) -> Path:
    """A real training of a few steps; the weights of `broken` are no numbers."""
    import torch
    from torch import nn

    from deeptracker import Recorder

    torch.manual_seed(0)
    images, labels = torch.randn(16, 3, 8, 8), torch.arange(16) % 2
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    validation = torch.utils.data.TensorDataset(images, labels)
    with Recorder(model, optimizer, folder, validation=validation, every=1) as recorder:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if broken is not None:
                nn.init.constant_(broken.weight, torch.nan)
            recorder.step(train_loss=loss)
    return folder


@pytest.fixture(scope="module")
def odd_run(site_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A run with a layer of one filter, a frozen one, and one that is NaN throughout."""
    from torch import nn

    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.single = nn.Conv2d(4, 1, 1)
            self.frozen = nn.Conv2d(1, 4, 3).requires_grad_(False)
            self.fc = nn.Linear(4, 2)
            self.broken = nn.Linear(4, 3)  # beside the others, so that they stay numbers

        def forward(self, images):
            return self.fc(self.frozen(self.single(self.conv(images))).mean((2, 3)))

    model = Odd()
    folder = tmp_path_factory.mktemp("odd") / "run"
    return load_log(site_engine, record(folder, model, steps=4, broken=model.broken)).run_id


@pytest.fixture(scope="module")
def single_run(site_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A run of one layer and one snapshot."""
    from torch import nn

    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    folder = tmp_path_factory.mktemp("single") / "run"
    return load_log(site_engine, record(folder, model, steps=1, broken=None)).run_id


ENCODINGS = ("line", "box", "horizon", "bands", "histogram")


def test_layers_that_are_frozen_not_finite_or_of_one_filter(page: Page, odd_run: int) -> None:
    open_view(page, odd_run)
    settled = {name: node(page, name).locator(".layers-settled") for name in ("frozen", "broken")}
    # No optimizer steps it, so there is no update that could have settled.
    expect(settled["frozen"]).to_have_text("–")
    expect(settled["broken"]).to_have_text("–")
    expect(node(page, "the whole network", "network").locator(".layers-settled")).to_have_text("–")
    key = page.locator("#layers-key")
    expect(key).to_contain_text("NaN among the numbers")
    expect(key).to_contain_text("no value")
    for encoding in ENCODINGS:
        open_view(page, odd_run, f"?measure=gradient&encoding={encoding}")
    names = page.locator(f"{TOP} .layers-group-name")
    expect(names.filter(has_text="conv")).to_have_count(1)
    expect(names.filter(has_text="frozen")).to_have_count(0)
    expect(names.filter(has_text="broken")).to_have_count(0)
    node(page, "single").click()
    expect(page.locator("#layers-filters-facts")).to_contain_text("1 filter")
    click_plot(page, FILTERS, 0.5, 0.5)
    expect(page.locator("#layers-filter-facts")).to_contain_text("single · filter 0")
    node(page, "broken").click()
    expect(page.locator(f"{FILTERS}[data-state=message]")).to_contain_text("NaN in this layer")


def test_one_layer_and_one_snapshot(page: Page, single_run: int) -> None:
    for encoding in ENCODINGS:
        open_view(page, single_run, f"?measure=weight&encoding={encoding}&layers=0&filters=0.1")
    assert names(page) == ["network", "1"]
    expect(node(page, "the whole network", "network")).to_contain_text("1 layer")
    expect(page.locator("#layers-filter-facts")).to_contain_text("1 · filter 1")
    expect(page.locator(f"{TOP} .dt-soft")).to_contain_text("0 most changed at iteration 1")


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


def test_probes_from_the_tab_to_a_filter_over_time(
    page: Page, digits: int, site_engine: Engine, watch: Watch
) -> None:
    with Session(site_engine) as session:
        found = probes.probes(session, run_id=digits)
        image, layer = int(found.image[1]), int(found.layer[0])
        first, last = found.iteration[[0, -1]].tolist()
        maps = {
            at: probes.probe_maps(session, run_id=digits, layer_id=layer, image_id=image, at=at)
            for at in (first, last)
        }
    page.goto(f"/run/{digits}/layers")
    page.get_by_role("link", name="Probe").click()
    wait_until_painted(page)
    page.locator(f".probe-images [data-image='{image}']").click()
    tiles = page.locator("#probe-maps .probe-tiles button")
    for at in (last, first):
        page.evaluate(f"deeptracker.selection.set({{cursor: {at}}})")
        expect(page.locator("#probe-maps .probe-facts")).to_contain_text(f"At iteration {at}")
        order = np.argsort(-maps[at].mean, kind="stable")
        expect(tiles.first).to_have_attribute("data-filter", str(order[0]))
    rest(page)
    # A tile chooses its filter everywhere; its course leads to the last probe.
    tiles.nth(2).click()
    rest(page)
    assert selection(page)["filters"] == [[layer, int(order[2])]]
    course = page.locator("#probe-course .probe-tiles button")
    expect(course).to_have_count(len(found.iteration))
    course.last.press("Enter")
    expect(page.locator("#probe-maps .probe-facts")).to_contain_text(f"At iteration {last}")
    expect(course.last).to_have_attribute("aria-pressed", "true")
    expect(course.last).to_be_focused()
    kernels = page.locator("#probe-kernels .probe-tiles button")
    expect(kernels).to_have_count(len(maps[first].mean))
    kernels.nth(1).click()
    expect(page.locator("#probe-course .probe-facts")).to_contain_text("filter 1")
    _look_at_saliency(page, found, image, last)
    favourites_and_clusters(page, digits, site_engine, first)


def favourites_and_clusters(page: Page, run: int, engine: Engine, first: int) -> None:
    """From the images that activate filter 1 most to the clusters of another layer."""
    with Session(engine) as session:
        layer = int(probes.probes(session, run_id=run).layer[0])
        found = probe_tops.filter_tops(session, run_id=run, layer_id=layer, filter=1)
    images = page.locator("#probe-top [data-image]")
    for at, iteration in ((-1, int(found.iteration[-1])), (0, first)):
        page.evaluate(f"deeptracker.selection.set({{cursor: {iteration}}})")
        expect(page.locator("#probe-top .probe-facts")).to_contain_text(f"at {iteration},")
        assert images.evaluate_all("(all) => all.map((one) => Number(one.dataset.image))") == (
            found.image[at].tolist()
        )
    expect(images.first.locator(".probe-frame")).to_have_count(1)
    images.nth(1).click()
    assert selection(page)["image"] == found.image[0, 1]
    expect(page.locator("dialog.dt-image")).to_be_visible()
    page.keyboard.press("Escape")
    # A cluster of the second layer: its filters, and its images, below.
    cards = page.locator(".probe-column:nth-child(1) button")
    cards.first.focus()
    page.keyboard.press("ArrowRight")
    chosen = page.locator(".probe-column:nth-child(2) button").first
    expect(chosen).to_be_focused()
    page.keyboard.press("Enter")
    name = page.locator(".probe-column:nth-child(2) > b").inner_text()
    expect(page.locator(".probe-clusters h3")).to_have_text(f"Clusters of {name}")
    rows = page.locator(".probe-cluster")
    expect(rows).to_have_count(4)
    tile = rows.first.locator("[data-filter]").first
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#probe-top .probe-facts")).to_contain_text(name)
    page.get_by_label("Clusters of a layer").fill("2")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)


def _look_at_saliency(page: Page, found: probes.Probes, image: int, at: int) -> None:
    """Choose method, class and opacity of the map over the picture at the probe at hand."""
    facts = page.locator("#probe-saliency .probe-facts")
    place = found.image.tolist().index(image)
    predicted = found.prediction[found.iteration.tolist().index(at), place]
    expect(facts).to_contain_text(f"Grad-CAM at {at}: what spoke for {predicted}")
    expect(facts).to_contain_text("feature maps of layer2")
    overlay = page.locator("#probe-saliency canvas")

    def painted() -> str:
        return overlay.evaluate("canvas => canvas.toDataURL()")

    seen = [painted()]
    page.click(control("probe-method"))
    page.get_by_role("option", name="Integrated gradients").click()
    expect(facts).to_contain_text("32 steps from an image of zeros")
    seen.append(painted())
    opacity = page.get_by_role("slider", name="Opacity of the map")
    opacity.press("Home")
    rest(page)
    seen.append(painted())
    # Without the map the picture is the same for each class.
    page.get_by_text("True class", exact=True).click()
    rest(page)
    assert selection(page)["probetarget"] == "true"
    assert painted() == seen[-1]
    assert len(set(seen)) == 3


GRAPH = "#network-graph"


def place_of(page: Page, name: str) -> tuple[float, float]:
    """Where the middle of a node is on the screen."""
    x, y = page.evaluate(
        """(name) => {
          const element = document.querySelector("#network-graph");
          const { graph, view } = deeptracker.charts.of(element).handler;
          const node = graph.nodes.name.indexOf(name);
          return [view.x(graph.arrays.x[node]), view.y(graph.arrays.y[node])];
        }""",
        name,
    )
    box = page.locator(f"{GRAPH} canvas").bounding_box()
    assert box
    return box["x"] + x, box["y"] + y


def test_the_graph_of_the_network(page: Page, digits: int, watch: Watch) -> None:
    page.goto(f"/run/{digits}/layers")
    page.click(f'a[href^="/run/{digits}/network"]')
    page.wait_for_selector(f"{GRAPH}[data-state=drawn]")
    expect(page.locator("#network-facts")).to_contain_text("edges")
    expect(page.locator(".network-missing")).to_have_count(0)
    # A residual branch: what is added comes from two nodes.
    x, y = place_of(page, "add")
    page.mouse.move(x, y)
    expect(page.locator(".dt-tooltip")).to_contain_text("input: layer1.0.conv2, ")
    x, y = place_of(page, "layer2.0.downsample")
    page.mouse.click(x, y)
    page.wait_for_function("() => deeptracker.selection.get().layers.length === 1")
    # The colours follow the cursor, without asking for more.
    page.locator(".network-listed summary").click()
    named = page.get_by_role("button", name="layer2.0.downsample")
    value = page.locator(".network-table tr", has=named).locator("td").last
    before = value.text_content()
    rest(page)
    asked = len(watch.requests)
    page.evaluate(
        "deeptracker.selection.set({ cursor: deeptracker.timeaxis('network').iterations[1] })"
    )
    expect(value).not_to_have_text(before or "")
    assert not [url for url in watch.requests[asked:] if "layer-rows" in url]
    # Keys go along the edges; Enter opens a layer where its filters are.
    page.focus(GRAPH)
    for key in ("Home", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(f"{GRAPH} [role=status]")).to_contain_text("conv1; Conv2d")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROWS}[data-state=drawn]")
    expect(page.locator("#layers-filters-facts")).to_contain_text("conv1")


def test_blocks_of_the_graph_are_folded_and_unfolded(page: Page, digits: int) -> None:
    page.goto(f"/run/{digits}/network")
    page.wait_for_selector(f"{GRAPH}[data-state=drawn]")
    facts = page.locator("#network-facts")
    expect(facts).not_to_contain_text("folded")
    page.get_by_role("button", name="Show the network down to its stages").click()
    expect(facts).to_contain_text("folded")
    expect(page.locator("[data-opento='1']")).to_have_attribute("aria-pressed", "true")
    # A click unfolds what it is on; the link holds it.
    page.mouse.click(*place_of(page, "layer1"))
    page.wait_for_function("() => location.search.includes('networktoggled=')")
    rest(page)
    assert "networklevel=1" in page.url
    page.reload()
    page.wait_for_selector(f"{GRAPH}[data-state=drawn]")
    # Its block is folded still.
    page.mouse.click(*place_of(page, "layer1.0"))
    page.wait_for_function("() => deeptracker.selection.get().networktoggled.length === 2")
    rest(page)
    x, y = place_of(page, "layer1.0.conv1")
    page.mouse.move(x, y - 26)  # in its frame
    expect(page.locator(".dt-tooltip")).to_contain_text("a click folds it")
    page.mouse.click(x, y - 26)
    said = page.locator(".dt-tooltip:visible", has_text="layer1.0")
    expect(said.filter(has_text="a click folds it")).to_have_count(0)
    rest(page)
    # By keyboard, and in the list, which says what is open.
    page.focus(GRAPH)
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    status = page.locator(f"{GRAPH} [role=status]")
    expect(status).to_contain_text("mean of the layers")
    page.keyboard.press("f")
    # Not by mouse: what stands above may have moved it meanwhile.
    page.locator(".network-listed summary").press("Enter")
    expect(page.locator(".network-listed[open]")).to_have_count(1)
    fold = page.locator(".network-group button").first
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.press("Enter")
    closed = page.locator(".network-name[aria-expanded=false]")
    expect(page.locator(".network-group")).to_have_count(1)
    page.locator(control("network-of")).click()
    page.get_by_role("option", name="Largest of its layers").click()
    expect(page.locator("#network-legend")).to_contain_text("folded: largest of the layers")
    expect(closed.first).to_be_visible()


def test_the_graph_is_searched_and_zoomed(page: Page, digits: int) -> None:
    page.goto(f"/run/{digits}/network")
    page.wait_for_selector(f"{GRAPH}[data-state=drawn]")
    scale = f"deeptracker.charts.of(document.querySelector('{GRAPH}')).handler.view.scale"
    whole = page.evaluate(scale)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(f"() => ({scale}) > {whole}")
    page.get_by_role("button", name="Show the whole network").click()
    page.wait_for_function(f"() => ({scale}) === {whole}")
    page.locator(control("network-search")).fill("downsample")
    page.wait_for_function("() => location.search.includes('networksearch=downsample')")
    x, y = place_of(page, "layer2.0.downsample")
    page.mouse.dblclick(x, y)
    page.wait_for_selector(f"{ROWS}[data-state=drawn]")
    assert "/layers" in page.url
