"""The validation view in a real browser: from the worst iteration to its classes and images."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.data import validation as data
from app.data.confusion import confusion
from benchmarks.browser import control, wait_until_painted
from db.queries.measurements import class_results, snapshots
from deeptracker.format import Images, Snapshot, no_prediction
from ingest.pipeline import load_log
from tests.browser.conftest import Watch
from tests.browser.logs import Log
from tests.browser.waiting import rest

ROWS, TABLE = "#validation-rows", "#validation-table"
# Every iteration with a change of one image, so that even a short run has some.
IMMEDIATE = "k=1&m=1"


def open_view(page: Page, run_id: int, query: str = "") -> None:
    page.goto(f"/run/{run_id}/validation{query and '?' + query}")
    wait_until_painted(page)


def selection(page: Page) -> dict[str, Any]:
    return page.evaluate("deeptracker.selection.get()")


def blocks(page: Page) -> list[dict[str, Any]]:
    """The rows in the chart: kind, rows of the matrix in their order, top and height."""
    return page.evaluate(
        """(id) => {
          const { handler } = deeptracker.charts.of(document.querySelector(id));
          return handler.blocks.map(({ kind, order, top, rowHeight, classId }) =>
            ({ kind, order: Array.from(order), top, rowHeight, classId: classId ?? null }));
        }""",
        ROWS,
    )


def of_kind(page: Page, kind: str) -> list[int]:
    return [row for block in blocks(page) if block["kind"] == kind for row in block["order"]]


def place_of(page: Page, kind: str, row: int, *, x: float) -> tuple[float, float]:
    """The place of a row on the screen; x counts from the chart's left end."""
    box = page.locator(ROWS).bounding_box()
    assert box
    for block in blocks(page):
        if block["kind"] == kind and row in block["order"]:
            at = block["order"].index(row)
            return box["x"] + x, box["y"] + block["top"] + (at + 0.5) * block["rowHeight"]
    raise AssertionError(f"there is no {kind} {row}")


def column_x(page: Page, column: int, columns: int) -> float:
    place = page.evaluate(
        "id => deeptracker.charts.of(document.querySelector(id)).handler.place", ROWS
    )
    return place["left"] + (column + 0.5) * place["width"] / columns


def table_rows(page: Page) -> Locator:
    return page.locator(f"{TABLE} tbody tr")


@pytest.fixture
def iterations(site_engine: Engine, digits: int) -> list[int]:
    with Session(site_engine) as session:
        return snapshots.iterations(session, run_id=digits).tolist()


@pytest.fixture
def anomalies(site_engine: Engine, digits: int) -> dict[str, np.ndarray]:
    with Session(site_engine) as session:
        return data.anomalies(session, digits, Arguments({}))[0]


def test_from_the_worst_iteration_to_its_classes_and_images(
    page: Page, digits: int, iterations: list[int], anomalies: dict[str, np.ndarray],
    site_engine: Engine,
) -> None:  # fmt: skip
    page.goto("/")
    page.goto(f"/run/{digits}/overview")
    page.get_by_role("link", name="Validation", exact=True).click()
    expect(page.locator(ROWS)).to_have_attribute("data-state", "drawn")
    wait_until_painted(page)
    expect(table_rows(page)).to_have_count(len(anomalies["table_snapshot"]))
    worst = int(np.lexsort((-anomalies["table_images"], -anomalies["table_largest"]))[0])
    iteration = iterations[anomalies["table_snapshot"][worst]]
    first = table_rows(page).first
    expect(first.locator("td").first).to_have_text(f"{iteration:,}")
    first.locator("td").first.click()
    rest(page)
    assert selection(page)["cursor"] == iteration
    assert selection(page)["pins"] == [iteration]
    classes = page.locator("#validation-classes button")
    largest = int(anomalies["table_largest_class"][worst])
    expect(classes.first).to_have_attribute("data-class", str(largest))
    classes.first.click()
    rest(page)
    assert selection(page)["openclasses"] == [largest]
    with Session(site_engine) as session:
        stored = class_results.class_images(session, run_id=digits, class_id=largest)
    taken = stored.prediction[:, iterations.index(iteration)]
    tiles = page.locator(".validation-tile")
    expect(tiles).to_have_count(len(taken))
    assert (
        tiles.evaluate_all("all => all.map((tile) => tile.dataset.right === 'true')")
        == (taken == largest).tolist()
    )
    wrong = int(np.flatnonzero(taken != largest)[0]) if (taken != largest).any() else None
    if wrong is not None:
        expect(tiles.nth(wrong)).to_contain_text(f"✗ {taken[wrong]}")
    assert len(of_kind(page, "image")) == len(taken)


