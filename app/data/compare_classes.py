"""The errors of the classes of two compared runs, and by what they differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments
from app.binary import Arrays
from app.data import pooling
from app.data.aligned import aligned_runs, read_alignment, read_pair
from app.data.pooling import Columns, read_columns
from db.queries.runs import structure
from ingest.analysis.class_errors import ClassErrors
from ingest.analysis.compare import difference, match_names

Ints = NDArray[np.int32]
SIDES = ("first", "second")
# Of a class at a tick: both errors and their difference, at half precision.
_BYTES = 3 * 2
# Classes whose differences are looked at together: few megabytes at a time.
_TOGETHER = 512


def classes(
    session: Session, run_ids: Sequence[int], arguments: Arguments
) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve the class errors of two runs, matched by name, and their difference.

    Arguments: align, first, second, from, to (ticks, both optional). Arrays: iteration i4 [K];
    ticks.first, ticks.second and ticks.difference i4 (the ticks that each covers); first, second f2
    [M, its ticks], shares 0..1; difference [M, its ticks], second - first, f4, or f2 where that is
    too large. NaN: no images, or not validated.

    Where all that is too large (app/data/pooling.py), or a range is asked for, they have fewer
    columns, of the errors the highest of each, of the difference the one furthest from 0; then also
    column, column.first, column.second and column.difference i4 (the column of each of the ticks,
    -1: not asked for), and mean f4 [M], the mean difference over all ticks, where NaN counts as 0.

    meta: names [M], class_sizes of both, lone names; only with `column` also pooled (the most ticks
    of a column), and ends, the highest error and the size of the largest difference of all ticks.
    """
    pair = read_pair(arguments, len(run_ids))
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    found = [structure.classes(session, run_id=run_ids[place]) for place in pair]
    matched = match_names([one.names for one in found])
    errors = [
        _chosen(analysis_of(session, run_ids[place]).class_errors(session), own)
        for place, own in zip(pair, matched.places, strict=True)
    ]
    ticks = runs.axis.ticks
    shown = read_columns(arguments, ticks, bytes_a_column=_BYTES * len(matched.names))
    held = [runs.axis.columns[place] for place in pair]
    arrays, ends = class_arrays(errors, held, ticks, shown)
    about: dict[str, Any] = {
        **runs.about,
        "pair": pair,
        "names": matched.names,
        "class_sizes": [error.sizes.tolist() for error in errors],
        "lone": matched.lone,
        "counts": [len(one) for one in found],
    }
    return arrays, about if shown.whole else {**about, "pooled": shown.most, "ends": ends}


def class_arrays(
    errors: Sequence[ClassErrors], held: Sequence[Ints], ticks: Ints, shown: Columns
) -> tuple[dict[str, NDArray[Any]], list[float]]:
    """Return the arrays of `classes` of two runs with the same classes, and its ends.

    `held` are the snapshot that each run has at each tick, i4 [K]; -1: none.
    """
    there = [own >= 0 for own in held]
    both = there[0] & there[1]
    arrays: dict[str, NDArray[Any]] = {"iteration": ticks}
    for name, covered in zip((*SIDES, "difference"), (*there, both), strict=True):
        arrays[f"ticks.{name}"] = ticks[covered]
        if not shown.whole:
            arrays[f"column.{name}"] = shown.among(covered).column()
    for name, error, own in zip(SIDES, errors, held, strict=True):
        arrays[name] = _highest(error, own, shown).astype(np.float16)
    parts = list(_differences(errors, [own[both] for own in held], shown.among(both)))
    precision = _precision(len(errors[0].sizes), len(ticks))
    arrays["difference"] = np.concatenate([part for part, _, _ in parts]).astype(precision)
    if not shown.whole:
        arrays["column"] = shown.column()
        arrays["mean"] = np.concatenate([mean for _, mean, _ in parts])
    highest = max(_end(error, own) for error, own in zip(errors, held, strict=True))
    return arrays, [highest, max(end for _, _, end in parts)]


def _chosen(errors: ClassErrors, places: Ints) -> ClassErrors:
    return ClassErrors(errors.wrong[places], errors.sizes[places])


def _at(values: NDArray[Any], held: Ints) -> NDArray[Any]:
    """Return values [n, T] at some snapshots, not copied where these follow each other."""
    if len(held) and (np.diff(held) == 1).all():
        return values[:, held[0] : held[-1] + 1]
    return values[:, held]


def _highest(errors: ClassErrors, held: Ints, shown: Columns) -> NDArray[np.float32]:
    """Return the highest error of each column, of the ticks where the run has a snapshot."""
    there = held >= 0
    wrong = shown.among(there).pooled(_at(errors.wrong, held[there]), np.maximum)
    return ClassErrors(wrong, errors.sizes).error()


def _end(errors: ClassErrors, held: Ints) -> float:
    """Return the highest error of all classes at all ticks; 0 where none is known."""
    wrong = _at(errors.wrong, held[held >= 0])
    if not wrong.size:
        return 0.0
    highest = ClassErrors(wrong.max(axis=1, keepdims=True), errors.sizes).error()
    return float(np.nan_to_num(highest).max())


def _differences(
    errors: Sequence[ClassErrors], held: Sequence[Ints], shown: Columns
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], float]]:
    """Yield of some classes at a time the differences [n, columns], each the one furthest from 0,
    their means over all ticks [n], and the size of the largest. At least one part.
    """
    for start in range(0, max(1, len(errors[0].sizes)), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        parts = [
            ClassErrors(_at(one.wrong[some], own), one.sizes[some]).error()
            for one, own in zip(errors, held, strict=True)
        ]
        gaps = difference(*parts)
        known = np.where(np.isnan(gaps), np.float32(0), gaps)
        mean = known.sum(axis=1) / max(1, known.shape[1])
        end = float(np.abs(known).max(initial=0.0))
        yield shown.largest(gaps), mean.astype(np.float32), end


def _precision(classes: int, ticks: int) -> type[np.floating[Any]]:
    """Return how differences are sent: exactly, where that and both errors are not too much."""
    exact = (_BYTES + 2) * classes * ticks <= pooling.MOST_BYTES
    return np.float32 if exact else np.float16
