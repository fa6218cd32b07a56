"""How fast the five look-ups are answered, into numpy, with one run stored and with twenty.

`python -m benchmarks.queries --scale 0.1`. The run is a synthetic one; at scale 1 it is of the
reference scale (about 1 GB). The other nineteen are reduced: they have the same layers, classes and
images, but a twentieth of the snapshots. Every look-up goes round several layers, filters,
iterations or classes, so that it is not the same rows that are read each time. The reference reads
one bytea of the same size.
"""

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, Timing, main, summary, timed
from db.engine import make_engine
from db.queries.measurements import (
    class_results,
    filter_stats,
    layer_stats,
    peaks,
    scalars,
    snapshots,
)
from db.queries.runs import runs, structure
from db.raw import fetch
from ingest.pipeline import load_log

REPEATS = 40
WARM_UP = 6
OTHER_RUNS = 19
SNAPSHOTS = 840
LookUp = Callable[[], Any]


def measure(scale: float) -> Iterator[Row]:
    """Load a run and time the look-ups; load the others and compare with a copy from before."""
    with tempfile.TemporaryDirectory(prefix="deeptracker-log-") as name, benchmark_engine() as many:
        folder = Path(name)
        run_id = _load(many, folder / "run", scale=scale, name="the run")
        with _copy(many) as one:
            with Session(one) as session:
                yield from _alone(session, run_id)
            for number in range(OTHER_RUNS):
                short = max(2, SNAPSHOTS // (OTHER_RUNS + 1))
                path = folder / f"other{number}"
                _load(many, path, scale=scale, snapshots=short, seed=1 + number, name=path.name)
                shutil.rmtree(path)
            with Session(one) as alone, Session(many) as among:
                yield from _among_others(alone, among, run_id)


def _alone(session: Session, run_id: int) -> Iterator[Row]:
    for name, look_up in look_ups(session, run_id).items():
        yield from _rows(name, timed(look_up, repeats=REPEATS), _reference(session, look_up))
    for name, look_up in besides(session, run_id).items():
        yield Row(f"besides: {name}, p50", timed(look_up).p50, "ms")


def _among_others(alone: Session, among: Session, run_id: int) -> Iterator[Row]:
    """Time both databases by turns: what else the machine does counts for both alike."""
    pairs = zip(look_ups(alone, run_id).items(), look_ups(among, run_id).values(), strict=True)
    for (name, first), second in pairs:
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(REPEATS + WARM_UP):
            for place, look_up in enumerate((first, second)):
                start = time.perf_counter()
                look_up()
                times[place].append((time.perf_counter() - start) * 1000)
        one, many = (summary(values[WARM_UP:]).p50 for values in times)
        what = f"{name}, p50 with {OTHER_RUNS} reduced runs more"
        yield Row(what, many, "ms", one, "at most 1.5 x", many <= 1.5 * one)


@contextmanager
def _copy(engine: Engine) -> Iterator[Engine]:
    """Yield an engine on a copy of the database as it is now."""
    url = engine.url
    own = url.set(database=f"{url.database}_copy")
    engine.dispose()  # nobody may be connected to what is copied
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {own.database} TEMPLATE {url.database}"))
    copied = make_engine(own.render_as_string(hide_password=False))
    try:
        yield copied
    finally:
        copied.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {own.database} WITH (FORCE)"))
        admin.dispose()


def _load(engine: Engine, path: Path, *, scale: float, **options: Any) -> int:
    manifest = write_log(path, scale=scale, **options).manifest
    report = load_log(engine, path)
    if report.bad:
        raise report.bad[0]
    # What autovacuum does within a minute on a server that stays up.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
    with Session(engine) as session:
        return runs.get_run_by_uuid(session, uuid=manifest.run).id


def _rows(name: str, timing: Timing, reference: Timing) -> Iterator[Row]:
    yield Row(
        f"{name}, p50",
        timing.p50,
        "ms",
        reference.p50,
        "at most 25 ms or 3 x",
        timing.p50 <= 25 or timing.p50 <= 3 * reference.p50,
    )
    yield Row(f"{name}, p95", timing.p95, "ms", None, "at most 80 ms", timing.p95 <= 80)


def _around(values: Sequence[Any], look_up: Callable[[Any], Any]) -> LookUp:
    turn = itertools.cycle(values)
    return lambda: look_up(next(turn))


def look_ups(session: Session, run_id: int) -> dict[str, LookUp]:
    """Return the five look-ups, most of them in two shapes."""
    layers = structure.layers(session, run_id=run_id)
    iterations = snapshots.iterations(session, run_id=run_id)
    widest = np.flatnonzero(layers.filters == layers.filters.max()).tolist()
    classes = range(len(structure.classes(session, run_id=run_id)))
    key: dict[str, Any] = {"run_id": run_id}
    return {
        "layer-stat: all of one layer": _around(
            range(len(layers)),
            lambda at: layer_stats.layer_stat(session, layer_id=at, quantity="update", **key),
        ),
        "layer-stat: one of all layers": _around(
            ("mean", "l2", "std", "maximum"),
            lambda at: layer_stats.layer_profile(session, quantity="weight", statistic=at, **key),
        ),
        f"layer-filter: {layers.filters.max():,} filters": _around(
            widest,
            lambda at: filter_stats.layer_filters(
                session, layer_id=at, quantity="cosine_change", **key
            ),
        ),
        "layer-filter: one filter": _around(
            range(0, int(layers.filters.max()), 7),
            lambda at: filter_stats.one_filter(
                session, layer_id=widest[0], filter=at, quantity="cosine_change", **key
            ),
        ),
        "iteration-filter: top 50": _around(
            iterations.tolist(),
            lambda at: peaks.top_filters(session, iteration=at, quantity="cosine_change", **key),
        ),
        "class-stat: all classes": lambda: snapshots.class_errors(session, **key),
        "class-stat: one class": _around(
            classes, lambda at: snapshots.class_error(session, class_id=at, **key)
        ),
        "class-image: one class": _around(
            classes, lambda at: class_results.class_images(session, class_id=at, **key)
        ),
    }


def besides(session: Session, run_id: int) -> dict[str, LookUp]:
    """Return what a page asks for besides."""
    return {
        "snapshots": lambda: snapshots.snapshots(session, run_id=run_id),
        "flips": lambda: snapshots.flips(session, run_id=run_id),
        "image classes": lambda: structure.image_classes(session, run_id=run_id),
        "training loss of every iteration": lambda: scalars.scalar(
            session, run_id=run_id, name="train_loss"
        ),
    }


def _reference(session: Session, look_up: LookUp) -> Timing:
    """Time reading one bytea of the size of what the look-up returns."""
    size = _size(look_up())
    session.execute(text("CREATE TEMPORARY TABLE plain (data bytea STORAGE EXTERNAL)"))
    session.execute(
        text("INSERT INTO plain VALUES (:data)"), {"data": np.random.default_rng(0).bytes(size)}
    )
    query = "SELECT data FROM plain"
    try:
        return timed(lambda: np.frombuffer(fetch(session, query, {})[0][0], "u1"), repeats=REPEATS)
    finally:
        session.execute(text("DROP TABLE plain"))


def _size(found: Any) -> int:
    if isinstance(found, np.ndarray):
        return found.nbytes
    return sum(value.nbytes for value in vars(found).values() if value is not None)


if __name__ == "__main__":
    main("queries", measure)