def test_the_table_sorts(page: Page, digits: int) -> None:
    open_view(page, digits, IMMEDIATE)
    numbers = lambda at: [  # noqa: E731
        int(text.replace(",", "").rstrip(")").split("(")[-1])
        for text in page.locator(f"{TABLE} tbody td:nth-child({at})").all_inner_texts()
    ]
    largest = numbers(5)
    assert largest == sorted(largest, reverse=True)
    page.get_by_role("button", name="Iteration").click()
    expect(page.locator(f"{TABLE} th").first).to_have_attribute("aria-sort", "ascending")
    assert numbers(1) == sorted(numbers(1))
    page.get_by_role("button", name="Images", exact=True).click()
    expect(page.locator(f"{TABLE} th").nth(2)).to_have_attribute("aria-sort", "descending")
    assert numbers(3) == sorted(numbers(3), reverse=True)


def test_window_threshold_direction_and_immediate_change(
    page: Page, digits: int, site_engine: Engine
) -> None:
    open_view(page, digits)

    def count(**given: str) -> int:
        with Session(site_engine) as session:
            return len(data.anomalies(session, digits, Arguments(given))[0]["table_snapshot"])

    page.locator("#validation-m").fill("2")
    rest(page)
    expect(table_rows(page)).to_have_count(count(m="2"))
    page.locator("#validation-k").fill("4")
    rest(page)
    expect(table_rows(page)).to_have_count(count(k="4", m="2"))
    page.locator("#validation-immediate").check()
    rest(page)
    expect(table_rows(page)).to_have_count(count(k="1", m="2"))
    expect(page.locator("#validation-window output").first).to_have_text("1 snapshot")
    page.get_by_text("Forgotten", exact=True).click()
    rest(page)
    expect(table_rows(page)).to_have_count(count(k="1", m="2", direction="forgotten"))
    page.locator("#validation-unit").get_by_text("% of the class").click()
    rest(page)
    expect(table_rows(page)).to_have_count(
        count(k="1", m="0.1", share="true", direction="forgotten")
    )
    for part in ("k=1", "m=0.1", "share=1", "direction=forgotten"):
        assert part in page.url


def test_only_anomalous_classes_in_rows_and_in_the_cube(
    page: Page, digits: int, site_engine: Engine
) -> None:
    def anomalous(m: int) -> set[int]:
        given = Arguments({"k": "1", "m": str(m)})
        with Session(site_engine) as session:
            arrays, _ = data.anomalies(session, digits, given)
        sides = (arrays[f"{side}_class_id"] for side in ("left", "right", "pending"))
        return set(np.concatenate(list(sides)).tolist())

    m = next(m for m in range(1, 100) if 0 < len(anomalous(m)) < 10)
    open_view(page, digits, f"k=1&m={m}&group=all")
    assert len(of_kind(page, "class")) == 10
    page.get_by_role("switch", name="Only anomalous classes").click()
    rest(page)
    assert set(of_kind(page, "class")) == anomalous(m)
    page.get_by_role("link", name="Cube", exact=True).click()
    wait_until_painted(page)
    rest(page)
    count = len(anomalous(m))
    shown = page.locator("#cube-faces").get_attribute("data-shown") or ""
    assert shown.split("|")[5] == f"0,{count}"
    ids = page.evaluate(
        """(count) => {
          const { handler } = deeptracker.charts.of(document.querySelector("#cube-faces"));
          return Array.from({ length: count }, (_, place) => handler.classAt(place));
        }""",
        count,
    )
    assert set(ids) == anomalous(m)


