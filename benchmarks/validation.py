"""What a person waits for in the validation view at paper scale.

`python -m benchmarks.validation --scale 0.1`. Chromium acts on the real application; a time ends
with the second frame after what was asked for is drawn. What finding the flips costs a load says
`python -m benchmarks.ingest`.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy.orm import Session

from benchmarks.browser import Served, chromium, log_in, serve, wait_until_painted
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main, summary
from db.queries.measurements.snapshots import class_errors
from ingest.pipeline import load_log

OPENINGS = 7
REPEATS = 11
VIEWPORT = ViewportSize(width=1280, height=900)

# Milliseconds from the action (a JavaScript statement) to the second frame after `done` holds.
_TIMED = """
([action, done]) => new Promise((resolve, reject) => {
  const rows = () => deeptracker.charts.of(document.getElementById("validation-rows"))?.handler;
  const act = new Function("rows", action);
  const holds = new Function("rows", `return (${done})`);
  const start = performance.now();
  act(rows());
  const look = () => {
    if (holds(rows())) {
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    } else if (performance.now() - start > 30_000) reject(new Error(`not after 30 s: ${done}`));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""
_OPENED = """
document.getElementById("validation-rows")
&& [...document.querySelectorAll("[data-chart]")].every(
  (chart) => ["drawn", "message"].includes(chart.dataset.state))
"""
_SLIDE = """
const slider = document.getElementById("validation-{name}");
slider.value = {value};
slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
"""
_SLID = """
document.getElementById("validation-rows").dataset.anomalies === "{both}"
&& document.getElementById("validation-table").dataset.window === "{both}"
"""
# A click beside the plot, on the name of a row.
_CLICK = """
const box = rows.chart.element.getBoundingClientRect();
const block = rows.blocks.find(({{ kind, order }}) => kind === "{kind}" && order.includes({row}));
const y = block.top + (block.order.indexOf({row}) + 0.5) * block.rowHeight - rows.offset;
rows.chart.element.dispatchEvent(new MouseEvent("click", {{
  clientX: box.left + 60, clientY: box.top + y, bubbles: true }}));
"""
_HOVER = """
async () => {
  const { handler } = deeptracker.charts.of(document.getElementById("validation-rows"));
  const plot = handler.area.element;
  const box = plot.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const gaps = [];
  let before = await frame();
  plot.dispatchEvent(new PointerEvent("pointerdown",
    { clientX: box.left + 5, clientY: box.top + 5, bubbles: true, pointerId: 1, button: 0 }));
  for (let at = 0; at < 120; at++) {
    if (at === 60) {
      plot.dispatchEvent(new PointerEvent("pointerup",
        { clientX: box.left + 400, clientY: box.top + 5, bubbles: true, pointerId: 1 }));
    }
    plot.dispatchEvent(new PointerEvent("pointermove", {
      clientX: box.left + (at / 120) * box.width, clientY: box.top + (at / 120) * box.height,
      bubbles: true, pointerId: 1 }));
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return gaps;
}
"""


def measure(scale: float) -> Iterator[Row]:
    """Load a log of paper scale, and measure every action on it."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        write_log(Path(folder) / "log", scale=scale, thumbnails=True)
        run_id = load_log(engine, Path(folder) / "log").run_id
        with Session(engine) as session:
            classes, snapshots = class_errors(session, run_id=run_id).shape
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            yield from compare(browser, served, run_id, f"{classes:,} classes x {snapshots:,}")


def compare(browser: Browser, served: Served, run_id: int, size: str) -> Iterator[Row]:
    """Yield the rows of a run that the application serves."""
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()
    login.close()
    opened = []
    for _ in range(OPENINGS + 1):
        # A profile of its own: nothing of the run is in this browser's cache.
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        page = context.new_page()
        page.goto(f"{served.address}/run/{run_id}/overview")
        wait_until_painted(page)
        link = f"document.querySelector('a[href=\"/run/{run_id}/validation\"]').click()"
        opened.append(_timed(page, link, _OPENED))
        context.close()
    yield _row(f"open the view, click to painted ({size})", opened[1:], 800)
    yield Row("the same for the first who opens the run", opened[0], "ms")
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)
    page = context.new_page()
    page.goto(f"{served.address}/run/{run_id}/validation")
    wait_until_painted(page)
    page.wait_for_timeout(500)
    yield from _sliders(page)
    yield from _openings(page)
    yield from _hover(page)
    context.close()


def _row(what: str, times: list[float], bar: int) -> Row:
    found = summary(times).p50
    return Row(f"{what}, p50", found, "ms", bar=f"<= {bar} ms", holds=found <= bar)


def _timed(page: Page, action: str, done: str) -> float:
    return float(page.evaluate(_TIMED, [action, done]))


def _slide(page: Page, name: str, value: int, both: str) -> float:
    page.wait_for_timeout(300)
    return _timed(page, _SLIDE.format(name=name, value=value), _SLID.format(both=both))


def _sliders(page: Page) -> Iterator[Row]:
    start = page.evaluate("deeptracker.selection.get()")
    k, m = start["k"], start["m"]
    values = [k + step for step in range(1, REPEATS + 1)]
    times = [_slide(page, "k", value, f"{value} {m}") for value in values]
    yield _row("move the k slider: triangles and table redrawn", times, 150)
    last = values[-1]
    values = [value for value in range(1, REPEATS + 2) if value != m]
    times = [_slide(page, "m", value, f"{last} {value}") for value in values]
    yield _row("move the m slider: triangles and table redrawn", times, 150)
    _slide(page, "m", m, f"{last} {m}")


def _openings(page: Page) -> Iterator[Row]:
    sizes = page.evaluate(
        "Array.from(deeptracker.charts.of(document.getElementById('validation-rows'))"
        ".handler.model.groups.arrays.size)"
    )
    cluster = min(range(len(sizes)), key=lambda at: abs(sizes[at] - 250))
    there = f"rows.blocks.some((block) => block.kind === 'class' && block.cluster === {cluster})"
    click = _CLICK.format(kind="cluster", row=cluster)
    times = []
    for _ in range(REPEATS):
        times.append(_timed(page, click, there))
        page.wait_for_timeout(300)
        _timed(page, click, f"!{there}")
        page.wait_for_timeout(300)
    yield _row(f"open a cluster of {sizes[cluster]:,} classes", times, 200)
    _timed(page, click, there)
    members = page.evaluate(
        "deeptracker.charts.of(document.getElementById('validation-rows')).handler.blocks"
        ".filter(({ kind }) => kind === 'class').flatMap(({ order }) => Array.from(order))"
    )
    times = []
    for row in members[:REPEATS]:
        click = _CLICK.format(kind="class", row=row)
        images = f"rows.blocks.some((b) => b.kind === 'image' && b.classId === {row})"
        times.append(_timed(page, click, images))
        page.wait_for_timeout(300)
        _timed(page, click, f"!{images}")
        page.wait_for_timeout(300)
    yield _row("open a class", times, 150)


def _hover(page: Page) -> Iterator[Row]:
    page.wait_for_timeout(1_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    frames = summary(page.evaluate(_HOVER))
    yield Row("frame while hovering and brushing, p50", frames.p50, "ms", 1000 / 60)
    yield Row("frame while hovering and brushing, p95", frames.p95, "ms", 1000 / 60)
    data = [url for url in asked if "/data/" in url or "_dash" in url]
    yield Row("requests meanwhile", len(data), "", bar="0", holds=not data)


if __name__ == "__main__":
    main("validation", measure)
