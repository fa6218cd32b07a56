"""Many scalars of a run: from the address to the first charts, and how soon they are smoother.

The reference is TensorBoard in the same browser, which has read event files with the same numbers
before it is asked. Both are opened in turn, each in a profile of its own, so that whatever else the
machine does slows both.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, ViewportSize
from sqlalchemy import insert
from sqlalchemy.orm import Session
from torch.utils.tensorboard import SummaryWriter

from benchmarks.browser import Served, chromium, log_in, serve
from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.outages import free_port
from benchmarks.report import Row, main, summary
from db.models import scalar
from db.queries.measurements.snapshots import iterations
from ingest.pipeline import load_log

SCALARS, VALUES, SNAPSHOTS = 1_000, 500, 200
FIRST = 12
REPEATS = 5
BAR = 0.5
SMOOTHING_MS = 100
# Large enough for twelve charts of either: TensorBoard, too, draws only those in sight.
VIEWPORT = ViewportSize(width=1920, height=2000)

# Whether the first charts stand there drawn: of ours, and of TensorBoard's cards.
_OURS = f"""
[...document.querySelectorAll("[data-chart=curves]")]
  .filter((chart) => chart.dataset.state === "drawn").length >= {FIRST}
"""
_THEIRS = f"""
[...document.querySelectorAll("scalar-card")].filter((card) =>
  card.querySelector("line-chart canvas, line-chart svg.series-view *")
  && !card.querySelector("mat-spinner")).length >= {FIRST}
"""
# Milliseconds since the address was asked for, at the second frame after something holds.
_SINCE = """
(holds) => new Promise((resolve, reject) => {
  const test = new Function(`return (${holds})`);
  const look = () => {
    const done = () => resolve(performance.now());
    if (test()) requestAnimationFrame(() => requestAnimationFrame(done));
    else if (performance.now() > 60_000) reject(new Error(`not after 60 s: ${holds}`));
    else requestAnimationFrame(look);
  };
  look();
})
"""
# Milliseconds that drawing all charts that are there takes, each time at another smoothing.
_SMOOTHED = """
async (times) => {
  const { selection, charts } = deeptracker;
  const all = [...document.querySelectorAll("[data-chart=curves]")];
  const drawn = all.map(charts.of).slice(0, FIRST);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const found = [];
  const drawing = [];
  for (let at = 0; at < times; at++) {
    await frame();
    const start = performance.now();
    selection.set({ smoothing: 0.5 + at / 100 });
    do await frame(); while (drawn.some((chart) => chart.frame));
    found.push(performance.now() - start);
    // Once more, at a smoothing that was not drawn yet, by itself: no frame is waited for.
    selection.set({ smoothing: 0.505 + at / 100 });
    const begun = performance.now();
    for (const chart of drawn) chart.draw();
    drawing.push(performance.now() - begun);
  }
  return [drawn.length, found, drawing];
}
""".replace("FIRST", str(FIRST))


def measure(scale: float) -> Iterator[Row]:
    """Log the same numbers for both, and say how long each takes to show some."""
    count = max(FIRST, round(SCALARS * scale))
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        log = Path(folder) / "log"
        write_log(
            log, snapshots=SNAPSHOTS, classes=10, images_per_class=2, network="wide", layers=5,
            filters=50,
        )  # fmt: skip
        run_id = load_log(engine, log).run_id
        with Session(engine) as session:
            steps = np.linspace(0, iterations(session, run_id=run_id)[-1], VALUES, dtype=np.int32)
            series = _series(count)
            rows = [_row(run_id, name, steps, values) for name, values in series]
            session.execute(insert(scalar), rows)
            session.commit()
        _write_events(Path(folder) / "events", steps, series)
        url = engine.url.render_as_string(hide_password=False)
        with (
            chromium() as browser,
            serve(url) as served,
            _tensorboard(Path(folder) / "events", count) as reference,
        ):
            yield from _rows(browser, served, run_id, reference, count)


def _series(count: int) -> list[tuple[str, NDArray[np.float64]]]:
    random = np.random.default_rng(0)
    walks = random.normal(size=(count, VALUES)).cumsum(axis=1)
    return [(f"group_{at // 50:02}/value_{at:04}", walk) for at, walk in enumerate(walks)]


def _row(
    run_id: int, name: str, steps: NDArray[np.int32], values: NDArray[np.float64]
) -> dict[str, object]:
    return {
        "run_id": run_id,
        "name": name,
        "iteration": int(steps[-1]),
        "iterations": steps,
        "values": values,
    }


def _write_events(
    folder: Path, steps: NDArray[np.int32], series: list[tuple[str, NDArray[np.float64]]]
) -> None:
    with SummaryWriter(str(folder / "run")) as writer:
        for name, values in series:
            for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                writer.add_scalar(name, value, step)


@contextmanager
def _tensorboard(folder: Path, count: int) -> Iterator[str]:
    """Yield the address of a TensorBoard that knows all scalars; it ends with us."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tensorboard.main", "--logdir", str(folder),
            "--port", str(port), "--host", "127.0.0.1",
            # As many values of each as ours: by default it keeps 1,000.
            "--samples_per_plugin", f"scalars={VALUES}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 300
        while _known(address) < count:
            if time.monotonic() > end:
                raise RuntimeError("TensorBoard did not read its events within 300 s")
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def _known(address: str) -> int:
    try:
        with urlopen(f"{address}/data/plugin/scalars/tags", timeout=30) as answer:
            return sum(map(len, json.load(answer).values()))
    except OSError:
        return 0


def _rows(
    browser: Browser, served: Served, run_id: int, reference: str, count: int
) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()

    def opened(address: str, holds: str) -> float:
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        try:
            page = context.new_page()
            page.goto(address)
            return float(page.evaluate(_SINCE, holds))
        finally:
            context.close()

    ours = f"{served.address}/run/{run_id}/scalars"
    theirs = f"{reference}/#timeseries"
    first = opened(ours, _OURS)
    times = [(opened(ours, _OURS), opened(theirs, _THEIRS)) for _ in range(REPEATS)]
    typical, known = (summary(column).p50 for column in zip(*times, strict=True))
    yield Row(
        f"{count:,} scalars of {VALUES} values: address to {FIRST} charts painted, p50",
        typical,
        "ms",
        known,
        f"<= {BAR} x TensorBoard",
        typical <= BAR * known,
    )
    yield Row("the same for the first who opens it", first, "ms", known)
    yield from _smoothing(browser, state, ours)


def _smoothing(browser: Browser, state: object, address: str) -> Iterator[Row]:
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.evaluate(_SINCE, _OURS)
    page.wait_for_timeout(1_000)  # what is asked for after the charts
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drawn, found, drawing = page.evaluate(_SMOOTHED, 20)
    page.wait_for_timeout(500)  # until the selection rests, and stands in the address
    times = summary(found)
    yield Row(
        f"another smoothing of {drawn} charts, to the frame that shows it, p50",
        times.p50,
        "ms",
        bar=f"<= {SMOOTHING_MS} ms",
        holds=times.p50 <= SMOOTHING_MS and drawn == FIRST,
    )
    yield Row("the same, p95", times.p95, "ms")
    yield Row("averages and drawing of them alone, p50", summary(drawing).p50, "ms")
    data = [url for url in asked if "/data/" in url and "scalar" in url]
    yield Row("requests for that", len(data), "", bar="0", holds=not data)
    context.close()


if __name__ == "__main__":
    main("scalars", measure)
