"""What breaks at ten times paper scale: loads two runs of that size and opens every page of each.

`python -m benchmarks.ten_times --folder /tmp/ten`. The whole product (10,000 classes, 500,000
images, 300,000 filters in 500 layers, 2,000 snapshots) has about 21 GB; instead one run has the
whole *width* and few snapshots, the other the whole *length*, with fewer images and filters. Times
end as those of benchmarks/paint.py; the browser's memory is what its process alone holds (USS).
Answers are counted as a page holds them, uncompressed. Logs in the folder are used again.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import psutil
import typer
from playwright.sync_api import Browser, BrowserContext, Page, Response, StorageState, ViewportSize
from sqlalchemy import Engine

from app.factory import VIEWS
from benchmarks.browser import PAINTED, chromium, log_in
from benchmarks.database import benchmark_engine
from benchmarks.load_processes import memory, served
from benchmarks.make_log import write_log
from benchmarks.report import Row, finish, summary
from db.engine import make_engine
from deeptracker.format import MANIFEST
from ingest.pipeline import load_log

VIEWPORT = ViewportSize(width=1280, height=900)
BAR_MS, BAR_ANSWER_MB, BAR_BROWSER_MB = 800.0, 8.0, 600.0
# Pages with a single chart count too: it is drawn with the rest of what they say.
_PAINTED = PAINTED.replace("charts.length > 1", "charts.length > 0")
# What a page still asks for once it is painted, and draws.
REST_MS = 1_500


@dataclass(frozen=True)
class Product:
    """The size of a run, as benchmarks/make_log.py takes it."""

    snapshots: int
    classes: int
    images_per_class: int
    layers: int
    filters: int

    def scaled(self, scale: float) -> "Product":
        """Return a smaller one for trying the command out; at least what views need."""
        return Product(
            max(12, round(self.snapshots * scale)),
            max(10, round(self.classes * scale)),
            self.images_per_class,
            max(10, round(self.layers * scale)),
            max(100, round(self.filters * scale)),
        )

    @property
    def words(self) -> str:
        """Return the size in words."""
        return (
            f"{self.classes:,} classes, {self.classes * self.images_per_class:,} images, "
            f"{self.layers:,} layers, {self.filters:,} filters, {self.snapshots:,} snapshots"
        )


PRODUCTS: Mapping[str, Product] = {
    "wide": Product(24, 10_000, 50, 500, 300_000),
    "long": Product(2_000, 10_000, 5, 500, 10_000),
}


@dataclass
class Opening:
    """What opening a page took: milliseconds, the answers by path, and the browser's memory."""

    painted: float = float("nan")
    settled: float = float("nan")
    answers: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    browser_mb: float = 0.0
    heap_mb: float = 0.0
    elements: int = 0

    @property
    def largest(self) -> tuple[str, float]:
        """Return the path of the largest answer, and its MB."""
        path = max(self.answers, key=self.answers.__getitem__, default="")
        return path, self.answers.get(path, 0) / 1e6


