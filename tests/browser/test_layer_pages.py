"""The pages beside the layers, in a real browser: probes of filters, and the network's graph."""

import numpy as np
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import control, wait_until_painted
from db.queries.measurements import probe_tops, probes
from tests.browser.conftest import Watch
from tests.browser.layers import ROWS, selection
from tests.browser.waiting import rest

GRAPH = "#network-graph"


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
