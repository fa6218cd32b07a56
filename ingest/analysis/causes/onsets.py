"""Where something may have begun that no rule has a threshold for: change points of a few series.

A change point is where the median of the next snapshots lies many usual steps from that of the ones
before. They are no findings: only where a cause fits what is seen there do they tell anything.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.causes.event import AROUND, RunSeries
from ingest.analysis.causes.mutual import LEAST, Pairs, most_mutual
from ingest.analysis.health import robust
from ingest.analysis.health.history import Floats, History

# So many usual steps make a change point; of each series the strongest few are looked at.
_STEPS, _MOST = 5.0, 2
# Predictions are looked at in so many places, and halfway where something changed between two.
_LOOKS = 9


def onsets(run: RunSeries) -> list[int]:
    """Return the places, rising, at which a change may have begun."""
    history = run.history
    found: set[int] = set()
    for series, floor in _series(run):
        found.update(change_points(series, floor=floor))
    found.update(_lowest_validation_loss(run))
    found.update(_rate_rises(history))
    found.update(_exchanges(run))
    place = np.searchsorted(
        history.iteration, np.asarray(run.resumed or (), np.int64), side="right"
    )
    found.update(int(at) for at in place if at < history.snapshots)
    return sorted(found)


def change_points(series: Floats, *, floor: float) -> list[int]:
    """Return the strongest change points of a series [T], each at least AROUND apart."""
    ahead = robust.usual(series, AROUND)
    behind = _next_median(series)
    step = robust.noise(series, 4 * AROUND, floor=floor)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        height = np.nan_to_num(np.abs(behind - ahead) / step)
    found: list[int] = []
    while len(found) < _MOST:
        at = int(height.argmax()) if len(height) else 0
        if not len(height) or height[at] < _STEPS:
            break
        # The median sees a step one ahead of it.
        early = abs(series[at] - ahead[at]) < 0.5 * abs(behind[at] - ahead[at])
        found.append(min(at + 1, len(series) - 1) if early else at)
        height[max(0, at - AROUND) : at + AROUND + 1] = 0
    return found


def _next_median(series: Floats) -> Floats:
    """Return the median of each value and the two after it, f8 [T]."""
    padded = np.concatenate([series, [np.nan, np.nan]])
    return robust.quiet_median(np.lib.stride_tricks.sliding_window_view(padded, 3))


def _series(run: RunSeries) -> Iterator[tuple[Floats, float]]:
    """Yield series that show when something begins, each with the least that is a step of it."""
    history, train, validation = run.history, run.train_loss, run.validation_loss
    yield train, 0.02
    yield validation, 0.02
    yield validation - train, 0.02
    yield history.validation_error, 0.01
    usual = run.usual_layers
    if len(usual):
        weight = run.norms[usual]
        yield robust.quiet_median(run.steps, axis=0), 0.05
        yield robust.quiet_median(run.gradients, axis=0), 0.05
        yield np.diff(robust.quiet_median(weight, axis=0), prepend=np.nan), 1e-4
        yield np.diff(np.nan_to_num(weight).max(axis=0), prepend=np.nan), 1e-3
        zeros = history.layer("gradient", "zero_share")[usual]
        yield np.where(np.isfinite(zeros), zeros, 0.0).max(axis=0), 0.02
    yield from ((row, 0.5 / max(size, 1)) for row, size in _worst_classes(history))


def _worst_classes(history: History) -> list[tuple[Floats, float]]:
    """Return the errors of the classes that end worst against what they had reached, with sizes."""
    error, size = history.class_error, history.class_size
    if error.shape[1] < 2 * AROUND:
        return []
    best = np.fmin.reduce(error, axis=1)
    lost = robust.quiet_median(error[:, -AROUND:]) - best
    order = np.argsort(-np.nan_to_num(lost * size), kind="stable")[:3]
    return [(error[c], float(size[c])) for c in order if np.isfinite(lost[c])]


def _lowest_validation_loss(run: RunSeries) -> list[int]:
    """Return where the validation loss was lowest, if it rises for good afterwards."""
    loss = robust.smooth(run.validation_loss, 3)
    if not np.isfinite(loss).any():
        return []
    at = int(np.nanargmin(loss))
    end = float(robust.quiet_median(loss[-AROUND:]))
    return [at] if at < run.history.snapshots - AROUND and end - loss[at] >= 0.05 else []


def _rate_rises(history: History) -> list[int]:
    """Return the first snapshots that can show a rise of the logged learning rate by half."""
    logged = history.logged.get("learning_rate")
    if logged is None:
        return []
    known = np.isfinite(logged.values) & (logged.values > 0)
    values, iterations = logged.values[known], logged.iterations[known]
    rises = _largest(values[1:] / values[:-1]) + 1 if len(values) > 1 else np.zeros(0, np.int64)
    place = np.searchsorted(history.iteration, iterations[rises])
    return [int(at) for at in place if at < history.snapshots]


def _largest(steps: Floats) -> NDArray[np.int64]:
    """Return the places of the largest rises by half or more, at most 2 x _MOST of them."""
    order = np.argsort(-steps, kind="stable")[: 2 * _MOST]
    return order[steps[order] >= 1.5]


def _exchanges(run: RunSeries) -> list[int]:
    """Return where two classes begin to be predicted as each other, by halving between looks."""
    history = run.history
    size, validated = (
        history.class_size,
        np.flatnonzero((~np.isnan(history.class_error)).any(axis=0)),
    )
    if len(size) < 3 or len(validated) < _LOOKS:
        return []

    def mutual(at: int) -> Pairs:
        return run.pairs(int(validated[at])) or {}

    looks = np.linspace(0, len(validated) - 1, _LOOKS).astype(int)
    found, before = set(), mutual(int(looks[0]))
    for low, high in pairwise(looks.tolist()):
        now = mutual(int(high))
        pair, share = most_mutual(now)
        if share >= 0.5 and before.get(pair, 0.0) < LEAST:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (low, middle) if mutual(middle).get(pair, 0.0) >= LEAST else (middle, high)
                )
            found.add(int(validated[high]))
        before = now
    return sorted(found)