def command(
    folder: Annotated[Path | None, typer.Option(help="Keep the logs here, use them again.")] = None,
    product: Annotated[str, typer.Option(help="wide, long or both.")] = "both",
    view: Annotated[str, typer.Option(help="Only these views, by name with commas.")] = "",
    database: Annotated[
        str, typer.Option(help="Load nothing: this database holds the runs, see --runs.")
    ] = "",
    runs: Annotated[str, typer.Option(help="With --database: ids, as wide=1,long=2.")] = "",
    openings: Annotated[int, typer.Option(help="Of each page, after the first.")] = 3,
    scale: Annotated[float, typer.Option(help="Shrink the work, 0 < scale <= 1.")] = 1.0,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Load both runs, open every page of each, and print what that took beside the bars."""
    names = list(PRODUCTS) if product == "both" else [product]
    views = [one for one in view.split(",") if one]
    if database:
        given = (one.partition("=") for one in runs.split(","))
        known = {name: int(number) for name, _, number in given}
        found = _opened(make_engine(database), known, views, openings)
    else:
        found = _measured(names, views, folder, scale, openings)
    rows = []
    for row in found:
        # The table comes after an hour or so; whoever waits sees how it goes.
        typer.echo(f"{row.what}: {row.figure:,.0f} {row.unit}", err=True)
        rows.append(row)
    finish("ten times paper scale", rows, scale=scale, json_path=json_path)


def _measured(
    names: Sequence[str], views: Sequence[str], folder: Path | None, scale: float, openings: int
) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as own, benchmark_engine() as engine:
        found = {}
        for name in names:
            size = PRODUCTS[name].scaled(scale)
            log = (folder or Path(own)) / name
            if not (log / MANIFEST).exists():
                write_log(log, name=f"ten times, {name}", network="wide", **vars(size))
            begun = time.perf_counter()
            found[name] = load_log(engine, log).run_id
            seconds = time.perf_counter() - begun
            yield Row(f"{name}: load ({size.words})", seconds, "s")
            yield Row(f"{name}: load, a snapshot", 1000 * seconds / size.snapshots, "ms")
        yield from _opened(engine, found, views, openings)


def _opened(
    engine: Engine, runs: Mapping[str, int], views: Sequence[str], openings: int
) -> Iterator[Row]:
    url = engine.url.render_as_string(hide_password=False)
    with served(url) as (server, process), chromium() as browser:
        login = browser.new_context()
        log_in(login.new_page(), server.new_link())
        state = login.storage_state()
        login.close()
        for name, run_id in runs.items():
            for title, path in _pages(run_id, views):
                found = [
                    _opening(browser, state, server.address, path) for _ in range(openings + 1)
                ]
                yield from _rows(f"{name}, {title}", found)
        yield Row("web processes, PSS after all pages", memory(process)[0], "MB")


def _pages(run_id: int, views: Sequence[str]) -> Iterator[tuple[str, str]]:
    for view in VIEWS:
        if view.of_run and (not views or view.name in views):
            yield view.title, view.path.replace("<run_id>", str(run_id))


def _rows(what: str, found: Sequence[Opening]) -> Iterator[Row]:
    first, later = found[0], found[1:] or found
    typical = summary(one.painted for one in later).p50
    yield Row(
        f"{what}: open, p50", typical, "ms", first.painted, f"<= {BAR_MS:.0f}", typical <= BAR_MS
    )
    name, size = max((one.largest for one in found), key=lambda one: one[1])
    label = f"{what}: largest answer ({name})" if name else f"{what}: largest answer"
    yield Row(label, size, "MB", None, f"<= {BAR_ANSWER_MB:.0f}", size <= BAR_ANSWER_MB)
    held = max(one.browser_mb for one in found)
    yield Row(
        f"{what}: browser", held, "MB", None, f"<= {BAR_BROWSER_MB:.0f}", held <= BAR_BROWSER_MB
    )
    refused = sorted({text for one in found for text in one.failed})
    for text in refused:
        yield Row(f"{what}: REFUSED {text}", 1, "", None, "0", False)


def _opening(browser: Browser, state: StorageState, address: str, path: str) -> Opening:
    """Open a page by a click on its link, in a profile of its own."""
    context = browser.new_context(storage_state=state, viewport=VIEWPORT)
    try:
        return _opening_in(browser, context, address, path)
    finally:
        context.close()


def _opening_in(browser: Browser, context: BrowserContext, address: str, path: str) -> Opening:
    page, found = context.new_page(), Opening()
    run_page = path.rpartition("/")[0]
    page.goto(address if path.endswith("/overview") else f"{address}{run_page}/annotations")
    page.wait_for_selector("#shell-page > *")
    if not path.endswith("/overview"):
        page.goto(f"{address}{run_page}/findings")
    page.wait_for_load_state("networkidle")
    page.on("response", lambda response: _note(found, response))
    begun = time.perf_counter()
    try:
        handle = page.wait_for_selector(f'a[href="{path}"], a[href^="{path}?"]')
        found.painted = float(page.evaluate(_PAINTED, handle))
    except Exception as error:
        found.failed.append(str(error).splitlines()[0][:200])
    page.wait_for_load_state("networkidle")
    found.settled = (time.perf_counter() - begun) * 1000
    page.wait_for_timeout(REST_MS)
    _weigh(browser, page, found)
    return found


def _note(found: Opening, response: Response) -> None:
    """Note how long an answer is once it is uncompressed."""
    parts = urlsplit(response.url)
    if response.status >= 400:
        found.failed.append(f"{parts.path} {response.status}")
        return
    if not parts.path.startswith(("/data/", "/_dash-update-component", "/run/")):
        return
    try:
        found.answers[f"{parts.path}?{parts.query}"[:120]] = len(response.body())
    except Exception:
        return


def _weigh(browser: Browser, page: Page, found: Opening) -> None:
    """Note the memory of the page, and of the largest process that draws pages."""
    heap: Any = page.evaluate("performance.memory.usedJSHeapSize")
    found.heap_mb = heap / 1e6
    found.elements = int(page.evaluate("document.querySelectorAll('*').length"))
    session = browser.new_browser_cdp_session()
    info: Any = session.send("SystemInfo.getProcessInfo")
    session.detach()
    for one in info["processInfo"]:
        if one["type"] != "renderer":
            continue
        try:
            held = psutil.Process(one["id"]).memory_full_info().uss / 1e6
        except psutil.Error:
            continue
        found.browser_mb = max(found.browser_mb, held)


if __name__ == "__main__":
    typer.run(command)
