"""What breaks at ten times paper scale: loads two runs of that size and opens every page of each.

`python -m benchmarks.ten_times --folder /tmp/ten`. The whole product (10,000 classes, 500,000
images, 300,000 filters in 500 layers, 2,000 snapshots) has about 21 GB; instead one run has the
whole *width* and few snapshots, the other the whole *length*, with fewer images and filters. Times
end as those of benchmarks/paint.py; beside them stands the processor time of the web processes and
of the page, which other work on the machine changes less. The browser's memory is what its process
alone holds (USS). Answers are counted as a page holds them, uncompressed. Of every page two steps
are taken: the cursor moves, and the middle third of the run is zoomed into. Logs in the folder are
used again.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.cli.after_load import after_load
from app.factory import VIEWS
from benchmarks.browser import chromium, log_in
from benchmarks.database import benchmark_engine
from benchmarks.load_processes import memory, served
from benchmarks.make_log import write_log
from benchmarks.openings import Opener, Opening
from benchmarks.report import Row, finish, summary
from db.engine import make_engine
from db.queries.measurements.snapshots import iterations
from deeptracker.format import MANIFEST
from ingest.pipeline import load_log

BAR_MS, BAR_ANSWER_MB, BAR_BROWSER_MB = 800.0, 8.0, 600.0
# Pages that are opened by their address: what there is of two runs, of two snapshots, of a class.
_ADDRESSED: Mapping[str, str] = {
    "Change of two snapshots": "/run/{run}/change?cursor={late}&pins={early}",
    "Gallery of a class": "/run/{run}/validation?cursor={late}&openclasses=7&classes=7",
}
_OF_BOTH: Mapping[str, str] = {
    "Compare": "/compare?runs={run},{other}",
    "Change between runs": "/run/{run}/change?otherrun={other}",
}


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
            found[name] = load_log(engine, log, on_loaded=after_load).run_id
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
        opener = Opener(browser, state, server.address, process)
        for name, run_id in runs.items():
            moments = _moments(engine, run_id)
            for title, path in (*_pages(run_id, views), *_addresses(runs, name, moments, views)):
                found = [opener.open(path, moments) for _ in range(openings + 1)]
                yield from _rows(f"{name}, {title}", found)
        yield Row("web processes, PSS after all pages", memory(process)[0], "MB")


def _pages(run_id: int, views: Sequence[str]) -> Iterator[tuple[str, str]]:
    for view in VIEWS:
        if view.of_run and (not views or view.name in views):
            yield view.title, view.path.replace("<run_id>", str(run_id))


def _moments(engine: Engine, run_id: int) -> list[int]:
    """Return four iterations of a run that lie evenly apart."""
    with Session(engine) as session:
        found = iterations(session, run_id=run_id)
    return [int(found[round(share * (len(found) - 1) / 3)]) for share in range(4)]


def _addresses(
    runs: Mapping[str, int], name: str, moments: Sequence[int], views: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the pages that are opened by an address; with `views` those of these names."""
    others = [number for other, number in runs.items() if other != name]
    pages = {**_ADDRESSED, **(_OF_BOTH if others else {})}
    for title, address in pages.items():
        path = address.format(
            run=runs[name], other=next(iter(others), 0), early=moments[1], late=moments[2]
        )
        if not views or any(path.partition("?")[0].endswith(f"/{view}") for view in views):
            yield title, path


def _rows(what: str, found: Sequence[Opening]) -> Iterator[Row]:
    first, later = found[0], found[1:] or found
    typical = summary(one.painted for one in later).p50
    yield Row(
        f"{what}: open, p50", typical, "ms", first.painted, f"<= {BAR_MS:.0f}", typical <= BAR_MS
    )
    for whose, spent in (("server", "server_cpu"), ("page", "page_cpu")):
        costs = [getattr(one, spent) for one in found]
        later_costs = costs[1:] or costs
        yield Row(
            f"{what}: processor of the {whose}", summary(later_costs).p50, "ms", costs[0], "", None
        )
    for step in sorted({step for one in found for step in one.steps}):
        taken = [one.steps[step] for one in later if step in one.steps]
        if taken:
            yield Row(f"{what}: {step}, to painted", summary(taken).p50, "ms", None, "", None)
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


if __name__ == "__main__":
    typer.run(command)
