"""The scripts that every view builds on, each against a plain reference, in the real browser."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from app.binary import pack
from benchmarks.browser import Served, wait_until_painted

EXTREMES = {
    "max": np.nanmax,
    "min": np.nanmin,
    "absolute": lambda cell: cell.flat[np.nanargmax(np.abs(cell))],
}


@pytest.fixture(scope="module")
def scripts(browser: Browser, login_state: dict, site: Served, digits: int) -> Iterator[Page]:
    """A page of a run, whose scripts the tests call."""
    context = browser.new_context(base_url=site.address, storage_state=login_state)
    page = context.new_page()
    page.goto(f"/run/{digits}/overview")
    wait_until_painted(page)
    yield page
    context.close()


def test_decode_reads_what_the_server_packs(scripts: Page) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        name: (rng.normal(size=7) * 50).astype(name)
        for name in ("f8", "f4", "f2", "i4", "u4", "i2", "u2", "i1", "u1")
    }
    arrays["half"] = np.array([0, -0.0, 1, 6e-8, 65504, np.inf, -np.inf, 0.1], "f2")
    arrays["matrix"] = np.arange(6, dtype="f4").reshape(2, 3)
    data = pack(arrays, {"names": ["长", "<b>"]})
    found = scripts.evaluate(
        """(bytes) => {
          const { arrays, meta } = deeptracker.decodeArrays(new Uint8Array(bytes).buffer);
          const read = {};
          for (const [name, array] of Object.entries(arrays)) {
            read[name] = { shape: array.shape, values: Array.from(array, String) };
          }
          return { read, meta };
        }""",
        list(data),
    )
    for name, array in arrays.items():
        assert found["read"][name]["shape"] == list(array.shape)
        values = [float(text.replace("Infinity", "inf")) for text in found["read"][name]["values"]]
        np.testing.assert_array_equal(values, array.ravel().astype("f8"))
    assert found["meta"] == {"names": ["长", "<b>"]}


def paint(page: Page, values: np.ndarray, *, width: int, height: int, **options: object) -> list:
    """Paint a matrix whose values are colours themselves; return the pixels [height, width]."""
    return np.reshape(painted(page, values, width, height, **options), (height, width)).tolist()


def painted(page: Page, values: np.ndarray, width: int, height: int, **options: object) -> Any:
    """Return the pixels as one list; with `count`, how many are of that colour."""
    rows, columns = values.shape
    given = {
        "values": b64encode(values.astype("f8").tobytes()).decode(),
        "rows": rows, "columns": columns, "width": width, "height": height,
        "view": [0, columns], "extreme": "max", "columnOf": None, "order": list(range(rows)),
        **options,
    }  # fmt: skip
    return page.evaluate(
        """(o) => {
          const pixels = new Uint32Array(o.width * o.height);
          deeptracker.raster.paint(pixels, o.width, o.height, {
            matrix: {
              data: new Float64Array(
                Uint8Array.from(atob(o.values), (c) => c.charCodeAt(0)).buffer
              ),
              width: o.columns, columnOf: o.columnOf && Int32Array.from(o.columnOf),
            },
            order: Int32Array.from(o.order), view: o.view,
            columns: o.columnOf ? o.columnOf.length : o.columns,
            rows: o.part, extreme: o.extreme, empty: 9999, missing: [8888, 8889],
            scale: {
              colours: Uint32Array.from({ length: 4000 }, (_, at) => at),
              index: (v) => (v === v ? v + 1000 : -1),
            },
          });
          return o.count === undefined
            ? Array.from(pixels)
            : pixels.reduce((found, pixel) => found + (pixel === o.count), 0);
        }""",
        given,
    )


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize(
    ("shape", "width", "height"),
    [((4, 5), 10, 8), ((4, 5), 7, 6), ((30, 40), 7, 5), ((30, 40), 40, 30), ((3, 40), 11, 9)],
)
def test_every_cell_is_shown_or_pooled_by_the_most_extreme(
    scripts: Page, extreme: str, shape: tuple[int, int], width: int, height: int
) -> None:
    values = np.random.default_rng(1).permutation(np.prod(shape)).reshape(shape) - shape[1] * 1.0
    values[0, 0] = np.nan
    found = np.array(paint(scripts, values, width=width, height=height, extreme=extreme))

    def cells(pixel: int, pixels: int, count: int) -> slice:
        step = count / pixels
        if step <= 1:
            return slice(int((pixel + 0.5) * step), int((pixel + 0.5) * step) + 1)
        return slice(int(pixel * step + 1e-6), int((pixel + 1) * step + 1e-6))

    for y in range(height):
        for x in range(width):
            cell = values[cells(y, height, shape[0]), cells(x, width, shape[1])]
            if np.isnan(cell).all():
                assert found[y, x] in (8888, 8889)
            else:
                assert found[y, x] == EXTREMES[extreme](cell) + 1000


def test_no_value_is_ever_dropped(scripts: Page) -> None:
    for row, column in [(0, 0), (999, 839), (500, 1), (333, 777)]:
        values = np.zeros((1000, 840))
        values[row, column] = 900
        assert painted(scripts, values, 300, 170, count=1900) == 1


def test_order_part_zoom_and_missing_columns(scripts: Page) -> None:
    values = np.arange(12.0).reshape(3, 4)
    turned = paint(scripts, values, width=4, height=3, order=[2, 0, 1])
    assert np.array(turned)[:, 0].tolist() == [1008, 1000, 1004]
    part = paint(scripts, values, width=4, height=2, part=[1, 3])
    assert np.array(part)[:, 0].tolist() == [1004, 1008]
    zoomed = paint(scripts, values, width=2, height=3, view=[1, 3])
    assert zoomed[0] == [1001, 1002]
    # The axis has a column that the matrix lacks, and ends before the view does.
    lacking = paint(
        scripts, values, width=6, height=3, columnOf=[0, -1, 1, 2, 3], view=[0, 6]
    )  # fmt: skip
    assert lacking[0] == [1000, 9999, 1001, 1002, 1003, 9999]


def test_time_axis(scripts: Page) -> None:
    found = scripts.evaluate(
        """() => {
          const axis = new deeptracker.TimeAxis();
          const none = [axis.columnOf(5), axis.columnAt(5, 100), axis.coordinate(3)];
          axis.setColumns(Int32Array.of(10, 20, 40), Float64Array.of(1, 2, 3));
          return {
            none,
            nearest: [0, 14, 15, 16, 29, 30, 31, 99].map((i) => axis.columnOf(i)),
            nothing: [axis.columnOf(null), axis.exactColumn(15), axis.exactColumn(40)],
            coordinates: [0, 5, 10, 15, 20, 30, 40, 50, 99].map((i) => axis.coordinate(i)),
            columns: [0, 33, 34, 66, 67, 100].map((x) => axis.columnAt(x, 100)),
            match: [axis.match(Int32Array.of(10, 20, 40)), [...axis.match(Int32Array.of(20, 30))]],
            around: [axis.around([20, 20]), axis.around([10, 40])],
          };
        }"""
    )
    assert found == {
        "none": [-1, -1, 0],
        "nearest": [0, 0, 1, 1, 1, 2, 2, 2],
        "nothing": [-1, -1, 2],
        "coordinates": [0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3],
        "columns": [0, 0, 1, 1, 2, 2],
        "match": [None, [-1, 0, -1]],
        "around": [[10, 40], [0, 2**31 - 1]],
    }


def test_scales_fit_their_values(scripts: Page) -> None:
    fit = "(v, o) => deeptracker.colours.fit(Float32Array.from(v, (x) => x ?? NaN), o)"
    found = scripts.evaluate(
        f"() => [[1, 2, 4], [null], [-1, 3], [5, 5]].map((v) => ({fit})(v, {{}}))"
    )
    assert [(one["low"], one["high"], one["signed"]) for one in found] == [
        (1, 4, False), (0, 1, False), (-3, 3, True), (0, 5, False),
    ]  # fmt: skip
    log = scripts.evaluate(f"() => ({fit})([0, 1e-3, 1e-2, 10], {{ log: true }})")
    assert log["log"]
    assert (round(log["low"], 6), log["high"]) == (1e-3, 10)
    ends = scripts.evaluate(
        """() => {
          const ends = { low: 1e-3, high: 10 };
          const scale = deeptracker.colours.scale({ palette: "safe", ...ends, log: true });
          return [NaN, -5, 0, 1e-3, 0.1, 10, 1e9, Infinity, -Infinity].map(scale.index);
        }"""
    )
    assert ends == [-1, 0, 0, 0, 128, 255, 255, 255, 0]


def test_numbers(scripts: Page) -> None:
    found = scripts.evaluate(
        """() => {
          const { number, integer, percent, short, tick } = deeptracker.numbers;
          return [number(0), number(-0.5), number(1.23456789e-7), number(123456), number(NaN),
            number(Infinity), number(-Infinity), integer(1234567), integer(NaN), percent(0.1234),
            percent(NaN), short(999), short(12000), short(1344000), tick("percent", 1),
            number(null), number(2e6)];
        }"""
    )
    assert found == [
        "0", "−0.5", "1.23e−7", "123,500", "NaN", "+Inf", "−Inf", "1,234,567", "NaN", "12.3 %",
        "NaN", "999", "12k", "1.344M", "100 %", "none", "2e6",
    ]  # fmt: skip


ADDRESS = (
    "cursor=30&pins=10,20&range=5-25&filters=3.17,4.2&share=1&m=0.5&search=a%20%26%20b&order=last"
)


def test_the_address_says_and_hears_the_selection(scripts: Page, digits: int) -> None:
    wanted = {
        "cursor": 30, "pins": [10, 20], "range": [5, 25], "filters": [[3, 17], [4, 2]],
        "share": True, "m": 0.5, "search": "a & b", "order": "last", "classes": [],
    }  # fmt: skip
    scripts.goto(f"/run/{digits}/overview?{ADDRESS}&foreign=kept")
    wait_until_painted(scripts)
    chosen = scripts.evaluate("deeptracker.selection.get()")
    assert {name: chosen[name] for name in wanted} == wanted
    scripts.evaluate("deeptracker.selection.set({ cursor: 40, order: null, pins: [] })")
    scripts.wait_for_function("() => deeptracker.selection.atRest()")
    assert "cursor=40" in scripts.url
    assert "foreign=kept" in scripts.url
    assert "order=" not in scripts.url
    assert "pins=" not in scripts.url


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=-4", "cursor=1e9", "range=9-5", "range=1", "pins=,,", "filters=1.2.3",
     "cursor=99999999999", "m=Infinity", "share=yes", "pins=%00"],
)  # fmt: skip
def test_nonsense_in_the_address_is_passed_over(scripts: Page, digits: int, query: str) -> None:
    name = query.split("=")[0]
    scripts.goto(f"/run/{digits}/overview")
    wait_until_painted(scripts)
    default = scripts.evaluate("deeptracker.selection.get()")[name]
    scripts.goto(f"/run/{digits}/overview?{query}")
    wait_until_painted(scripts)
    assert scripts.evaluate("deeptracker.selection.get()")[name] == default


def test_many_changes_are_told_once_a_frame(scripts: Page) -> None:
    told = scripts.evaluate(
        """async () => {
          const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          await frame();
          const told = [];
          const note = (selection, names) => told.push([selection.cursor, [...names]]);
          const end = deeptracker.selection.subscribe(note);
          for (let i = 1; i <= 50; i++) deeptracker.selection.set({ cursor: i });
          deeptracker.selection.point({ row: null });
          await frame();
          end();
          deeptracker.selection.set({ cursor: 3 });
          await frame();
          return told;
        }"""
    )
    assert told == [[50, ["cursor", "row"]]]


def test_unknown_fields_are_refused(scripts: Page) -> None:
    message = scripts.evaluate(
        "() => { try { deeptracker.selection.set({ nothing: 1 }) } catch (e) { return e.message } }"
    )
    assert message == "The selection of this page has no field nothing."


def test_names_are_shortened_in_the_middle(scripts: Page) -> None:
    found = scripts.evaluate(
        """() => {
          const context = new OffscreenCanvas(1, 1).getContext("2d");
          context.font = deeptracker.gutter.FONT;
          const shorten = (text, width) => deeptracker.gutter.shorten(context, text, width);
          const long = shorten("layer3.0.downsample.convolution.weights", 120);
          return { short: shorten("fc", 120), long, width: context.measureText(long).width,
            none: shorten("abc", 0) };
        }"""
    )
    assert found["short"] == "fc"
    assert found["width"] <= 120
    assert found["long"].startswith("layer3")
    assert found["long"].endswith("weights"[-4:])
    assert "…" in found["long"]
    json.dumps(found)


def test_a_line_ends_where_a_value_is_no_number(scripts: Page) -> None:
    drawn = scripts.evaluate(
        """() => {
          const axis = new deeptracker.TimeAxis();
          axis.setColumns(Int32Array.of(10, 20, 30, 40));
          const calls = [];
          const note = (name) => (...at) => calls.push([name, ...at]);
          const context = { beginPath() {}, stroke() {}, arc() {}, fill() {},
            moveTo: note("move"), lineTo: note("line") };
          const data = { iterations: Int32Array.of(10, 20, 40),
            values: Float64Array.of(1, 2, 4), odd: Int32Array.of(30) };
          const place = { left: 0, top: 0, width: 4, height: 10 };
          deeptracker.stripmarks.line(context, { colour: "--dt-blue" }, data, axis, place,
            { y: (value) => value, log: false });
          return calls;
        }"""
    )
    assert drawn == [["move", 0.5, 1], ["line", 1.5, 2], ["move", 3.5, 4]]


def test_ratios_order_and_what_a_pixel_stands_for(scripts: Page) -> None:
    found = scripts.evaluate(
        """() => {
          const { derive, looked, order, pooled } = deeptracker.mapvalues;
          const wrong = Uint8Array.of(1, 4, 0, 2, 0, 0);
          const values = derive(wrong, 2, Int32Array.of(4, 2, 0), true);
          const place = { width: 100 / devicePixelRatio, height: 10 / devicePixelRatio };
          return {
            values: Array.from(values, String),
            looked: [looked(values), looked(Float32Array.of(1)), looked(Float32Array.of(NaN))],
            last: Array.from(order(values, 3, 2, "last")),
            recorded: Array.from(order(values, 3, 2, "recorded")),
            few: pooled({ rows: 10, columns: [0, 100], place }),
            many: pooled({ rows: 30, columns: [0, 250], place, extreme: "min" }),
          };
        }"""
    )
    assert found == {
        "values": ["0.75", "0", "1", "0", "NaN", "NaN"],
        "looked": [[True, True], [False, True], [True, False]],
        "last": [0, 1, 2],
        "recorded": [0, 1, 2],
        "few": "",
        "many": "up to 3 × 3 cells a pixel: lowest shown",
    }
