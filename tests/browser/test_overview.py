"""The overview in a real browser, on real recorded runs: what is drawn, shared, kept, and grows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import Served, control, wait_until_painted
from db.queries.measurements import snapshots
from deeptracker.format import Images, Snapshot
from ingest.pipeline import load_log
from tests.browser.conftest import Watch
from tests.browser.logs import Log
from tests.browser.waiting import rest

STRIP, CLASSES, LAYERS = "#overview-strip", "#overview-classes", "#overview-layers"
CHARTS = (STRIP, CLASSES, LAYERS)


def open_run(page: Page, run_id: int, query: str = "") -> None:
    page.goto(f"/run/{run_id}/overview{query}")
    wait_until_painted(page)


def middle_of_column(page: Page, chart: str, column: int, columns: int) -> tuple[float, float]:
    plot = page.locator(f"{chart} .dt-plot")
    plot.evaluate("e => e.scrollIntoView({ block: 'center' })")
    box = plot.bounding_box()
    assert box
    return box["x"] + (column + 0.5) * box["width"] / columns, box["y"] + box["height"] / 2


def selection(page: Page) -> dict:
    return page.evaluate("deeptracker.selection.get()")


def places(page: Page, part: str) -> list[list[float]]:
    """Left end and width of an overlay in the three charts."""
    return [
        page.locator(f"{chart} .dt-plot {part}").first.evaluate(
            "e => { const r = e.getBoundingClientRect(); return [r.left, r.width]; }"
        )
        for chart in CHARTS
    ]


@pytest.fixture
def iterations(site_engine: Engine, digits: int) -> list[int]:
    with Session(site_engine) as session:
        return snapshots.iterations(session, run_id=digits).tolist()


def test_from_the_runs_to_the_overview(page: Page, digits: int) -> None:
    page.goto("/")
    page.click(f'a[href="/run/{digits}/overview"]')
    wait_until_painted(page)
    for chart in (*CHARTS, "#overview-axis", "#overview-readout"):
        expect(page.locator(chart)).to_have_attribute("data-state", "drawn")
    expect(page.locator("header h1")).not_to_be_empty()
    expect(page.get_by_text("Learning rate", exact=True).first).to_be_visible()


def test_charts_are_rehearsed_where_nobody_sees_them(page: Page, digits: int, watch: Watch) -> None:
    page.add_init_script(
        """window.drawn = { shown: 0, unseen: 0 };
        const put = CanvasRenderingContext2D.prototype.putImageData;
        CanvasRenderingContext2D.prototype.putImageData = function (...given) {
          if (this.canvas.width > 500) drawn[this.canvas.isConnected ? "shown" : "unseen"]++;
          return put.apply(this, given);
        };"""
    )
    page.goto("/")
    page.wait_for_function("() => drawn.unseen === 2")
    rest(page)
    assert page.evaluate("drawn.shown") == 0
    assert page.locator("[data-chart]").count() == 0
    # Nothing of it is left for the charts that come, and a page that has some rehearses nothing.
    page.click(f'a[href="/run/{digits}/overview"]')
    wait_until_painted(page)
    open_run(page, digits)
    rest(page)
    assert page.evaluate("drawn.unseen") == 0
    assert page.evaluate("drawn.shown") > 0


def test_cells_have_the_colours_of_their_values(
    page: Page, digits: int, site_engine: Engine
) -> None:
    open_run(page, digits)
    with Session(site_engine) as session:
        errors = snapshots.class_errors(session, run_id=digits)
    classes, columns = errors.shape
    found = page.evaluate(
        """([classes, columns]) => {
          const chart = deeptracker.charts.of(document.getElementById("overview-classes"));
          const { canvas, place } = chart.handler;
          const pixels = new Uint32Array(pixelsOf(canvas).buffer);
          const scale = deeptracker.colours.scale({ palette: "accuracy", low: 0, high: 1 });
          const off = [];
          for (let row = 0; row < classes; row++) for (let column = 0; column < columns; column++) {
            const x = place.left + (column + 0.5) * place.width / columns;
            const y = place.top + (row + 0.5) * place.height / classes;
            const wanted = scale.colours[scale.index(chart.handler.valueAt(row, column))];
            const pixel = pixels[Math.floor(y) * canvas.width + Math.floor(x)];
            if (pixel !== wanted) off.push([row, column]);
          }
          const values = chart.handler.values;
          return { off, values: Array.from(values) };
        }""",
        [classes, columns],
    )
    assert found["off"] == []
    np.testing.assert_allclose(np.reshape(found["values"], errors.shape), 1 - errors, atol=1e-6)


def test_one_cursor_over_all_without_a_request(
    page: Page, digits: int, iterations: list[int], watch: Watch
) -> None:
    open_run(page, digits)
    rest(page)
    asked = len(watch.requests)
    for column in range(len(iterations)):
        page.mouse.move(*middle_of_column(page, CLASSES, column, len(iterations)))
    page.mouse.move(*middle_of_column(page, CLASSES, 4, len(iterations)))
    rest(page)
    assert selection(page)["cursor"] == iterations[4]
    first, *others = places(page, ".dt-cursor")
    assert all(other == pytest.approx(first, abs=0.01) for other in others)
    expect(page.locator(".dt-readout-iteration")).to_have_text(f"{iterations[4]:,}")
    expect(page.locator(".dt-tooltip")).to_contain_text(f"iteration {iterations[4]:,}")
    assert watch.requests[asked:] == []
    assert f"cursor={iterations[4]}" in page.url


def test_the_read_out_has_the_stored_numbers(
    page: Page, digits: int, iterations: list[int], site_engine: Engine
) -> None:
    with Session(site_engine) as session:
        stored = snapshots.snapshots(session, run_id=digits)
    open_run(page, digits, f"?cursor={iterations[6]}")
    facts = page.locator(".dt-readout-facts")
    expect(facts).to_contain_text(f"Validation error{stored.validation_error[6] * 100:.1f} %")
    expect(facts).to_contain_text(f"Forgotten{stored.transitions[6, 1]}")


def test_brush_pin_and_address(
    page: Page, digits: int, iterations: list[int], watch: Watch
) -> None:
    columns = len(iterations)
    open_run(page, digits)
    rest(page)
    asked = len(watch.requests)
    page.mouse.move(*middle_of_column(page, LAYERS, 2, columns))
    page.mouse.down()
    page.mouse.move(*middle_of_column(page, LAYERS, 5, columns), steps=4)
    page.mouse.up()
    page.mouse.move(*middle_of_column(page, STRIP, 8, columns))
    page.mouse.down()
    page.mouse.up()
    rest(page)
    assert watch.requests[asked:] == []
    first, *others = places(page, ".dt-range")
    assert all(other == pytest.approx(first, abs=0.01) for other in others)
    wanted = {"range": [iterations[2], iterations[5]], "pins": [iterations[8]]}
    assert {name: selection(page)[name] for name in wanted} == wanted
    expect(page.locator(".dt-flag-pin")).to_have_text(f"{iterations[8]:,}")
    before = selection(page)
    page.goto("/")
    page.go_back()
    wait_until_painted(page)
    reopened = page.context.new_page()
    watch.over(reopened)
    reopened.goto(page.url)
    wait_until_painted(reopened)
    for opened in (page, reopened):
        after = selection(opened)
        assert {name: after[name] for name in before if name != "row"} == {
            name: value for name, value in before.items() if name != "row"
        }
        assert places(opened, ".dt-range") == places(page, ".dt-range")
    page.locator(".dt-flag-pin").click()
    expect(page.locator(".dt-flag-pin")).to_have_count(0)


def test_zoom_to_a_range_and_back(page: Page, digits: int, iterations: list[int]) -> None:
    open_run(page, digits, f"?range={iterations[3]}-{iterations[6]}")
    page.get_by_role("button", name="Zoom to range").click()
    wait_until_painted(page)
    page.mouse.move(*middle_of_column(page, CLASSES, 3, 4))
    rest(page)
    assert selection(page)["cursor"] == iterations[6]
    back = page.get_by_role("button", name="Show everything")
    pointed = page.locator(".dt-readout-rows").inner_text(), back.bounding_box()
    page.mouse.move(0, 0)
    rest(page)
    assert (page.locator(".dt-readout-rows").inner_text(), back.bounding_box()) == pointed
    back.click()
    wait_until_painted(page)
    page.mouse.move(*middle_of_column(page, CLASSES, 0, len(iterations)))
    rest(page)
    assert selection(page)["cursor"] == iterations[0]
    assert "zoom=" not in page.url


def test_keys_move_the_cursor_and_the_row(page: Page, digits: int, iterations: list[int]) -> None:
    open_run(page, digits, f"?cursor={iterations[3]}")
    page.locator(LAYERS).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Enter", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(f"{LAYERS} .dt-rowname")).to_be_visible()
    assert selection(page)["cursor"] == iterations[4]
    assert selection(page)["pins"] == [iterations[4]]
    assert selection(page)["row"] == {"chart": "overview-layers", "index": 1}
    page.keyboard.press("End")
    rest(page)
    assert selection(page)["cursor"] == iterations[-1]


def test_controls_choose_what_the_layers_show(page: Page, digits: int, watch: Watch) -> None:
    open_run(page, digits)
    page.locator(control("overview-quantity")).click()
    page.get_by_role("option", name="Weight").click()
    page.locator(control("overview-statistic")).click()
    page.get_by_role("option", name="L2 norm").click()
    rest(page)
    wait_until_painted(page)
    assert any("quantity=weight&statistic=l2" in path for path in watch.requests)
    assert "quantity=weight&statistic=l2" in page.url
    asked = len(watch.requests)
    page.locator(control("overview-palette")).click()
    page.get_by_role("option", name="Colour-blind safe").click()
    page.locator(control("overview-scaling")).click()
    page.get_by_role("option", name="Scale of each layer").click()
    rest(page)
    assert [path for path in watch.requests[asked:] if path.startswith("/data/")] == []
    page.reload()
    wait_until_painted(page)
    expect(page.locator(control("overview-quantity"))).to_have_value("Weight")
    expect(page.locator(control("overview-palette"))).to_have_value("Colour-blind safe")


def test_dark_and_light(page: Page, digits: int) -> None:
    open_run(page, digits)
    corner = f"""() => {{
      const canvas = document.querySelector("{STRIP} canvas");
      return pixelsOf(canvas)[4 * (24 * canvas.width + 400)];
    }}"""
    light = page.evaluate(corner)
    page.get_by_label("Switch between light and dark").click()
    rest(page)
    assert light > 200
    assert page.evaluate(corner) < 100


def test_a_recording_run_grows_under_the_cursor(
    page: Page, log: Callable[..., Log], site_engine: Engine, iterations: list[int]
) -> None:
    growing = log(name="still recording", state="recording")
    growing.grow(5)
    run_id = load_log(site_engine, growing.path).run_id
    open_run(page, run_id, f"?cursor={iterations[2]}&range={iterations[1]}-{iterations[3]}")
    expect(page.locator("[data-fact=snapshots]")).to_have_text("5")
    growing.grow(9)
    load_log(site_engine, growing.path)
    expect(page.locator("[data-fact=snapshots]")).to_have_text("9")
    expect(page.locator(".dt-readout-time")).to_contain_text("of 9")
    wait_until_painted(page)
    columns = "deeptracker.charts.of(document.querySelector('{}')).handler.width"
    for chart in (CLASSES, LAYERS):  # what they show stands until the new numbers are there
        page.wait_for_function(f"() => {columns.format(chart)} === 9")
    kept = selection(page)
    assert (kept["cursor"], kept["range"]) == (iterations[2], [iterations[1], iterations[3]])
    first, *others = places(page, ".dt-cursor")
    assert all(other == pytest.approx(first, abs=0.01) for other in others)
    growing.end()
    load_log(site_engine, growing.path)
    expect(page.locator("[data-fact=state]")).to_have_text("complete")


def test_a_run_before_its_first_snapshot(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    waiting = log(name="waiting", state="recording")
    run_id = load_log(site_engine, waiting.path).run_id
    open_run(page, run_id)
    for chart in CHARTS:
        expect(page.locator(f"{chart} .dt-message")).to_contain_text("No snapshot has been loaded")
    waiting.grow(1)
    load_log(site_engine, waiting.path)
    for chart in CHARTS:
        expect(page.locator(chart)).to_have_attribute("data-state", "drawn")
        expect(page.locator(f"{chart} .dt-message")).to_be_hidden()


def test_a_run_that_validates_nothing(
    page: Page, log: Callable[..., Log], site_engine: Engine
) -> None:
    def blinded(snapshot: Snapshot) -> Snapshot:
        scalars = {
            name: series for name, series in snapshot.scalars.items() if "validation" not in name
        }
        return replace(snapshot, prediction=None, probability=None, scalars=scalars)

    images = Images(np.empty(0, np.int32), None, "")
    blind = log(name="blind", images=images, classes=(), thumbnail=None, change=blinded)
    blind.grow(4)
    open_run(page, load_log(site_engine, blind.path).run_id)
    expect(page.locator(f"{CLASSES} .dt-message")).to_contain_text("no validation images")
    expect(page.locator(LAYERS)).to_have_attribute("data-state", "drawn")
    expect(page.locator(".dt-readout-facts")).to_contain_text("Validation errornot logged")


def test_a_run_of_nan(page: Page, log: Callable[..., Log], site_engine: Engine) -> None:
    def spoil(snapshot: Snapshot) -> Snapshot:
        nan = {name: np.full_like(v, np.nan) for name, v in snapshot.statistics.items()}
        scalars = {
            name: replace(series, values=np.full_like(series.values, np.nan))
            for name, series in snapshot.scalars.items()
        }
        return replace(snapshot, statistics=nan, scalars=scalars)

    spoilt = log(name="spoilt", change=spoil)
    spoilt.grow(4)
    open_run(page, load_log(site_engine, spoilt.path).run_id)
    expect(page.locator(f"{LAYERS} .dt-message")).to_contain_text("Every value")
    expect(page.locator(STRIP)).to_have_attribute("data-state", "drawn")
    expect(page.locator(".dt-readout-facts")).to_contain_text("Training lossNaN")


def test_names_are_text(page: Page, log: Callable[..., Log], site_engine: Engine) -> None:
    name = "<img src=x onerror=alert(1)> 长长的名字 " + "x" * 300
    named = log(name=name)
    named.manifest = replace(named.manifest, classes=tuple(f"<b>{i}</b>" for i in range(10)))
    named.end()
    named.grow(3)
    open_run(page, load_log(site_engine, named.path).run_id)
    assert page.locator("h1").inner_text() == name
    page.mouse.move(*middle_of_column(page, CLASSES, 1, 3))
    expect(page.locator(".dt-tooltip")).to_contain_text("<b>")
    assert page.locator(".dt-tooltip b b, h1 img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_lost_session_is_said_and_the_picture_stays(
    page: Page, digits: int, watch: Watch
) -> None:
    open_run(page, digits)
    page.context.clear_cookies()
    page.evaluate("deeptracker.selection.set({quantity: 'update', statistic: 'l1'})")
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    expect(page.locator(f"{LAYERS} canvas").first).to_be_visible()
    page.close()  # it goes on asking
    assert [trouble for trouble in watch.troubles if "401" not in trouble] == []
    watch.troubles.clear()


def test_two_people_do_not_share_a_selection(
    page: Page, site: Served, digits: int, iterations: list[int]
) -> None:
    other = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=site.address, storage_state=page.context.storage_state()
    )
    try:
        second = other.new_page()
        open_run(page, digits, f"?cursor={iterations[2]}")
        open_run(second, digits)
        assert selection(page)["cursor"] == iterations[2]
        assert selection(second)["cursor"] is None
    finally:
        other.close()
