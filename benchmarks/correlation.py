"""What a person waits for in the correlation view and at the cube at paper scale.

`python -m benchmarks.correlation --scale 0.1`. Chromium acts on the real application; a time ends
with the second frame after what was asked for is drawn. What the server needs for its part is
measured beside it, each time with values that nobody has asked for before.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import pack
from app.data import correlation as data
from benchmarks.browser import Served, act_to_painted, chromium, log_in, serve, wait_until_painted
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main, summary
from ingest.pipeline import load_log

OPENINGS = 7
REPEATS = 11
VIEWPORT = ViewportSize(width=1280, height=900)
# What the mini-sets are measured at.
CLASSES, ITERATIONS = 200, 600

_OPENED = """
document.getElementById("{chart}")
&& [...document.querySelectorAll("[data-chart]")].every(
  (chart) => ["drawn", "message"].includes(chart.dataset.state))
"""
# Also a grid that is empty, and says so, has answered.
_ASKED = """
(({{ k, m, top }}) => k === {k} && m === {m} && top === {top})(
  deeptracker.charts.of(document.getElementById("correlation-grid")).handler.model.meta)
&& ["drawn", "message"].includes(document.getElementById("correlation-grid").dataset.state)
"""
_SPLIT = """
document.querySelector('[data-split="{what}"]').getAttribute("aria-pressed") === "{pressed}"
&& deeptracker.charts.of(document.getElementById("correlation-grid")).handler.parts !== null
"""
_DRAG = """
async () => {
  const { stage } = deeptracker.charts.of(document.getElementById("cube-faces")).handler;
  const box = stage.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const send = (kind, x, y) => stage.dispatchEvent(new PointerEvent(kind, {
    clientX: box.left + x, clientY: box.top + y, bubbles: true, pointerId: 1, button: 0 }));
  stage.setPointerCapture = () => {};
  const gaps = [];
  const [x, y] = [box.width / 2, box.height / 2];
  send("pointerdown", x, y);
  let before = await frame();
  for (let at = 1; at <= 120; at++) {
    send("pointermove", x + 150 * Math.sin(at / 12), y + 60 * Math.sin(at / 20));
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  send("pointerup", x, y);
  return gaps.slice(5);
}
"""


def measure(scale: float) -> Iterator[Row]:
    """Load a log of paper scale, and measure every action on it."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        write_log(Path(folder) / "log", scale=scale)
        run_id = load_log(engine, Path(folder) / "log").run_id
        yield from compute(engine, run_id)
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            yield from act(browser, served, engine, run_id)


def _answer(engine: Engine, run_id: int, function: Any, **values: object) -> tuple[float, Any, Any]:
    """Return the milliseconds that the server computes an answer in, and the answer."""
    arguments = Arguments({name: str(value) for name, value in values.items()})
    with Session(engine) as session:
        start = time.perf_counter()
        arrays, meta = function(session, run_id, arguments)
        pack(arrays, meta)
        return (time.perf_counter() - start) * 1000, arrays, meta


def compute(engine: Engine, run_id: int) -> Iterator[Row]:
    """Yield what the server needs by itself, without bars: those are about what a person sees."""
    first, arrays, meta = _answer(engine, run_id, data.grid)
    size = "{} layers x {} classes, {} moments".format(
        *arrays["count"].shape, arrays["class_start"][-1]
    )
    yield Row(f"server: first grid of a run ({size})", first, "ms")
    times = [
        _answer(engine, run_id, data.grid, k=meta["k"] + step)[0] for step in range(1, REPEATS + 1)
    ]
    yield Row("server: grid at another k", summary(times).p50, "ms")
    times = [_answer(engine, run_id, data.grid, top=50 + 10 * at)[0] for at in range(1, REPEATS)]
    yield Row("server: grid at another K, 60 to 150", summary(times).p50, "ms")
    window = crowded(engine, run_id)
    times = [
        _answer(engine, run_id, data.detail, **window, top=50 + at)[0] for at in range(REPEATS)
    ]
    _, arrays, _ = _answer(engine, run_id, data.detail, **window)
    size = f"{len(arrays['part_size']):,} parts, {_size(arrays)}"
    yield Row(f"server: mini-sets ({size})", summary(times).p50, "ms")
    _, grid, _ = _answer(engine, run_id, data.grid)
    times = [
        _answer(engine, run_id, data.filters, **{"class": int(one)})[0]
        for one in grid["class"][:REPEATS]
    ]
    yield Row("server: filters tied to a class", summary(times).p50, "ms")


def _size(arrays: Any) -> str:
    classes = len(set(arrays["column_class"].tolist()))
    layers = len(set(arrays["part_layer"].tolist()))
    return f"{layers} layers, {classes} classes, {len(arrays['column_set']):,} columns"


def crowded(engine: Engine, run_id: int) -> dict[str, Any]:
    """Return the threshold m at which the grid is nearest to CLASSES classes; k is the default."""
    best: dict[str, Any] = {}
    distance = float("inf")
    for m in range(1, 40):
        _, arrays, _ = _answer(engine, run_id, data.grid, m=m)
        off = abs(len(arrays["class"]) - CLASSES) + 0.1 * abs(
            int(arrays["class_start"][-1]) - ITERATIONS
        )
        if off < distance:
            best, distance = {"m": m}, off
        if not len(arrays["class"]):
            break
    return best


def act(browser: Browser, served: Served, engine: Engine, run_id: int) -> Iterator[Row]:
    """Yield the times of what a person does in the browser."""
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()
    login.close()
    yield from _opening(browser, state, served, run_id, "correlation", "correlation-grid", 300)
    context, page = _page(browser, state, f"{served.address}/run/{run_id}/correlation")
    page.wait_for_timeout(500)
    yield from _changes(page)
    context.close()
    window = crowded(engine, run_id)
    link = f"{served.address}/run/{run_id}/correlation?m={window['m']}"
    context, page = _page(browser, state, link)
    yield from _splits(page, _size(_answer(engine, run_id, data.detail, **window)[1]))
    context.close()
    yield from _opening(browser, state, served, run_id, "cube", "cube-faces", 500)
    context, page = _page(browser, state, f"{served.address}/run/{run_id}/cube")
    page.wait_for_timeout(1_500)
    frames = summary(page.evaluate(_DRAG))
    yield Row("cube: frame while turning, p50", frames.p50, "ms", 1000 / 60)
    yield Row(
        "cube: frame while turning, p95",
        frames.p95,
        "ms",
        1000 / 60,
        bar="< 34 ms",
        holds=frames.p95 < 34,
    )
    context.close()


def _page(browser: Browser, state: StorageState, address: str) -> tuple[BrowserContext, Page]:
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)
    page = context.new_page()
    page.goto(address)
    wait_until_painted(page)
    return context, page


