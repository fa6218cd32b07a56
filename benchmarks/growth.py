"""What a snapshot and a look-up cost as a store grows: runs, snapshots, classes, filters, x 100.

`python -m benchmarks.growth --picture docs/pictures/growth.svg`. Every figure is of logs that are
written, loaded and asked for; one dimension grows, the others stay as BASE says. A figure that
grows with the dimension is printed with the exponent of its growth: 0 is none, 1 is in proportion.
"""

import itertools
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from benchmarks.database import benchmark_engine
from benchmarks.growth_picture import draw
from benchmarks.make_log import append_snapshot, write_log
from benchmarks.queries import look_ups
from benchmarks.report import timed
from ingest.pipeline import load_log

FACTORS = (1, 3, 10, 30, 100)
# Snapshots that come when the rest is loaded: the load takes up what it knew of the run first.
APPENDED = 12
# Of the shapes of a look-up, the one whose answer is larger.
ASKED = {
    "layer-stat": "layer-stat: all of one layer",
    "layer-filter": "layer-filter: ",
    "iteration-filter": "iteration-filter: top 50",
    "class-stat": "class-stat: all classes",
    "class-image": "class-image: one class",
}
LOAD, APPEND = "load, per snapshot", "load later, per snapshot"


@dataclass(frozen=True)
class Size:
    """How large a store is: its runs, and of each its snapshots, classes and filters."""

    runs: int = 1
    snapshots: int = 20
    classes: int = 10
    filters: int = 500

    def grown(self, what: str, factor: int) -> "Size":
        """Return the size with one dimension `factor` times as large."""
        return replace(self, **{what: getattr(self, what) * factor})


BASE = Size()
IMAGES, LAYERS, EVERY = 20, 20, 100
LOADS, ROUNDS = 2, 3


@dataclass
class Curve:
    """Milliseconds by what was measured, for every size of one dimension."""

    dimension: str
    sizes: list[int] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, size: int, found: dict[str, float]) -> None:
        """Add what was measured at a size."""
        self.sizes.append(size)
        for name, value in found.items():
            self.figures.setdefault(name, []).append(value)

    def exponent(self, name: str) -> float:
        """Return the slope of the last three points, both axes logarithmic."""
        at, values = np.log(self.sizes[-3:]), np.log(self.figures[name][-3:])
        return float(np.polyfit(at, values, 1)[0]) if len(at) > 1 else float("nan")


def command(
    largest: Annotated[int, typer.Option(help="The largest factor of growth.")] = 100,
    picture: Annotated[Path | None, typer.Option(help="Draw the curves into this SVG.")] = None,
) -> None:
    """Measure, print, draw."""
    factors = [factor for factor in FACTORS if factor <= largest]
    curves = [_runs(factors)]
    curves += [_dimension(what, factors) for what in ("snapshots", "classes", "filters")]
    for curve in curves:
        Console(width=140).print(_table(curve))
    if picture is not None:
        draw(curves, picture)


def _dimension(what: str, factors: list[int]) -> Curve:
    """Measure runs of growing size, each in a database of its own."""
    curve = Curve(what)
    for factor in factors:
        size = BASE.grown(what, factor)
        with benchmark_engine() as engine, tempfile.TemporaryDirectory() as folder:
            both = [
                _ingest(engine, Path(folder) / f"log-{seed}", size, seed=seed)
                for seed in range(LOADS)
            ]
            quickest = _quickest([found for found, _ in both])
            curve.note(getattr(size, what), quickest | _asked(engine, both[-1][1]))
    return curve


def _runs(factors: list[int]) -> Curve:
    """Measure one database, whose first run is asked for while others come to it."""
    curve = Curve("runs")
    with benchmark_engine() as engine, tempfile.TemporaryDirectory() as folder:
        ingested: list[dict[str, float]] = []
        first = None
        for number in itertools.count(1):
            found, run_id = _ingest(engine, Path(folder) / f"log-{number}", BASE, seed=number)
            ingested.append(found)
            first = first or run_id
            if number in factors:
                curve.note(number, _quickest(ingested[-5:]) | _asked(engine, first))
            if number >= factors[-1]:
                return curve
    raise AssertionError("count ends never")


def _quickest(found: list[dict[str, float]]) -> dict[str, float]:
    """Return the least of every figure: what else the machine does only ever adds to it."""
    return {name: min(one[name] for one in found) for name in found[0]}


def _ingest(engine: Engine, path: Path, size: Size, *, seed: int) -> tuple[dict[str, float], int]:
    """Write and load a log, then load some snapshots more; return milliseconds, and the run."""
    run = write_log(
        path,
        snapshots=size.snapshots,
        classes=size.classes,
        images_per_class=IMAGES,
        seed=seed,
        name=f"growth {seed}",
        network="wide",
        layers=LAYERS,
        filters=size.filters,
        every=EVERY,
        state="recording",
    )
    begun = time.perf_counter()
    report = load_log(engine, path)
    load = (time.perf_counter() - begun) * 1000 / size.snapshots
    for _ in range(APPENDED):
        append_snapshot(path, run=run)
    begun = time.perf_counter()
    load_log(engine, path)
    later = (time.perf_counter() - begun) * 1000 / APPENDED
    return {LOAD: load, APPEND: later}, report.run_id


def _asked(engine: Engine, run_id: int) -> dict[str, float]:
    """Return the milliseconds of the five look-ups, into numpy: the least of some medians."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    with Session(engine) as session:
        shapes = look_ups(session, run_id)
        chosen = {
            name: next(ask for shape, ask in shapes.items() if shape.startswith(start))
            for name, start in ASKED.items()
        }
        rounds = [{name: timed(ask).p50 for name, ask in chosen.items()} for _ in range(ROUNDS)]
        return _quickest(rounds)


def _table(curve: Curve) -> Table:
    table = Table(title=f"milliseconds by the number of {curve.dimension}")
    table.add_column("")
    for size in curve.sizes:
        table.add_column(f"{size:,}", justify="right")
    table.add_column("growth at the end ~ n^", justify="right")
    for name, values in curve.figures.items():
        cells = [f"{value:,.2f}" for value in values]
        table.add_row(name, *cells, f"{curve.exponent(name):.2f}")
    return table


if __name__ == "__main__":
    typer.run(command)
