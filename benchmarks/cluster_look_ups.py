"""Every look-up of a run on a cluster and on one server: are the answers the same, and how fast?"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.binary import reading
from benchmarks.queries import besides, look_ups
from benchmarks.report import Row, summary
from db.queries.measurements import (
    class_results,
    filter_history,
    filter_stats,
    layer_shapes,
    peaks,
    snapshots,
)
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import compare, findings, structure

REPEATS = 40
WARM_UP = 8
AT_MOST = 1.5
# Look-ups that read nothing of the nodes: the coordinator's own tables, as on one server.
_ON_COORDINATOR = (
    "layer-stat: one of all layers",
    "class-stat: all classes",
    "class-stat: one class",
    "snapshots",
    "flips",
    "image classes",
    "training loss of every iteration",
)


def every_look_up(session: Session, run_id: int) -> dict[str, Callable[[], Any]]:
    """Return each look-up of the large tables, besides those of `benchmarks.queries`."""
    key: dict[str, Any] = {"session": session, "run_id": run_id}
    iterations = snapshots.iterations(session, run_id=run_id)
    middle = int(iterations[len(iterations) // 2])
    layers = list(range(len(structure.layers(session, run_id=run_id))))
    several = iterations[:: max(1, len(iterations) // 5)].tolist()
    change: dict[str, Any] = {"quantity": "cosine_change"}
    return {
        **look_ups(session, run_id),
        **besides(session, run_id),
        "results of a snapshot": lambda: compare.results_at(iteration=middle, **key),
        "predictions of a snapshot": lambda: SnapshotPredictions(**key).at(middle),
        "last filters": lambda: findings.last_filters(snapshots=3, **change, **key),
        "peaks of all snapshots": lambda: peaks.all_peaks(**change, **key),
        "peaks of some": lambda: peaks.top_filters_at(iterations=several, **change, **key),
        "histograms": lambda: sorted(
            layer_shapes.layer_histograms(quantity="weight", layers=layers, **key)
        ),
        "bands": lambda: layer_shapes.layer_bands(layers=layers, snapshots=len(iterations), **key),
        "one filter's history": lambda: filter_history.filter_history(layer_id=3, filter=1, **key),
        "one filter's ranks": lambda: filter_history.filter_ranks(
            layer_id=3, filter=1, iterations=several, **change, **key
        ),
        "filters of a snapshot": lambda: filter_stats.filters_at(
            iteration=middle, layers=np.arange(3), filters=np.zeros(3, int), **change, **key
        ),
        "images of the last class": lambda: class_results.class_images(
            class_id=len(structure.classes(session, run_id=run_id)) - 1, **key
        ),
    }


def compare_look_ups(alone: Engine, spread: Engine, run_id: int) -> Iterator[Row]:
    """Compare every look-up within one transaction, and one as a request asks: with its own."""
    ratios: dict[str, float] = {}
    with reading(alone) as one, reading(spread) as many:
        pairs = zip(
            every_look_up(one, run_id).items(), every_look_up(many, run_id).values(), strict=True
        )
        for (name, first), second in pairs:
            row = _by_turns(name, first, second)
            ratios[name] = row.ratio or math.nan
            yield row
    yield _mean("all look-ups, geometric mean of the ratios", list(ratios.values()))
    asked = [ratio for name, ratio in ratios.items() if name not in _ON_COORDINATOR]
    yield _mean("those that ask the nodes, geometric mean", asked)
    first, second = (partial(_one_request, engine, run_id) for engine in (alone, spread))
    yield _by_turns("one filter's history, with the transaction around it", first, second)


def _by_turns(name: str, first: Callable[[], Any], second: Callable[[], Any]) -> Row:
    """Time both by turns: what else the machine does counts for both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    equal = True
    for _ in range(REPEATS + WARM_UP):
        found = []
        for place, look_up in enumerate((first, second)):
            start = time.perf_counter()
            found.append(look_up())
            times[place].append((time.perf_counter() - start) * 1000)
        equal &= same(*found)
    reference, figure = (summary(values[WARM_UP:]).p50 for values in times)
    return Row(f"{name}, p50", figure, "ms", reference, "equal", equal)


def _one_request(engine: Engine, run_id: int) -> Any:
    with reading(engine) as session:
        return filter_history.filter_history(session, run_id=run_id, layer_id=3, filter=1)


def _mean(what: str, ratios: Sequence[float]) -> Row:
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return Row(what, mean, "x", 1.0, f"at most {AT_MOST} x", mean <= AT_MOST)


def same(one: Any, other: Any) -> bool:
    """Return whether two answers have the same bytes."""
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return bool(alike and one.tobytes() == other.tobytes())
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