def test_clusters_classes_and_images_open_and_close(page: Page, digits: int) -> None:
    open_view(page, digits, "group=clusters&clusters=3")
    assert of_kind(page, "cluster") == [0, 1, 2]
    assert of_kind(page, "class") == []
    page.mouse.click(*place_of(page, "cluster", 1, x=40))
    rest(page)
    members = of_kind(page, "class")
    assert members
    page.mouse.click(*place_of(page, "class", members[0], x=60))
    rest(page)
    assert selection(page)["openclasses"] == [members[0]]
    assert len(of_kind(page, "image")) == 40
    page.mouse.click(*place_of(page, "class", members[0], x=60))
    rest(page)
    assert of_kind(page, "image") == []
    page.mouse.click(*place_of(page, "cluster", 1, x=40))
    rest(page)
    assert of_kind(page, "class") == []


def test_a_pinned_class_stays_on_top(page: Page, digits: int) -> None:
    open_view(page, digits, "classorder=name")
    page.mouse.click(*place_of(page, "class", 7, x=5))
    rest(page)
    assert of_kind(page, "class")[0] == 7
    page.locator(control("validation-search")).first.fill("3")
    rest(page)
    assert of_kind(page, "class") == [7, 3]
    assert "classes=7" in page.url


def test_orders_and_heights(page: Page, digits: int, site_engine: Engine) -> None:
    open_view(page, digits)
    with Session(site_engine) as session:
        orders = data.groups(session, digits, Arguments({"k": "2"}))[0]
    for name, text in [
        ("error", "By final error"),
        ("name", "By name"),
        ("peak", "By largest anomaly"),
    ]:
        page.locator(control("validation-order")).click()
        page.get_by_role("option", name=text).click()
        rest(page)
        assert of_kind(page, "class") == orders[f"order_{name}"].tolist()
    page.locator(control("validation-height")).click()
    page.get_by_role("option", name="8 px").click()
    rest(page)
    assert {b["rowHeight"] for b in blocks(page) if b["kind"] == "class"} == {8}


def test_hover_says_true_numbers_and_asks_nothing(
    page: Page, digits: int, iterations: list[int], site_engine: Engine, watch: Watch
) -> None:
    open_view(page, digits, "openclasses=3&rowheight=16")
    page.mouse.move(*place_of(page, "image", 0, x=column_x(page, 2, len(iterations))))
    rest(page)
    with Session(site_engine) as session:
        stored = class_results.class_images(session, run_id=digits, class_id=3)
        errors = snapshots.class_errors(session, run_id=digits)
    asked = len(watch.requests)
    for row in (0, 5):
        page.mouse.move(*place_of(page, "image", row, x=column_x(page, 1, len(iterations))))
        page.wait_for_timeout(60)
        tooltip = page.locator(".dt-tooltip")
        taken = stored.prediction[row, 1]
        expect(tooltip).to_contain_text("right✓" if taken == 3 else f"predicted as{taken}")
        expect(tooltip.locator("canvas")).to_be_visible()
    page.mouse.move(*place_of(page, "class", 5, x=column_x(page, 4, len(iterations))))
    page.wait_for_timeout(60)
    wrong = round(40 * float(errors[5, 4]))
    expect(page.locator(".dt-tooltip")).to_contain_text(f"({wrong} of 40 wrong)")
    rest(page)
    assert watch.requests[asked:] == []


def test_a_click_on_a_triangle_pins_its_iteration(
    page: Page, digits: int, iterations: list[int], anomalies: dict[str, np.ndarray]
) -> None:
    open_view(page, digits)
    drawn = int(page.locator(ROWS).get_attribute("data-triangles") or 0)
    assert drawn >= len(anomalies["left_snapshot"]) + len(anomalies["right_snapshot"])
    class_id = int(anomalies["right_class_id"][0])
    column = int(anomalies["right_snapshot"][0])
    page.mouse.click(*place_of(page, "class", class_id, x=column_x(page, column, len(iterations))))
    rest(page)
    assert selection(page)["pins"] == [iterations[column]]


def test_hard_images_lead_to_their_class(page: Page, digits: int) -> None:
    open_view(page, digits)
    first = page.locator("#validation-list button").first
    class_id = int(first.get_attribute("data-class") or -1)
    expect(first).to_contain_text("forgotten")
    first.click()
    rest(page)
    assert selection(page)["openclasses"] == [class_id]
    assert page.locator(".validation-chosen").count() == 1
    page.get_by_text("Never learned", exact=True).click()
    rest(page)
    expect(page.locator("#validation-list")).to_contain_text("never right")


