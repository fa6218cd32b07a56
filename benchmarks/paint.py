"""What a person waits for at paper scale: the run's overview, from the click to the picture.

The reference is a plain Dash page in the same browser that answers a click with Plotly's heat map
of the same class matrix, which it has in memory: a picture of one of the overview's four charts.
Both are opened in turn, so that whatever else the machine does slows both. A mouse opens the
overview, which rests on its link before it presses, as in benchmarks.views.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy.orm import Session

from app.cli.after_load import after_load
from benchmarks.browser import (
    Served,
    chromium,
    log_in,
    press_to_painted,
    serve,
    wait_until_painted,
)
from benchmarks.database import benchmark_engine
from benchmarks.heatmap_page import RUN
from benchmarks.make_log import write_log
from benchmarks.report import Row, main, summary
from db.queries.measurements.snapshots import class_errors
from ingest.pipeline import load_log

REPEATS = 9
BAR_MS = 700
VIEWPORT = ViewportSize(width=1280, height=900)

# Milliseconds from the click on the reference's button to the picture.
_HEATMAP = """
() => new Promise((resolve, reject) => {
  const before = document.querySelector(".heatmaplayer image");
  const start = performance.now();
  document.getElementById("open").click();
  const look = () => {
    const image = document.querySelector(".heatmaplayer image");
    if (image && image !== before) {
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    } else if (performance.now() - start > 30_000) reject(new Error("no heat map after 30 s"));
    else requestAnimationFrame(look);
  };
  look();
})
"""

# Milliseconds that one drawing of a chart takes, and that moving the cursor over all takes.
_REDRAW = """
(id) => {
  const chart = deeptracker.charts.of(document.getElementById(id));
  const start = performance.now();
  chart.draw();
  return performance.now() - start;
}
"""
# What every page asks in a rhythm of its own (annotations, findings) pauses in tabs that nobody
# sees: what is asked then, the moves ask for.
_UNSEEN = 'Object.defineProperty(document, "hidden", { configurable: true, get: () => true })'
_FRAMES = """
async () => {
  const { selection } = deeptracker;
  const axis = deeptracker.timeaxis();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const gaps = [];
  let before = await frame();
  for (let at = 0; at < 90; at++) {
    const column = Math.floor((at / 90) * axis.columns);
    const cursor = axis.iterations[column];
    selection.set({ cursor, range: [axis.iterations[0], cursor] });
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return gaps;
}
"""


def measure(scale: float) -> Iterator[Row]:
    """Load a log of paper scale, open it in Chromium, and say how long that takes."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        write_log(Path(folder) / "log", scale=scale)
        run_id = load_log(engine, Path(folder) / "log", on_loaded=after_load).run_id
        with Session(engine) as session:
            classes, snapshots = class_errors(session, run_id=run_id).shape
        url = engine.url.render_as_string(hide_password=False)
        size = f"{classes:,} classes x {snapshots:,} snapshots"
        heatmap = "benchmarks.heatmap_page:wsgi()"
        with (
            chromium() as browser,
            serve(url) as served,
            serve(url, application=heatmap, environment={RUN: str(run_id)}) as plain,
        ):
            yield from _rows(browser, served, plain, run_id, size)


def _rows(browser: Browser, served: Served, plain: Served, run_id: int, size: str) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()

    def opened() -> float:
        # A profile of its own: nothing of the run is in this browser's cache.
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        try:
            page = context.new_page()
            page.goto(served.address)
            page.wait_for_selector("#shell-page > *")
            return press_to_painted(page, f"/run/{run_id}/overview")
        finally:
            context.close()

    first = opened()
    times = [(opened(), _heatmap(browser, plain.address)) for _ in range(REPEATS)]
    typical, reference = (summary(column).p50 for column in zip(*times, strict=True))
    yield Row(
        f"overview, press to painted, p50 ({size})",
        typical,
        "ms",
        reference,
        f"< {BAR_MS} ms and < the go.Heatmap page",
        typical < BAR_MS and typical < reference,
    )
    yield Row("the same for the first who opens the run", first, "ms", reference)
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)
    page = context.new_page()
    page.goto(f"{served.address}/run/{run_id}/overview")
    wait_until_painted(page)
    yield from _on_the_page(page)


def _on_the_page(page: Page) -> Iterator[Row]:
    for name, chart in (
        ("class map", "overview-classes"),
        ("layer map", "overview-layers"),
        ("strip", "overview-strip"),
    ):
        times = summary(float(page.evaluate(_REDRAW, chart)) for _ in range(15))
        bar, holds = ("< 60 ms", times.p50 < 60) if chart == "overview-classes" else ("", None)
        yield Row(f"redraw of the {name}, p50", times.p50, "ms", bar=bar, holds=holds)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(_UNSEEN)
    page.wait_for_timeout(500)  # a question that was under way, and the address of before
    asked.clear()
    frames = summary(page.evaluate(_FRAMES))
    page.wait_for_timeout(500)  # until the selection rests, and stands in the address
    yield Row("frame while cursor and brush move, p50", frames.p50, "ms", 1000 / 60)
    yield Row("frame while cursor and brush move, p95", frames.p95, "ms", 1000 / 60)
    yield Row("requests while they move, and after", len(asked), "", bar="0", holds=not asked)


def _heatmap(browser: Browser, address: str) -> float:
    """Return the time of the reference, in a page of its own."""
    page = browser.new_page(viewport=VIEWPORT)
    try:
        page.goto(address)
        page.wait_for_selector(".js-plotly-plot")
        page.wait_for_load_state("networkidle")
        return float(page.evaluate(_HEATMAP))
    finally:
        page.close()


if __name__ == "__main__":
    main("paint", measure)