def _opening(
    browser: Browser,
    state: StorageState,
    served: Served,
    run_id: int,
    view: str,
    chart: str,
    bar: int,
) -> Iterator[Row]:
    times = []
    for _ in range(OPENINGS + 1):
        # A profile of its own: nothing of the run is in this browser's cache.
        context, page = _page(browser, state, f"{served.address}/run/{run_id}/overview")
        click = f"document.querySelector('a[href^=\"/run/{run_id}/{view}\"]').click()"
        times.append(act_to_painted(page, click, _OPENED.format(chart=chart)))
        context.close()
    yield _row(f"open the {view} view, click to painted", times[1:], bar)
    yield Row("the same for the first who opens it", times[0], "ms")


def _row(what: str, times: list[float], bar: int) -> Row:
    found = summary(times).p50
    return Row(f"{what}, p50", found, "ms", bar=f"<= {bar} ms", holds=found <= bar)


def _changes(page: Page) -> Iterator[Row]:
    start = page.evaluate("deeptracker.selection.get()")
    now = {"k": start["k"], "m": start["m"], "top": start["top"]}
    for name, values in {
        "k": [now["k"] + step for step in range(1, REPEATS + 1)],
        "m": [m for m in range(2, REPEATS + 3) if m != now["m"]],
        "top": [now["top"] + 5 * step for step in range(1, REPEATS + 1)],
    }.items():
        times = []
        for value in values:
            page.wait_for_timeout(300)
            asked = _ASKED.format(**{**now, name: value})
            times.append(
                act_to_painted(page, f"deeptracker.selection.set({{ {name}: {value} }})", asked)
            )
        label = "K" if name == "top" else name
        yield _row(f"change {label}: grid redrawn", times, 400)
        page.evaluate(f"deeptracker.selection.set({{ {name}: {now[name]} }})")
        page.wait_for_timeout(500)


def _splits(page: Page, size: str) -> Iterator[Row]:
    page.wait_for_selector("#correlation-grid[data-detail]")
    times = []
    for _ in range(REPEATS):
        page.wait_for_timeout(300)
        click = "document.querySelectorAll('[data-split]').forEach((button) => button.click())"
        times.append(act_to_painted(page, click, _SPLIT.format(what="rows", pressed="true")))
        page.wait_for_timeout(300)
        act_to_painted(page, click, _SPLIT.format(what="rows", pressed="false"))
    yield _row(f"split everything into mini-sets and iterations ({size})", times, 300)


if __name__ == "__main__":
    main("correlation", measure)