def test_an_error_of_one_class_is_not_said_of_the_next(page: Page, digits: int, watch) -> None:
    page.route("**/class-images?class=1&*", lambda route: route.fulfill(status=500, json={}))
    page.goto(f"/run/{digits}/validation?openclasses=1")
    page.wait_for_selector("#validation-gallery[data-state=error]")
    page.evaluate("deeptracker.selection.set({ openclasses: [2] })")
    page.wait_for_selector("#validation-gallery[data-state=drawn]")
    expect(page.locator(".validation-tile").first).to_be_visible()
    # The answer that the test gave: asked for ahead, and once more by the page.
    assert [line for line in watch.troubles if " 500 " not in line] == []
    assert 1 <= len(watch.troubles) <= 2
    watch.troubles.clear()


def test_a_class_that_an_address_names_and_the_run_has_not_is_not_asked_for(
    page: Page, digits: int, watch: Watch
) -> None:
    said = "There is no class 99 in this run: they are 0 to 9."
    open_view(page, digits, "openclasses=3,99")
    expect(page.locator("#validation-gallery")).to_contain_text(said)
    page.goto(f"/run/{digits}/cube?sliceclass=99")
    expect(page.locator("#cube-front-legend")).to_have_text(said)
    data_asked = [address for address in watch.requests if address.startswith("/data/")]
    assert not [address for address in data_asked if "class=99" in address]


