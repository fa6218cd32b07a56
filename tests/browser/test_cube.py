"""The cube in a real browser: modes, alignment, slices and ranges, keys, address, motion."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import control
from ingest.pipeline import load_log
from tests.browser.conftest import VIEWPORT, Watch
from tests.browser.waiting import rest
from tests.recorded_runs import FAULT, FAULT_EVERY
from tests.stored_runs import store_run

CUBE = "#cube-faces"
FACES = ("front", "top", "right")
# A window that makes the short run anomalous at several iterations.
WINDOW = "k=1&m=2&top=20"


@pytest.fixture
def view(page: Page, digits: int) -> Page:
    open_view(page, digits, "cubeface=unfolded")
    return page


def open_view(page: Page, run_id: int, query: str = "") -> None:
    page.goto(f"/run/{run_id}/cube?{WINDOW}&{query}")
    settled(page)


def settled(page: Page) -> None:
    page.wait_for_selector(f"{CUBE}[data-state=drawn]:not([data-view=''])")
    rest(page)


def selection(page: Page) -> dict:
    return page.evaluate("deeptracker.selection.get()")


def until(page: Page, holds: str) -> None:
    """Wait for a condition; as a function, since the page allows no text to be run as code."""
    page.wait_for_function(f"() => ({holds})")


def seen_from(page: Page, name: str, mode: str) -> None:
    page.locator(control("cube-mode") + " label", has_text=re.compile(f"^{name}$")).click()
    page.wait_for_selector(f"{CUBE}[data-view={mode}]")


def face(page: Page, name: str) -> Locator:
    return page.locator(f"{CUBE} .cube-{name}")


def box(page: Page, name: str) -> dict:
    return face(page, name).evaluate("e => e.getBoundingClientRect().toJSON()")


def place(page: Page, name: str, across: float, down: float) -> tuple[float, float]:
    """The pixel of the page at these shares of a face that lies flat."""
    at = box(page, name)
    return at["x"] + across * at["width"], at["y"] + down * at["height"]


def cell(page: Page, name: str, row: int, column: int) -> float:
    """The value that a face is painted with: row a layer or class, column a snapshot or class."""
    return page.evaluate(
        f"([face, row, column]) => {{ const {{ matrix }} = {HANDLER}.shown[face];"
        " return matrix.data[row * matrix.width + column]; }",
        [name, row, column],
    )


HANDLER = f"deeptracker.charts.of(document.querySelector('{CUBE}')).handler"


def ink(page: Page, name: str) -> str:
    return page.evaluate(f"document.querySelector('.cube-{name} canvas').toDataURL()")


def marks(page: Page, name: str, kind: str) -> dict[str, int]:
    """{dimension: cell} of the marks of a kind on a face."""
    found = page.evaluate(
        "([face, kind]) => [...document.querySelectorAll(`.cube-${face} .cube-mark-${kind}`)]"
        ".map((mark) => [mark.dataset.dimension, Number(mark.dataset.at)])",
        [name, kind],
    )
    return dict(found)


def test_from_the_tab_through_all_modes(page: Page, digits: int) -> None:
    page.goto(f"/run/{digits}/overview")
    page.click(f'a[href^="/run/{digits}/cube"]')
    settled(page)
    assert page.locator(CUBE).get_attribute("data-view") == "turned"
    areas = {name: box(page, name) for name in FACES}
    assert all(area["width"] > 50 and area["height"] > 50 for area in areas.values())
    for words, mode in (("Front", "front"), ("Top", "top"), ("Right", "right")):
        seen_from(page, words, mode)
        assert box(page, mode)["width"] > 200
        assert box(page, mode)["height"] > 100
        for other in set(FACES) - {mode}:
            edge = box(page, other)
            assert min(edge["width"], edge["height"]) < 1
    # Every name is whole, upright, and beside the faces.
    seen_from(page, "Unfolded", "unfolded")
    labels = page.locator(".cube-label:not([hidden]):not(.cube-title)").all()
    assert len(labels) > 20
    front, stage = box(page, "front"), page.locator(".cube-stage").bounding_box()
    assert stage
    for label in labels:
        at = label.locator("span").bounding_box()
        assert at
        assert at["x"] >= stage["x"]
        assert at["x"] + at["width"] <= stage["x"] + stage["width"]
        inside = front["x"] < at["x"] + at["width"] / 2 < front["right"]
        assert not (inside and front["y"] < at["y"] + at["height"] / 2 < front["bottom"])


def test_cells_line_up_across_the_shared_edges(view: Page) -> None:
    front, top, right = (box(view, name) for name in FACES)
    assert (top["left"], top["right"], top["bottom"]) == (
        front["left"], front["right"], front["top"],
    )  # fmt: skip
    assert (right["top"], right["bottom"], right["left"]) == (
        front["top"], front["bottom"], front["right"],
    )  # fmt: skip
    assert top["height"] == right["width"]  # both are the classes' side
    # The same cell begins and ends at the same pixel on both faces that share its dimension.
    layer, column = 5, 7
    view.evaluate(
        "([layer, column]) => deeptracker.selection.point({ cubecell:"
        " { face: 'front', layer, class: 3, column } })",
        [layer, column],
    )
    pointed = ".cube-{} .cube-mark-pointed[data-dimension={}]"

    def edges(name: str, dimension: str) -> dict:
        element = view.wait_for_selector(pointed.format(name, dimension), state="attached")
        return element.evaluate("e => e.getBoundingClientRect().toJSON()")

    for side in ("top", "bottom"):
        ours, theirs = (edges(name, "layers")[side] for name in ("front", "right"))
        assert ours == pytest.approx(theirs, abs=0.01)
    for side in ("left", "right"):
        ours, theirs = (edges(name, "columns")[side] for name in ("front", "top"))
        assert ours == pytest.approx(theirs, abs=0.01)
    # Classes: as far from the front's edge upwards as to the right.
    above, beside = edges("top", "classes"), edges("right", "classes")
    corner_x, corner_y = front["right"], front["top"]
    assert corner_y - above["bottom"] == pytest.approx(beside["left"] - corner_x, abs=0.01)
    assert corner_y - above["top"] == pytest.approx(beside["right"] - corner_x, abs=0.01)
    # Folded, each shared edge is one line: both faces' corners are the same points of the screen.
    shared = """
    (turn) => {
      const { viewOf, project, pointOf } = deeptracker.cube;
      const [size, stage] = [{ W: 500, H: 300, D: 200 }, { width: 900, height: 600 }];
      const view = viewOf("turned", turn, size, stage);
      const at = (face, u, v) => project(view, pointOf(face, u, v, size, true));
      const pairs = [];
      for (const t of [0, 123, 500]) pairs.push([at("front", t, 0), at("top", t, 200)]);
      for (const l of [0, 77, 300]) pairs.push([at("front", 500, l), at("right", 0, l)]);
      for (const c of [0, 50, 200]) pairs.push([at("top", 500, 200 - c), at("right", c, 0)]);
      return Math.max(...pairs.map(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1])));
    }
    """
    for turn in ([0, 0], [34, 27], [70, 10], [90, 90]):
        assert view.evaluate(shared, turn) < 1e-9


def test_what_is_seen_is_what_is_picked(view: Page) -> None:
    """The geometry that picks agrees with where the browser draws the faces."""
    seen_from(view, "3-D", "turned")
    for name, corners in (("front", (0.25, 0.6)), ("top", (0.5, 0.5)), ("right", (0.7, 0.3))):
        at = view.evaluate(
            f"([face, across, down]) => {{ const cube = {HANDLER};"
            "const [width, height] = deeptracker.cube.sidesOf(face, cube.size);"
            "const [u, v] = [across * width, down * height];"
            "const p = deeptracker.cube.project(cube.view,"
            " deeptracker.cube.pointOf(face, u, v, cube.size, true));"
            "const stage = cube.stage.getBoundingClientRect();"
            "const [x, y] = [stage.x + p[0], stage.y + p[1]];"
            "return [x, y, document.elementFromPoint(x, y).closest('.cube-face')?.dataset.face]; }",
            [name, *corners],
        )
        assert at[2] == name
        view.mouse.move(at[0], at[1])
        until(view, f"deeptracker.selection.get().cubecell?.face === '{name}'")


def test_hover_marks_all_faces_and_says_what_is_there(view: Page) -> None:
    view.mouse.move(*place(view, "front", 0.5, 0.2))
    expect(view.locator(".dt-tooltip")).to_contain_text("Update / weight")
    pointed = selection(view)["cubecell"]
    assert marks(view, "front", "pointed") == {
        "layers": pointed["layer"], "columns": pointed["column"],
    }  # fmt: skip
    assert marks(view, "top", "pointed") == {"columns": pointed["column"]}
    assert marks(view, "right", "pointed") == {"layers": pointed["layer"]}
    view.mouse.move(*place(view, "right", 0.45, 0.7))
    until(view, "deeptracker.selection.get().cubecell.face === 'right'")
    expect(view.locator(".dt-tooltip")).to_contain_text("class")
    on_right = marks(view, "right", "pointed")
    assert marks(view, "top", "pointed") == {"classes": on_right["classes"]}
    assert marks(view, "front", "pointed") == {"layers": on_right["layers"]}
    # The names of what is pointed at stand beside the faces, in full.
    chips = view.locator(".cube-label-pointed:not([hidden])").all_text_contents()
    assert len(chips) >= 2
    view.mouse.move(5, 5)
    expect(view.locator(".cube-mark-pointed")).to_have_count(0)


def test_clicks_pin_and_choose_for_the_other_views(view: Page, digits: int) -> None:
    view.mouse.click(*place(view, "top", 0.7, 0.5))
    until(view, "deeptracker.selection.get().pins.length === 1")
    first = selection(view)
    assert len(first["classes"]) == 1
    view.mouse.click(*place(view, "right", 0.9, 0.5))
    until(view, f"deeptracker.selection.get().classes[0] !== {first['classes'][0]}")
    view.keyboard.down("Shift")
    view.mouse.click(*place(view, "right", 0.1, 0.1))
    view.keyboard.up("Shift")
    until(view, "deeptracker.selection.get().layers.length === 2")
    chosen = selection(view)
    assert len(chosen["classes"]) == 2
    view.wait_for_url(re.compile("layers="))
    view.click(f'a[href^="/run/{digits}/layers"]')
    view.wait_for_selector("#layers-multiples[data-state=drawn]")
    assert selection(view)["pins"] == first["pins"]
    assert selection(view)["layers"] == chosen["layers"]


def test_slices_change_what_the_faces_show(view: Page) -> None:
    sets = view.evaluate(
        f"(() => {{ const s = {HANDLER}.model.sets(); const held = [];"
        "for (let r = 0; r < s.layer.length; r++) for (let i = 0; i < s.width; i++)"
        " held.push(s.holds[r * s.width + i]);"
        "return { layer: [...s.layer], class: [...s.class], start: [...s.class_start],"
        " at: [...s.class_iteration], iteration: [...s.iteration], snapshot: [...s.snapshot],"
        " holds: held }; })()"
    )
    columns = range(len(sets["class"]))
    spread = max(columns, key=lambda c: sets["start"][c + 1] - sets["start"][c])
    class_id = sets["class"][spread]
    moments = sets["at"][sets["start"][spread] : sets["start"][spread + 1]]
    width = len(sets["iteration"])
    row = max(range(len(sets["layer"])), key=lambda r: sets["holds"][r * width + moments[0]])
    layer = sets["layer"][row]
    held = sets["holds"][row * width + moments[0]]
    snapshot, iteration = sets["snapshot"][moments[0]], sets["iteration"][moments[0]]
    assert held > 0
    before = {name: ink(view, name) for name in FACES}

    # By the name of the class on the right edge: the front shows its filters.
    name = view.evaluate(f"{HANDLER}.model.className({class_id})")
    view.locator(".cube-label-below", has_text=re.compile(f"^{re.escape(name)}$")).locator(
        "span"
    ).click()
    until(view, f"deeptracker.selection.get().sliceclass === {class_id}")
    settled(view)
    assert ink(view, "front") != before["front"]
    assert cell(view, "front", layer, snapshot) == held
    never = next(t for t in range(13) if t not in [sets["snapshot"][m] for m in moments])
    assert cell(view, "front", layer, never) == -1
    expect(view.locator("#cube-front-caption")).to_contain_text(name)

    view.evaluate(f"deeptracker.selection.set({{ slicelayer: {layer} }})")
    until(view, f"{HANDLER}.shown.top.matrix.kind === 'sets'")
    assert cell(view, "top", class_id, snapshot) == held
    view.evaluate(f"deeptracker.selection.set({{ sliceiteration: {iteration} }})")
    # Fourth of what is painted: measure, class, layer, iteration. Layers may have the same number.
    until(view, f"document.querySelector('{CUBE}').dataset.shown.split('|')[3] === '{iteration}'")
    assert cell(view, "right", layer, class_id) == held
    away = [
        sets["class"][c]
        for c in columns
        if moments[0] not in sets["at"][sets["start"][c] : sets["start"][c + 1]]
    ]
    assert all(cell(view, "right", layer, other) == -1 for other in away)
    view.click(".cube-reset")
    until(view, f"{HANDLER}.shown.front.matrix.kind === 'measured'")
    settled(view)
    assert {name: ink(view, name) for name in FACES} == before


def test_brush_and_sliders_show_ranges_on_all_faces(view: Page) -> None:
    whole = view.evaluate(f"{HANDLER}.ranges")
    x, y = place(view, "front", 0.30, 0.22)
    view.mouse.move(x, y)
    view.mouse.down()
    view.mouse.move(*place(view, "front", 0.5, 0.4))
    view.mouse.move(*place(view, "front", 0.7, 0.6))
    expect(view.locator(".cube-band")).to_be_visible()
    view.mouse.up()
    until(view, f"{HANDLER}.ranges.layers[0] > 0")
    ranges = view.evaluate(f"{HANDLER}.ranges")
    assert ranges["layers"][0] > 0
    assert ranges["layers"][1] < whole["layers"][1]
    assert 0 < ranges["columns"][0] < ranges["columns"][1] < whole["columns"][1]
    for name in ("front", "right"):
        shown = f"{HANDLER}.shown.{name}.ranges.layers"
        until(view, f"String({shown}) === '{','.join(map(str, ranges['layers']))}'")
    # Filters are counted anew within the range: never more than in the whole run.
    until(view, f"{HANDLER}.shown.right.matrix.diced")
    expect(view.locator("#cube-right-legend")).to_contain_text("within the range")
    slider = view.get_by_label("Last of the classes shown")
    slider.focus()
    view.keyboard.press("Home")
    view.keyboard.press("ArrowRight")
    until(view, f"{HANDLER}.ranges.classes[1] === 2")
    assert selection(view)["classrange"] == [0, 1]
    expect(view.locator('[data-dimension="classes"] .cube-words').first).to_contain_text("(2)")
    view.click('[data-dimension="classes"] .cube-clear')
    until(view, f"{HANDLER}.ranges.classes[1] === {whole['classes'][1]}")
    view.click(".cube-reset")
    until(view, f"{HANDLER}.ranges.layers[0] === 0 && {HANDLER}.ranges.columns[0] === 0")
    expect(view.locator(".cube-reset")).to_be_disabled()


def test_keyboard_alone(view: Page) -> None:
    face(view, "front").focus()
    view.keyboard.press("ArrowRight")
    start = selection(view)["cubecell"]
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        view.keyboard.press(key)
    moved = selection(view)["cubecell"]
    assert (moved["column"], moved["layer"]) == (start["column"] + 2, start["layer"] + 1)
    name = view.evaluate(f"{HANDLER}.nameOf('layers', {moved['layer']})")
    expect(view.locator("#cube-readout")).to_contain_text(name)
    view.keyboard.press("Enter")
    until(view, "deeptracker.selection.get().pins.length === 1")
    assert selection(view)["layers"] == [moved["layer"]]
    view.keyboard.press("l")
    until(view, f"deeptracker.selection.get().slicelayer === {moved['layer']}")
    view.keyboard.press("Escape")
    until(view, "deeptracker.selection.get().slicelayer === null")
    face(view, "top").focus()
    view.keyboard.press("ArrowUp")  # away from the front: to the next class
    assert selection(view)["cubecell"]["face"] == "top"
    view.keyboard.press("d")
    view.wait_for_selector(f"{CUBE}[data-view=turned]")
    turn = selection(view)["cubeturn"]
    view.keyboard.press("Shift+ArrowLeft")
    view.keyboard.press("Shift+ArrowUp")
    until(view, f"String(deeptracker.selection.get().cubeturn) === '{turn[0] + 5},{turn[1] - 5}'")
    view.keyboard.press("f")
    view.wait_for_selector(f"{CUBE}[data-view=front]")
    # What is seen from its edge is out of the way of the keyboard.
    assert face(view, "top").get_attribute("tabindex") == "-1"
    assert face(view, "front").get_attribute("tabindex") == "0"


def test_drag_turns_and_the_address_brings_everything_back(
    page: Page, digits: int, browser: Browser, login_state: dict, site: object, watch: Watch
) -> None:
    open_view(page, digits, "cubefront=gradient&cubetop=anomalies&cellcolour=lift&sliceclass=3")
    before = selection(page)["cubeturn"]
    transform = page.locator(".cube-scene").evaluate("e => e.style.transform")
    x, y = place(page, "front", 0.5, 0.5)
    asked = len(watch.requests)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x - 12 * step, y + 8 * step)
    until(page, f"document.querySelector('.cube-scene').style.transform !== {transform!r}")
    page.mouse.up()
    until(page, "new URLSearchParams(location.search).has('cubeturn')")
    turned = selection(page)["cubeturn"]
    assert turned[0] > before[0]
    assert turned[1] > before[1]
    assert not [url for url in watch.requests[asked:] if "/data/" in url and "/state" not in url]
    address = page.url
    context = browser.new_context(viewport=VIEWPORT, storage_state=login_state)
    other = context.new_page()
    watch.over(other)
    other.goto(address)
    settled(other)
    for field in ("cubeturn", "cubefront", "cubetop", "cellcolour", "sliceclass", "k", "m", "top"):
        assert selection(other)[field] == selection(page)[field], field
    for name in FACES:
        assert ink(other, name) == ink(page, name)
    context.close()


def test_reduced_motion_turns_at_once_and_dark_is_painted_dark(view: Page) -> None:
    view.emulate_media(reduced_motion="reduce")
    view.evaluate("deeptracker.selection.set({ cubeface: 'top' })")
    view.wait_for_selector(f"{CUBE}[data-mode=top]")
    assert view.locator(".cube-moving").count() == 0
    assert view.locator(CUBE).get_attribute("data-view") == "top"
    view.evaluate("deeptracker.selection.set({ cubeface: 'front' })")
    view.wait_for_selector(f"{CUBE}[data-view=front]")
    light = ink(view, "front")
    view.click('[aria-label="Switch between light and dark"]')
    until(view, "document.documentElement.dataset.mantineColorScheme === 'dark'")
    until(view, f"document.querySelector('.cube-front canvas').toDataURL() !== {light!r}")


@pytest.fixture(scope="module")
def faulty(site_engine: Engine, faulty_run: Path) -> int:
    """The id of a run in which some filters of a layer were re-initialised several times."""
    return load_log(site_engine, faulty_run).run_id


def test_the_slices_lead_to_a_planted_fault(page: Page, faulty: int) -> None:
    page.goto(f"/run/{faulty}/cube?cubeface=unfolded")
    settled(page)
    layer = page.evaluate(f"{HANDLER}.model.layers.names.indexOf('{FAULT.layer}')")
    # Beyond chance only the faulty layer is left on the right face.
    page.locator("label", has_text="Beyond chance").click()
    until(page, "deeptracker.selection.get().cubetied")
    settled(page)
    related = page.evaluate(
        f"(() => {{ const {{ data, width, rows }} = {HANDLER}.shown.right.matrix;"
        "return Array.from({ length: rows }, (_, layer) => layer).filter((layer) =>"
        " data.subarray(layer * width, (layer + 1) * width).some((value) => value > 0)); })()"
    )
    assert related == [layer]
    # Switched on, a slice begins where the correlation is strongest.
    for one in ("class", "layer", "iteration"):
        page.locator("label", has_text=f"Slice at one {one}").click()
    until(page, "deeptracker.selection.get().sliceiteration !== null")
    settled(page)
    chosen = selection(page)
    assert chosen["slicelayer"] == layer
    assert chosen["sliceiteration"] in FAULT.iterations
    expect(page.locator("#cube-top-caption")).to_contain_text(FAULT.layer)
    # Of all layers the faulty one holds the most filters at that iteration: front and right say so.
    snapshot = chosen["sliceiteration"] // FAULT_EVERY - 1
    layers = page.evaluate(f"{HANDLER}.model.layers.names.length")
    held = [cell(page, "front", other, snapshot) for other in range(layers)]
    assert held.index(max(held)) == layer
    beside = [cell(page, "right", other, chosen["sliceclass"]) for other in range(layers)]
    assert beside == held
    assert cell(page, "top", chosen["sliceclass"], snapshot) == held[layer]


def test_runs_without_images_or_snapshots_explain_themselves(
    page: Page, site_engine: Engine
) -> None:
    with Session(site_engine) as session:
        bare = store_run(session, seed=71, classes=0, images=0, layers=4).run_id
        empty = store_run(session, seed=72, snapshots=0).run_id
        session.commit()
    page.goto(f"/run/{bare}/cube?cubeface=unfolded")
    settled(page)
    assert page.locator(CUBE).get_attribute("data-view") == "front"
    for legend in ("#cube-top-legend", "#cube-right-legend"):
        expect(page.locator(legend)).to_contain_text("No validation images were recorded")
    expect(face(page, "top")).to_be_hidden()
    page.goto(f"/run/{empty}/cube")
    page.wait_for_selector(f"{CUBE}[data-state=message]")
    expect(page.locator(CUBE)).to_contain_text("No snapshot has been loaded yet")
    expect(page.locator(".cube-row").first).to_be_hidden()
