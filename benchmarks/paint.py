"""What a person waits for at paper scale: the run's overview, from the click to the picture.

The reference is Plotly's heat map of the same class matrix in the same browser and size, its data
already there: only drawing counts for it, while the overview also fetches, and draws four charts.
"""

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page
from plotly.offline import get_plotlyjs
from sqlalchemy.orm import Session

from benchmarks.browser import (
    Served,
    chromium,
    click_to_painted,
    log_in,
    serve,
    wait_until_painted,
)
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main, summary
from db.queries.snapshots import class_errors
from ingest.pipeline import load_log

REPEATS = 9
BAR_MS = 700
VIEWPORT = {"width": 1280, "height": 900}
# What the class map measures on that page.
PLOT = {"width": 990, "height": 340}

_HEATMAP = """
async ({ base64, rows, columns, width, height }) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  const z = Array.from({ length: rows }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns));
  const holder = document.createElement("div");
  document.body.replaceChildren(holder);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const start = performance.now();
  await Plotly.newPlot(holder, [{ type: "heatmap", z, colorscale: "RdYlGn", reversescale: true }],
    { width, height, margin: { l: 168, r: 20, t: 0, b: 0 } }, { displayModeBar: false });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - start;
}
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
        run_id = load_log(engine, Path(folder) / "log").run_id
        with Session(engine) as session:
            errors = class_errors(session, run_id=run_id)
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            yield from _rows(browser, served, run_id, errors)


def _rows(browser: Browser, served: Served, run_id: int, errors: np.ndarray) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()
    size = f"{errors.shape[0]:,} classes x {errors.shape[1]:,} snapshots"
    reference = summary(_heatmaps(browser, errors)).p50

    def opened() -> float:
        # A profile of its own: nothing of the run is in this browser's cache.
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        try:
            page = context.new_page()
            page.goto(served.address)
            return click_to_painted(page, f"/run/{run_id}/overview")
        finally:
            context.close()

    first = opened()
    typical = summary(opened() for _ in range(REPEATS)).p50
    yield Row(
        f"overview, click to painted, p50 ({size})",
        typical,
        "ms",
        reference,
        f"< {BAR_MS} ms and < go.Heatmap of the class matrix alone",
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
    frames = summary(page.evaluate(_FRAMES))
    yield Row("frame while cursor and brush move, p50", frames.p50, "ms", 1000 / 60)
    yield Row("frame while cursor and brush move, p95", frames.p95, "ms", 1000 / 60)
    data = [url for url in asked if "/data/" in url or "_dash" in url]
    yield Row("requests while they move", len(data), "", bar="0", holds=not data)


def _heatmaps(browser: Browser, errors: np.ndarray) -> list[float]:
    page = browser.new_page(viewport=VIEWPORT)
    page.set_content("<!DOCTYPE html><html><body></body></html>")
    page.add_script_tag(content=get_plotlyjs())
    given = {
        "base64": base64.b64encode(errors.astype("<f4").tobytes()).decode(),
        "rows": errors.shape[0],
        "columns": errors.shape[1],
        **PLOT,
    }
    try:
        page.evaluate(_HEATMAP, given)
        return [float(page.evaluate(_HEATMAP, given)) for _ in range(REPEATS)]
    finally:
        page.close()


if __name__ == "__main__":
    main("paint", measure)