def test_what_changed_since_the_pin(page: Page, digits: int, iterations: list[int]) -> None:
    first, middle, last = iterations[0], iterations[1], iterations[-1]
    page.goto(f"/run/{digits}/change?pins={first}")
    expect(page.get_by_role("heading", level=2).first).to_have_text(
        f"From iteration {first:,} to {last:,}"
    )
    expect(page.locator(".change-summary")).to_contain_text("The validation error")
    # It follows the cursor; without a pin elsewhere it is the step before.
    # What stands there becomes what is said of the next: the chart stays, and so does the focus.
    page.locator(".change-words a").first.focus()
    page.evaluate("document.getElementById('change-histogram').kept = true")
    page.evaluate("at => deeptracker.selection.set({ cursor: at })", middle)
    heading = page.get_by_role("heading", name=f"From iteration {first:,} to {middle:,}")
    expect(heading).to_be_visible()
    expect(page.locator(".change-words a").first).to_be_focused()
    assert page.evaluate("document.getElementById('change-histogram').kept")
    page.goto(f"/run/{digits}/change?cursor={middle}")
    expect(heading).to_be_visible()
    expect(page.get_by_text("Move the cursor on the time axis")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^Image \d+$")).first.click()
    expect(page.get_by_role("dialog", name="Validation image")).to_be_visible()


def test_from_a_move_to_an_image_large_and_back(
    page: Page, digits: int, iterations: list[int], site_engine: Engine
) -> None:
    first, last = iterations[0], iterations[-1]
    with Session(site_engine) as session:
        given = Arguments({"at": str(last), "against": str(first)})
        arrays, meta = confusion(session, digits, given)
    page.goto(f"/run/{digits}/confusion?pins={first}")
    wait_until_painted(page)
    moves = page.locator("#confusion-flows .confusion-list button")
    expect(page.locator("#confusion-flows")).to_contain_text(f"{meta['moved']} of")
    moves.first.click()
    tiles = page.locator(".confusion-tiles button")
    expect(tiles).to_have_count(int(arrays["flow_count"][0]))
    rest(page)
    cell = [int(arrays[f"flow_{name}"][0]) for name in ("true", "after", "before")]
    assert selection(page)["confusioncell"] == cell
    # A head of the table sorts, by the keyboard too.
    page.get_by_role("button", name="Class", exact=True).press("Enter")
    names = page.locator("#confusion-classes tbody td:first-child")
    expect(names).to_have_text(sorted(meta["names"]))
    # So does the matrix: from the first cell to the one of the move, whose images are listed.
    page.locator("#confusion-matrix").focus()
    for key, count in (("ArrowDown", cell[0] + 1), ("ArrowRight", cell[1])):
        for _ in range(count):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    cells = dict(
        zip(zip(arrays["true"], arrays["taken"], strict=True), arrays["count"], strict=True)
    )
    expect(tiles).to_have_count(int(cells[cell[0], cell[1]]))
    images = tiles.evaluate_all("all => all.map((tile) => Number(tile.dataset.image))")
    tiles.first.click()
    dialog = page.get_by_role("dialog", name="Validation image")
    expect(dialog).to_contain_text(f"True class {meta['names'][cell[0]]}. At iteration {last:,}:")
    expect(dialog).to_contain_text(f"1 of the {len(images)} listed")
    page.keyboard.press("ArrowRight")
    rest(page)
    assert selection(page)["image"] == images[min(1, len(images) - 1)]
    page.reload()
    expect(dialog).to_contain_text("of its class")
    with Session(site_engine) as session:
        stored = class_results.class_images(session, run_id=digits, class_id=cell[0])
    row = stored.prediction[stored.images.tolist().index(selection(page)["image"])]
    expect(dialog.locator("li")).to_have_count(1 + int((np.diff(row.astype(int)) != 0).sum()))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    rest(page)
    assert "image=" not in page.url
    open_view(page, digits, "openclasses=3&classes=3")
    page.locator(".validation-tile").nth(2).dblclick()
    expect(dialog).to_contain_text("3 of the")


def test_the_address_reopens_it(page: Page, digits: int, watch: Watch) -> None:
    query = "k=3&m=2&classes=2&openclasses=2&group=clusters&open=1&palette=safe&cursor=20"
    open_view(page, digits, query)
    before = blocks(page)
    reopened = page.context.new_page()
    watch.over(reopened)
    reopened.goto(page.url)
    wait_until_painted(reopened)
    assert blocks(reopened) == before
    assert [block["kind"] for block in before].count("image") == 1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_short_runs(page: Page, log: Callable[..., Log], site_engine: Engine, count: int) -> None:
    short = log(name=f"short {count}")
    short.grow(count)
    open_view(page, load_log(site_engine, short.path).run_id, IMMEDIATE)
    expect(page.locator(ROWS)).to_have_attribute("data-state", "drawn")
    if count == 1:
        expect(page.locator(TABLE)).to_contain_text("images can flip from the second on")
    page.evaluate(f"deeptracker.selection.set({{ k: {count + 1} }})")
    if count > 1:
        expect(page.locator(TABLE)).to_contain_text("as long as this run")


def test_a_run_before_its_first_snapshot(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    waiting = log(name="waiting", state="recording")
    open_view(page, load_log(site_engine, waiting.path).run_id)
    expect(page.locator(f"{ROWS} .dt-message")).to_contain_text("No snapshot has been loaded")


def test_a_run_that_validates_nothing(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    blind = log(
        name="blind",
        images=Images(np.empty(0, np.int32), None, ""),
        classes=(),
        thumbnail=None,
        change=lambda snapshot: replace(snapshot, prediction=None, probability=None),
    )
    blind.grow(4)
    page.goto(f"/run/{load_log(site_engine, blind.path).run_id}/validation")
    told = page.locator(".not-recorded")
    expect(told).to_contain_text("Not recorded: a validation set")
    expect(told).to_contain_text("pass validation=")
    told.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/scalars"))


def test_a_recording_run_has_hollow_triangles_and_grows(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    growing = log(name="still recording", state="recording")
    growing.grow(6)
    run_id = load_log(site_engine, growing.path).run_id
    open_view(page, run_id, "k=4&m=1")
    pending = page.evaluate(
        """id => {
          const { handler } = deeptracker.charts.of(document.querySelector(id));
          return [...handler.model.sizes.keys()]
            .flatMap((of) => handler.cellsOf({ kind: 'class' }, of))
            .filter(({ side }) => side === 'pending').length;
        }""",
        ROWS,
    )
    assert pending > 0
    growing.grow(9)
    load_log(site_engine, growing.path)
    page.wait_for_function(
        "id => deeptracker.charts.of(document.querySelector(id)).handler.model.columns === 9",
        arg=ROWS,
    )
    wait_until_painted(page)


def strange(snapshot: Snapshot) -> Snapshot:
    """Class 0 always right, class 1 never; one image in class 2; losses NaN."""
    image_class = np.r_[np.zeros(3, np.int32), np.ones(3, np.int32), [2]]
    prediction = np.array([0, 0, 0, 2, 0, 2, snapshot.iteration // 5 % 2 * 2], np.uint16)
    scalars = {
        name: replace(series, values=np.full_like(series.values, np.nan))
        for name, series in snapshot.scalars.items()
    }
    probability = np.full(len(image_class), np.nan, np.float16)
    return replace(snapshot, prediction=prediction, probability=probability, scalars=scalars)


def test_strange_classes_and_names(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    names = ("总是正确", "<script>alert(1)</script>", "x" * 300)
    image_class = np.r_[np.zeros(3, np.int32), np.ones(3, np.int32), [2]].astype(np.int32)
    odd = log(
        name="odd", images=Images(image_class, None, ""), classes=names, thumbnail=None,
        change=strange,
    )  # fmt: skip
    odd.grow(8)
    open_view(page, load_log(site_engine, odd.path).run_id, f"{IMMEDIATE}&openclasses=1,2")
    expect(page.locator(ROWS)).to_have_attribute("data-state", "drawn")
    page.get_by_text("Never learned", exact=True).click()
    rest(page)
    expect(page.locator("#validation-list button")).to_have_count(3)
    expect(page.locator("#validation-list")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator(".validation-tile")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_prediction_is_no_class_and_what_was_not_validated_is_missing(
    page: Page, site_engine: Engine, log: Callable[..., Log], iterations: list[int]
) -> None:
    missing, none = iterations[4], iterations[6]

    def change(snapshot: Snapshot) -> Snapshot:
        if snapshot.iteration == missing:
            return replace(snapshot, prediction=None, probability=None)
        if snapshot.iteration != none:
            return snapshot
        prediction = np.full_like(snapshot.prediction, no_prediction(10))
        return replace(
            snapshot,
            prediction=prediction,
            probability=np.full_like(snapshot.probability, np.nan),
        )

    recorded = log(name="goes NaN", change=change)
    recorded.grow(len(iterations))
    run = load_log(site_engine, recorded.path).run_id
    open_view(page, run, f"group=all&openclasses=3&cursor={none}")
    rest(page)
    tiles = page.locator(".validation-tile")
    count = tiles.count()
    assert set(tiles.all_inner_texts()) == {"✗ no prediction"}
    title = page.locator(".validation-gallery-title")
    expect(title).to_contain_text(f"{count} wrong of {count} images (no prediction for {count})")
    expect(page.locator("#validation-legend")).to_contain_text("no prediction")
    image = of_kind(page, "image")[0]
    for column, words in ((4, "not validated"), (6, "no prediction")):
        x = column_x(page, column, len(iterations))
        for kind, row in (("class", 3), ("image", image)):
            page.mouse.move(*place_of(page, kind, row, x=x))
            expect(page.locator(".dt-tooltip:visible")).to_contain_text(words)
    page.mouse.move(*place_of(page, "partner", 0, x=x))
    expect(page.locator(".dt-tooltip:visible")).to_contain_text("3: no prediction")
    expect(page.locator(".dt-tooltip:visible")).to_contain_text(f"images{count}")
    # Hatched, both: neither is of one colour, as what is right or wrong is.
    x_of = {at: column_x(page, at, len(iterations)) for at in (4, 6, 12)}
    drawn = page.evaluate(
        """([id, places]) => {
          const canvas = document.querySelector(`${id} canvas`);
          const ratio = canvas.width / canvas.getBoundingClientRect().width;
          const { width } = canvas;
          const pixels = new Uint32Array(pixelsOf(canvas).buffer);
          return places.map(([x, y]) => {
            const at = Math.floor(y * ratio) * width + Math.floor(x * ratio);
            return new Set(pixels.subarray(at - 8, at + 8)).size;
          });
        }""",
        [ROWS, [chart_place(page, image, x) for x in x_of.values()]],
    )
    assert drawn == [2, 2, 1]
    page.goto(f"/run/{run}/validation?group=all&openclasses=3&cursor={missing}")
    wait_until_painted(page)
    rest(page)
    assert set(tiles.all_inner_texts()) == {"not validated"}
    expect(title).to_contain_text("not validated")


def chart_place(page: Page, image: int, x: float) -> tuple[float, float]:
    """The place of an image's row within the chart."""
    box = page.locator(ROWS).bounding_box()
    assert box
    left, top = place_of(page, "image", image, x=x)
    return left - box["x"], top - box["y"]
