"""What a person waits for when comparing two runs at paper scale.

`python -m benchmarks.compare --scale 0.1`. Two logs of the same make are loaded, then a hundred
small ones of a sweep; Chromium acts on the real application, and a time ends with the second frame
after everything is drawn.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy.orm import Session

from benchmarks.browser import Served, act_to_painted, chromium, log_in, serve
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.many_runs import load_sweep
from benchmarks.report import Row, main, summary
from db.queries.measurements.snapshots import class_errors
from ingest.pipeline import load_log

OPENINGS = 5
REPEATS = 7
MANY = 100
MANY_OPENINGS = 3
VIEWPORT = ViewportSize(width=1280, height=900)

_PAINTED = """
document.getElementById("compare-layers")
&& [...document.querySelectorAll("[data-chart]")].every(
  (chart) => ["drawn", "message"].includes(chart.dataset.state))
"""
_TICK = "document.querySelector(`[data-compare-run='{run}']`).click();"
_VISIT = """
history.pushState({{}}, "", "{address}");
window.dispatchEvent(new PopStateEvent("popstate"));
"""
_HOVER = """
async () => {
  const plot = document.querySelector("[data-chart=curves] .dt-plot");
  const box = plot.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const gaps = [];
  let before = await frame();
  for (let at = 0; at < 90; at++) {
    plot.dispatchEvent(new PointerEvent("pointermove", {
      clientX: box.left + (at / 90) * box.width, clientY: box.top + 40, bubbles: true }));
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return gaps;
}
"""


def measure(scale: float) -> Iterator[Row]:
    """Load two logs of paper scale, and measure every action on their comparison."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        ids = []
        for seed in (0, 1):
            log = Path(folder) / f"log-{seed}"
            write_log(log, scale=scale, seed=seed)
            ids.append(load_log(engine, log).run_id)
        with Session(engine) as session:
            classes, snapshots = class_errors(session, run_id=ids[0]).shape
        url = engine.url.render_as_string(hide_password=False)
        many = load_sweep(engine, Path(folder), count=MANY)
        with serve(url) as served, chromium() as browser:
            yield from _compare(browser, served, ids, f"{classes:,} classes x {snapshots:,}")
            yield from _compare_many(browser, served, many)


def _compare(browser: Browser, served: Served, ids: list[int], size: str) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()
    login.close()
    opened = []
    for _ in range(OPENINGS + 1):
        # A profile of its own: nothing of the runs is in this browser's cache.
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        page = context.new_page()
        page.goto(served.address)
        for run_id in ids:
            page.wait_for_selector(f"[data-compare-run='{run_id}']")
            page.evaluate(_TICK.format(run=run_id))
        page.wait_for_timeout(300)
        opened.append(
            act_to_painted(page, "document.getElementById('runs-compare').click()", _PAINTED)
        )
        context.close()
    yield _row(f"compare two runs, click to painted ({size} each)", opened[1:], 1_500)
    yield Row("the same for the first who compares them", opened[0], "ms")
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)
    page = context.new_page()
    page.goto(f"{served.address}/compare?runs={','.join(map(str, ids))}")
    act_to_painted(page, "", _PAINTED)
    page.wait_for_timeout(500)
    yield from _changes(page)
    frames = summary(page.evaluate(_HOVER))
    yield Row("frame while hovering, p50", frames.p50, "ms", 1000 / 60)
    yield Row("frame while hovering, p95", frames.p95, "ms", 1000 / 60)
    context.close()


def _compare_many(browser: Browser, served: Served, ids: list[int]) -> Iterator[Row]:
    """Open the comparison of many small runs, and act on all of their lines."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    log_in(page, served.new_link())
    address = f"/compare?runs={','.join(map(str, ids))}"
    opened = []
    for _ in range(MANY_OPENINGS):
        page.goto(served.address)
        page.wait_for_timeout(300)
        opened.append(act_to_painted(page, _VISIT.format(address=address), _PAINTED))
    yield Row(f"compare {len(ids)} small runs, opened to painted, best", min(opened), "ms")
    page.wait_for_selector("#compare-figure .nsewdrag")
    times = [
        _set(page, f"{{ hidden: {ids[: at + 1] if at % 2 else []} }}")
        for at in range(1, REPEATS + 1)
    ]
    yield _row("hide some of them", times[2:], 400)
    times = [
        _set(page, f"{{ grouping: '{('setting', 'runs')[at % 2]}' }}") for at in range(REPEATS)
    ]
    yield _row("as groups and back", times[2:], 1_000)
    frames = summary(page.evaluate(_HOVER))
    yield Row("frame while hovering many lines, p95", frames.p95, "ms", 1000 / 60)
    context.close()


def _changes(page: Page) -> Iterator[Row]:
    times = []
    for at in range(REPEATS):
        value = ("epoch", "iteration")[at % 2]
        times.append(_set(page, f"{{ align: '{value}' }}"))
    yield _row("align by another, all charts", times[2:], 800)
    times = []
    for at in range(REPEATS):
        measure_ = ("weight", "gradient")[at % 2]
        times.append(_set(page, f"{{ measure: '{measure_}' }}"))
    yield _row("another quantity of the layers", times[2:], 400)
    ticks = "deeptracker.timeaxis().iterations"
    times = []
    for at in range(REPEATS):
        page.wait_for_timeout(300)
        cursor = f"{{ cursor: {ticks}[Math.floor({ticks}.length * {(at + 1) / (REPEATS + 2)})] }}"
        times.append(_set(page, cursor, rest=250))
    yield _row("images at another cursor, 200 ms of rest included", times, 600)


def _set(page: Page, patch: str, *, rest: int = 40) -> float:
    """Change the selection; charts begin to load in the frame after it, or after some rest."""
    action = f"window.changed = performance.now(); deeptracker.selection.set({patch});"
    done = f"performance.now() - window.changed > {rest} && {_PAINTED}"
    return act_to_painted(page, action, done)


def _row(what: str, times: list[float], bar: int) -> Row:
    found = summary(times).p50
    return Row(f"{what}, p50", found, "ms", bar=f"<= {bar} ms", holds=found <= bar)


if __name__ == "__main__":
    main("compare", measure)
