"""What a person waits for in the layer view: at paper scale, and in a network of 500 layers.

`python -m benchmarks.layers --scale 0.1`. Chromium clicks on the real application; a time ends with
the second frame after the last chart was drawn. The logs are made up (benchmarks/make_log.py), with
few classes and images, which this view does not ask for.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy import Engine

from benchmarks.browser import Served, chromium, control, log_in, serve
from benchmarks.database import benchmark_engine
from benchmarks.make_log import Network, write_log
from benchmarks.report import Row, main, summary
from ingest.pipeline import load_log

OPENINGS = 7
REPEATS = 9
VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
STATISTICS = (
    "mean", "L2 norm", "L1 norm", "sum", "minimum", "maximum", "share of zeros",
    "standard deviation",
)  # fmt: skip
ENCODINGS = ("Box plots", "Horizon", "Change bands", "Histogram", "Lines")
BARS = {
    "open": ("open the view, click to painted", 700),
    "first": ("the same for the first who opens the run", None),
    "statistic": ("change the statistic", 200),
    "encoding": ("change the encoding", 200),
    "layer": ("open the layer with the most filters", 350),
    "filter": ("one filter's series", 100),
    "top": ("top-50 of an iteration", 60),
}

# Milliseconds from an action to the second frame after `done` holds. An action is a click on an
# element, or a pointer that moves to a place in it.
_TIMED = """
([element, at, done]) => new Promise((resolve, reject) => {
  const holds = new Function(`return (${done})`);
  const start = performance.now();
  if (at) {
    const box = element.getBoundingClientRect();
    const where = { clientX: box.left + at[0], clientY: box.top + at[1], bubbles: true };
    for (const kind of at[2]) {
      element.dispatchEvent(new PointerEvent(kind, { ...where, pointerId: 1 }));
    }
  } else element.click();
  const look = () => {
    if (holds()) {
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    } else if (performance.now() - start > 30_000) reject(new Error(`not after 30 s: ${done}`));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""
_OPENED = """
document.getElementById("layers-multiples")
&& [...document.querySelectorAll("[data-chart]")].every(
  (chart) => ["drawn", "message"].includes(chart.dataset.state))
"""
_STATE = 'document.getElementById("{id}").dataset'
_PLOT = "#layers-multiples .dt-plot"


@dataclass(frozen=True)
class Figures:
    """Medians in milliseconds by the names of BARS, and how often an encoding asked the server."""

    times: dict[str, float]
    requests: int


def measure(scale: float) -> Iterator[Row]:
    """Load both logs, and measure every action in each."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        # Named one by one, so that what a log takes on the disk is given back before the next.
        paper = _load(engine, Path(folder), "resnet50", scale)
        wide = _load(engine, Path(folder), "wide", scale)
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            yield from compare(browser, served, paper=paper, wide=wide)


def _load(engine: Engine, folder: Path, network: Network, scale: float) -> int:
    with tempfile.TemporaryDirectory(dir=folder) as log:
        write_log(
            Path(log) / "log",
            scale=scale,
            network=network,
            classes=10,
            images_per_class=5,
            name=network,
            layers=max(20, round(500 * scale)),
            filters=max(200, round(200_000 * scale)),
        )
        return load_log(engine, Path(log) / "log").run_id


def compare(browser: Browser, served: Served, *, paper: int, wide: int) -> Iterator[Row]:
    """Yield the rows of the two runs that the application serves."""
    first = figures(browser, served, paper)
    yield from _rows("", first, None)
    yield from _rows("500 layers: ", figures(browser, served, wide), first)


def _rows(prefix: str, found: Figures, reference: Figures | None) -> Iterator[Row]:
    for name, (what, bar) in BARS.items():
        figure = found.times[name]
        limit = None if bar is None else bar * (2 if reference else 1)
        yield Row(
            f"{prefix}{what}" + ("" if name == "first" else ", p50"),
            figure,
            "ms",
            reference.times[name] if reference else None,
            "" if limit is None else f"<= {limit} ms" + (" (2 x the bar above)" * bool(reference)),
            None if limit is None else figure <= limit,
        )
    asked = found.requests
    yield Row(f"{prefix}requests for another encoding", asked, "", None, "0", asked == 0)


def figures(browser: Browser, served: Served, run_id: int) -> Figures:
    """Return what every action takes in one run."""
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()
    login.close()
    times = {}
    opened = []
    for _ in range(OPENINGS + 1):
        # A profile of its own: nothing of the run is in this browser's cache.
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        page = context.new_page()
        page.goto(f"{served.address}/run/{run_id}/overview")
        page.wait_for_selector("#overview-layers[data-state=drawn]")
        opened.append(_timed(page, f'a[href="/run/{run_id}/layers"]', _OPENED))
        context.close()
    times["first"], times["open"] = opened[0], summary(opened[1:]).p50
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)
    page = context.new_page()
    page.goto(f"{served.address}/run/{run_id}/layers?measure=weight&level=9")
    page.wait_for_selector("#layers-multiples[data-state=drawn]")
    _rest(page)
    times["encoding"], requests = _encodings(page)
    times["statistic"] = summary(_statistics(page)).p50
    times["top"] = summary(_tops(page)).p50
    times["layer"] = summary(_layers(page)).p50
    times["filter"] = summary(_filters(page)).p50
    context.close()
    return Figures(times, requests)


def _timed(page: Page, selector: str, done: str, at: list[object] | None = None) -> float:
    element = page.wait_for_selector(selector, state="attached")
    return float(page.evaluate(_TIMED, [element, at, done]))


def _rest(page: Page) -> None:
    """Wait as a person does who looks at a picture, until nothing is under way."""
    page.wait_for_timeout(600)
    page.wait_for_load_state("networkidle")


def _encodings(page: Page) -> tuple[float, int]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    times = []
    for _ in range(2):
        for name in ENCODINGS:
            value = page.locator(
                control("layers-encoding") + " label", has_text=name
            ).get_attribute("for")
            before = page.evaluate(f"{_STATE.format(id='layers-multiples')}.shown")
            done = f"{_STATE.format(id='layers-multiples')}.shown !== {before!r}"
            times.append(_timed(page, f'[id="{value}"]', done))
            page.wait_for_timeout(350)
    # Not the state of a run that is still recording, which is asked for every two seconds.
    data = [url for url in asked if "/layer-" in url or "_dash-update" in url]
    return summary(times).p50, len(data)


def _statistics(page: Page) -> Iterator[float]:
    for name in STATISTICS:
        page.click(control("layers-statistic"))
        option = page.locator("[role=option]:visible", has_text=name).first
        before = page.evaluate(f"{_STATE.format(id='layers-multiples')}.shown")
        state = _STATE.format(id="layers-multiples")
        handle = option.element_handle()
        yield float(
            page.evaluate(
                _TIMED, [handle, None, f"{state}.shown !== {before!r} && {state}.state === 'drawn'"]
            )
        )
        _rest(page)


def _tops(page: Page) -> Iterator[float]:
    width = page.locator(_PLOT).bounding_box()["width"]  # type: ignore[index]
    for step in range(1, 2 * REPEATS):
        before = page.evaluate(f"{_STATE.format(id='layers-top')}.list")
        state = _STATE.format(id="layers-top")
        done = f"{state}.list !== {before!r} && {state}.list !== 'loading'"
        at = [width * step / (2 * REPEATS), 30, ["pointermove"]]
        yield _timed(page, _PLOT, done, at)
        page.wait_for_timeout(50)


def _layers(page: Page) -> Iterator[float]:
    """Open the widest layers by clicking them in the tree, sorted by their filters."""
    page.click('[data-sort="filters"]')
    page.click('[data-sort="filters"]')
    page.wait_for_timeout(400)
    for place in range(REPEATS):
        # Open ones are closed by a click: each time another.
        node = page.evaluate(
            "(at) => document.querySelector(`.layers-node[aria-posinset='${at}']`).dataset.node",
            1 + place % 6,
        )
        layer = page.evaluate("(node) => deeptracker.layers.network.layer[node]", int(node))
        state = _STATE.format(id="layers-filters")
        done = f"{state}.layer === '{layer}' && {state}.state === 'drawn'"
        yield _timed(page, f'[data-node="{node}"] .layers-label', done)
        _rest(page)


def _filters(page: Page) -> Iterator[float]:
    plot = "#layers-filters .dt-plot"
    box = page.locator(plot).bounding_box()
    assert box is not None
    for step in range(1, REPEATS + 1):
        before = page.evaluate(f"{_STATE.format(id='layers-filter')}.filter")
        state = _STATE.format(id="layers-filter")
        done = f"{state}.filter !== {before!r} && {state}.state === 'drawn'"
        at = [box["width"] / 2, box["height"] * step / (REPEATS + 1), ["pointerdown", "pointerup"]]
        yield _timed(page, plot, done, at)
        _rest(page)


if __name__ == "__main__":
    main("layers", measure)
