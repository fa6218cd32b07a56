"""What changed between two snapshots of a run: scores, images, classes, layers and filters."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.data.nearest import nearest
from db.queries.measurements import filter_stats, layer_stats, peaks, snapshots
from db.queries.measurements.scalars_at import scalars_at
from db.queries.runs import structure
from db.queries.runs.compare import Results, results_at
from deeptracker.format import NOT_VALIDATED, SERIES
from ingest.analysis.health.rules.machine import PREFIX

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Pair = tuple[float, float]
MOST, MOST_SCORES = 20, 40


@dataclass(frozen=True)
class Classes:
    """The classes whose error changed, the largest change first: id, error before and after."""

    class_id: Ints
    before: Floats
    after: Floats


@dataclass(frozen=True)
class Images:
    """Images that were learned or forgotten between the two, the surest first.

    By image id: true class, what was predicted before and after, and the probability of the true
    class, NaN where it is not known.
    """

    image: Ints
    true: Ints
    before: Ints
    after: Ints
    probability_before: Floats
    probability_after: Floats


@dataclass(frozen=True)
class Layers:
    """The layers, the largest relative change of the weights' norm first; id, norm and std."""

    layer_id: Ints
    norm_before: Floats
    norm_after: Floats
    std_before: Floats
    std_after: Floats


@dataclass(frozen=True)
class Filters:
    """Filters that were often among the most changed of a snapshot on the way, the most first.

    `way` is the sum of their relative changes at these `times` snapshots.
    """

    layer_id: Ints
    filter: Ints
    way: Floats
    times: Ints
    norm_before: Floats
    norm_after: Floats


@dataclass(frozen=True)
class Change:
    """What became of a run from the snapshot `before` to that of `after`.

    `scores` are scalars before and after, NaN where none was logged by then. `learned` and
    `forgotten` count images, None where not both were validated.
    """

    before: int
    after: int
    scores: dict[str, Pair]
    learned: int | None
    forgotten: int | None
    classes: Classes
    images: Images
    layers: Layers
    filters: Filters


def moments(iterations: Ints, cursor: int | None, pins: list[int]) -> tuple[int, int] | None:
    """Return the snapshots before and after: those nearest to the cursor and to the last pin.

    Without a cursor the last snapshot; without a pin elsewhere the snapshot ahead of the cursor's
    (or after it, at the first). None where there are not two snapshots.
    """
    if len(iterations) < 2:
        return None
    at = len(iterations) - 1 if cursor is None else nearest(iterations, cursor)
    other = next((p for p in (nearest(iterations, pin) for pin in reversed(pins)) if p != at), -1)
    if other < 0:
        other = at - 1 if at else 1
    first, last = sorted((at, other))
    return int(iterations[first]), int(iterations[last])


def change(
    session: Session, run_id: int, before: int, after: int, *, most: int | None = MOST
) -> Change:
    """Return what changed from one snapshot of a run to a later one; None: all that did."""
    was, now = (results_at(session, run_id=run_id, iteration=at) for at in (before, after))
    both = _both(was, now)
    learned = both & ~was.correct & now.correct
    forgotten = both & was.correct & ~now.correct
    validated = was.validated and now.validated
    return Change(
        before,
        after,
        _scores(session, run_id, before, after),
        int(learned.sum()) if validated else None,
        int(forgotten.sum()) if validated else None,
        _classes(session, run_id, before, after, most),
        images_apart(was, now, np.flatnonzero(learned | forgotten), most),
        _layers(session, run_id, before, after, most),
        _filters(session, run_id, before, after, most),
    )


def _both(was: Results, now: Results) -> NDArray[np.bool_]:
    return (was.prediction != NOT_VALIDATED) & (now.prediction != NOT_VALIDATED)


def _scores(session: Session, run_id: int, before: int, after: int) -> dict[str, Pair]:
    """Return the values of scalars that were logged last up to both."""
    rows = analysis_of(session, run_id).scalar_rows(session)
    asked = {name: rows[name] for name in chosen_scalars(rows)}
    found = scalars_at(session, run_id=run_id, rows=asked, iterations=[before, after])
    return {name: (float(was), float(now)) for name, (was, now) in found.items()}


def chosen_scalars(names: Collection[str]) -> list[str]:
    """Return which scalars are said, at most MOST_SCORES, those that views know first.

    Without what the machine did: its changes are none of the training.
    """
    known = [name for name in SERIES if name in names]
    others = [name for name in names if name not in SERIES and not name.startswith(PREFIX)]
    return [*known, *others][:MOST_SCORES]


def _classes(session: Session, run_id: int, before: int, after: int, most: int | None) -> Classes:
    # Of two snapshots: those of all of a run are 80 MB at ten thousand classes and 2,000 of them.
    was, now = snapshots.class_errors_at(session, run_id=run_id, iterations=(before, after))
    if len(was) != len(now):  # one of the two says nothing of classes
        return classes_apart(now[:0], now[:0], most)
    return classes_apart(was, now, most)


def classes_apart(before: Floats, after: Floats, most: int | None) -> Classes:
    """Return the classes whose errors [C] differ, the largest difference first."""
    width = np.nan_to_num(np.abs(after - before))
    changed = np.flatnonzero(width > 0)
    order = changed[np.argsort(-width[changed], kind="stable")][:most]
    return Classes(order, before[order], after[order])


def images_apart(was: Results, now: Results, changed: Ints, most: int | None) -> Images:
    """Return some images, those whose probabilities differ most first."""
    step = np.abs(now.probability[changed] - was.probability[changed])
    # Where probabilities are not known, in the order of the data.
    order = changed[np.argsort(-np.nan_to_num(step, nan=-1.0), kind="stable")][:most]
    return Images(
        order,
        was.image_class[order],
        was.prediction[order],
        now.prediction[order],
        was.probability[order],
        now.probability[order],
    )


def _layers(session: Session, run_id: int, before: int, after: int, most: int | None) -> Layers:
    (was, now), (narrow, wide) = layer_stats.profile_at(
        session,
        run_id=run_id,
        quantity="weight",
        statistics=("l2", "std"),
        iterations=(before, after),
    )
    order = by_factor(was, now, most)
    return Layers(order, was[order], now[order], narrow[order], wide[order])


def by_factor(before: Floats, after: Floats, most: int | None) -> Ints:
    """Return the places of norms, those with the largest factor between both first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.abs(np.log(after / before))
    return np.argsort(-np.nan_to_num(factor, nan=-1.0, posinf=np.inf), kind="stable")[:most]


def _filters(session: Session, run_id: int, before: int, after: int, most: int | None) -> Filters:
    found = peaks.peaks_between(
        session, run_id=run_id, after=before, until=after, quantity="relative_change"
    )
    offsets = structure.layers(session, run_id=run_id).filter_offset
    key, place = np.unique(
        offsets[found.layer_id].astype(np.int64) + found.filter, return_inverse=True
    )
    way = np.bincount(place, found.value, len(key)).astype(np.float64)
    times: Ints = np.bincount(place, minlength=len(key))
    order = np.argsort(-way, kind="stable")[:most]
    layers = (np.searchsorted(offsets, key[order], side="right") - 1).astype(np.int32)
    numbers = key[order] - offsets[layers] if len(order) else key[order]
    was, now = (
        filter_stats.filters_at(
            session,
            run_id=run_id,
            iteration=at,
            layers=layers,
            filters=numbers,
            quantity="weight_l2",
        )
        for at in (before, after)
    )
    return Filters(layers, numbers, way[order], times[order], was, now)
