"""The classes that an answer is about: whose images are lost, and what they are predicted as."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.causes.event import TakenFor
from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names
from ingest.analysis.health.history import History
from ingest.analysis.health.sentences import Said, say
from ingest.analysis.health.words import as_times

MOST_NAMED = 3
# Over four snapshots on end, the output unit of a class rarely changes so many times as much as the
# others': at 1 to 6 of 100 places of a training that goes well.
UNIT_APART, UNIT_LASTS = 2.5, 4


def involved_classes(
    history: History,
    at: int,
    evidence: Sequence[Finding],
    names: Names,
    taken_for: TakenFor,
) -> tuple[list[int], list[Said]]:
    """Return the classes that a group of findings is about, the most affected first, and words.

    A class is affected by the images it loses (the lasting rise of its error), and by the images of
    other classes that are newly predicted as it.
    """
    classes = len(history.class_size)
    lost = np.zeros(classes)
    for finding in evidence:
        if finding.rule == "class-collapse":
            ids = list(finding.classes)
            place = int(np.searchsorted(history.iteration, finding.start))
            lost[ids] = np.maximum(lost[ids], _lost(history, ids, place))
    taken = _newly_taken(history, at, taken_for)
    size = history.class_size[history.class_size > 0]
    least = max(3.0, 0.1 * float(np.median(size))) if len(size) else 3.0
    apart = output_units_apart(history, at)
    collapsed = [i for i in _falling(lost) if lost[i] >= least]
    attracting = [i for i in _falling(taken) if taken[i] >= 2 * least]
    relearned = [i for i in _falling(apart) if apart[i] >= UNIT_APART]
    others = [i for f in evidence for i in f.classes if f.rule in ("anomaly", "mass-forgetting")]
    order = [*collapsed, *relearned[:2], *attracting[:1], *others, *relearned[2:], *attracting[1:]]
    named = list(dict.fromkeys(order))
    words = []
    if attracting and attracting[0] in named[:MOST_NAMED]:
        words.append(
            say(
                "attracting-class",
                images=f"{taken[attracting[0]]:.0f}",
                classes=names.of_classes(attracting[:1]),
            )
        )
    if relearned and relearned[0] in named[:MOST_NAMED]:
        words.append(
            say(
                "relearned-class",
                classes=names.of_classes(relearned[:1]),
                times=as_times(apart[relearned[0]]),
            )
        )
    return named, words


def output_units_apart(history: History, at: int) -> NDArray[np.float64]:
    """Return by class how many times as much its output unit changed as the others', f8 [C].

    The geometric mean over UNIT_LASTS snapshots from `at` on (fewer where the run ends; two at
    least): single steps differ by the classes that happen to be in their batch, a fault lasts. 0
    where the unit did not also change so much more than it usually did itself. The output units are
    the filters of the last layer where there is one for each class: what a class's images (or
    labels) do to the weights shows there first.
    """
    classes = len(history.class_size)
    found = np.zeros(classes)
    layers = np.flatnonzero(~history.apart)
    if not len(layers) or classes < 3:
        return found
    layer = int(layers[-1])
    if history.filter_offset[layer + 1] - history.filter_offset[layer] != classes:
        return found
    length = robust.window(history.snapshots)
    first, last = max(0, at - length), min(history.snapshots, at + UNIT_LASTS)
    change = np.stack([_changes(history, layer, classes, t) for t in range(first, last)])
    with np.errstate(invalid="ignore", divide="ignore"):
        logged = np.log(np.where(change > 0, change, np.nan))
        apart = logged - robust.quiet_median(logged, axis=1)[:, None]
    past, now = logged[: at - first], apart[at - first :]
    if len(past) < 3 or len(now) < 2:
        return found
    more = logged[at - first :].mean(axis=0) - robust.quiet_median(past, axis=0)
    times = np.exp(now.mean(axis=0))
    fits = np.isfinite(times) & (more >= np.log(UNIT_APART))
    return np.where(fits, times, 0.0)


def _changes(history: History, layer: int, filters: int, at: int) -> NDArray[np.float64]:
    """Return the relative change of the filters of a layer at a snapshot, f8 [filters].

    Those that are not among the peaks changed at most as much as the smallest of these; NaN where
    there are none.
    """
    peaks = history.relative_change
    if at >= len(peaks.start) - 1:
        return np.full(filters, np.nan)
    part = slice(int(peaks.start[at]), int(peaks.start[at + 1]))
    value = peaks.value[part].astype(np.float64)
    found = np.full(filters, value.min() if len(value) else np.nan)
    mine = peaks.layer[part] == layer
    found[peaks.filter[part][mine]] = value[mine]
    return found


def _falling(values: NDArray[np.float64]) -> list[int]:
    return [int(i) for i in np.argsort(-values, kind="stable")]


def _lost(history: History, ids: list[int], at: int) -> NDArray[np.float64]:
    """Return how many images more than before the classes `ids` get wrong shortly after `at`."""
    error = history.class_error[ids]
    before = robust.quiet_median(error[:, max(0, at - 5) : at])
    after = np.nanmax(error[:, at : at + 5], axis=1)
    return np.nan_to_num((after - before) * history.class_size[ids])


def _newly_taken(history: History, at: int, taken_for: TakenFor) -> NDArray[np.float64]:
    """Return by class how many images of others are predicted as it at `at`, not before.

    Where that was not validated, at the next snapshot that was.
    """
    classes = len(history.class_size)
    validated = np.flatnonzero((~np.isnan(history.class_error)).any(axis=0))
    next_one = int(np.searchsorted(validated, at))
    if not 0 < next_one < len(validated):
        return np.zeros(classes)
    now, before = (taken_for(int(place)) for place in validated[[next_one, next_one - 1]])
    if now is None or before is None:
        return np.zeros(classes)
    counts = [
        np.bincount(prediction[(prediction != label) & (prediction >= 0)], minlength=classes)
        for label, prediction in (now, before)
    ]
    return np.asarray(counts[0] - counts[1], np.float64)
