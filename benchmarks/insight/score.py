"""How well an answer names what was planted, and what the loss curve alone would have told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.insight.faults import Truth
from ingest.analysis.answer import Answer
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.history import Floats, History

FIRST = 3
_CAUSES = 2
# Against which a series must stand out for a fault to have shown in it.
_BEFORE = 5


@dataclass(frozen=True)
class Score:
    """What one run scored; None where nothing of the kind was planted.

    `iteration`, `place`, `filters` and `cause` are of one answer, the `rank`-th of the first three
    (None: none is about the fault). `false` is how many findings of high or medium severity a
    control had; `calm`, where it was asked, that none was high at any snapshot while it recorded.
    `by_loss` is what the three largest rises of the training loss say about the
    iteration, as reference. `milliseconds` is how long the whole judgement took.
    """

    iteration: bool | None = None
    place: bool | None = None
    filters: bool | None = None
    cause: bool | None = None
    rank: int | None = None
    false: int | None = None
    calm: bool | None = None
    by_loss: bool | None = None
    milliseconds: float = 0.0


def score(
    truth: Truth,
    *,
    history: History,
    names: Names,
    findings: Sequence[Finding],
    answers: Sequence[Answer],
) -> Score:
    """Hold the first three answers to the truth.

    The iteration is named where an answer begins within one snapshot of where the fault was
    planted, or of where it first shows (see `window`). Place and cause count in that very answer,
    which names at most three classes and three layers: all that were planted must be among them,
    and the cause among its first two. A fault that was there from the first step has no iteration
    to be named; then the best of the three answers counts.
    """
    if not truth.cause:
        return Score(false=len(false_findings(truth, findings)))
    first = list(enumerate(answers[:FIRST], start=1))
    where = window(truth, history)
    about = [
        (rank, answer)
        for rank, answer in first
        if where is None or where.start <= place_of(history, answer.iteration) < where.stop
    ]
    scores = [_of_answer(truth, answer, names, rank) for rank, answer in about]
    nothing = Score(
        iteration=None if where is None else False,
        place=False if truth.layers or truth.classes else None,
        filters=False if truth.filters else None,
        cause=False,
        by_loss=None if where is None else any(at in where for at in loss_rises(history)),
    )
    best = max(scores, key=_good, default=nothing)
    return Score(
        iteration=None if where is None else bool(about),
        place=best.place,
        filters=best.filters,
        cause=best.cause,
        rank=best.rank,
        by_loss=nothing.by_loss,
    )


def _good(one: Score) -> int:
    return sum(value is True for value in (one.place, one.cause, one.filters))


def false_findings(truth: Truth, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of high or medium severity that a healthy training should not have."""
    bad = (Severity.HIGH, Severity.MEDIUM)
    return [f for f in findings if f.severity in bad and f.rule not in truth.tolerated]


def _of_answer(truth: Truth, answer: Answer, names: Names, rank: int) -> Score:
    layers = {names.layer(i) for i in answer.layers}
    filters = {(names.layer(layer), filter_) for layer, filter_ in answer.filters}
    planted = {(truth.layers[0], filter_) for filter_ in truth.filters}
    named = set(truth.layers) <= layers and set(truth.classes) <= set(answer.classes)
    return Score(
        place=named if truth.layers or truth.classes else None,
        filters=planted <= filters if planted else None,
        cause=truth.cause in causes_of(answer)[:_CAUSES],
        rank=rank,
    )


def causes_of(answer: Answer) -> list[str]:
    """Return the names of the causes that an answer gives, the most probable first."""
    return [suspect.cause for suspect in getattr(answer, "causes", ())]


def window(truth: Truth, history: History) -> range | None:
    """Return at which snapshots an answer about the fault may begin; None: there is none to name.

    From one before the first that can show what was planted, to one after the first that does.
    """
    if truth.iteration is None:
        return None
    first = place_of(history, truth.iteration)
    latest = truth.iteration if truth.latest is None else truth.latest
    last = max(place_of(history, latest), _shown(truth, history, first))
    return range(first - 1, last + 2)


def _shown(truth: Truth, history: History, first: int) -> int:
    """Return the first snapshot at which a series leaves the range that it had before."""
    if truth.shows == "class":
        return _above(history.class_error[truth.classes].mean(axis=0), first)
    if truth.shows == "loss":
        return _above(history.train_loss, first)
    if truth.shows == "validation":
        rises = [_above(history.validation_loss, first), _above(-history.validation_loss, first)]
        return min(rises)
    return first


def _above(series: Floats, first: int) -> int:
    before = series[max(0, first - _BEFORE) : first]
    if not np.isfinite(before).any():
        return first
    beyond = np.flatnonzero(~(series[first:] <= np.nanmax(before)))
    return first + int(beyond[0]) if len(beyond) else first


def loss_rises(history: History) -> list[int]:
    """Return where the training loss rises most from one snapshot to the next: three places.

    The first snapshot at which it is no number any more comes first.
    """
    loss = history.train_loss
    rise = np.diff(loss, prepend=np.nan)
    order = np.argsort(np.where(np.isnan(rise), np.inf, -rise), kind="stable")[:FIRST]
    odd = np.flatnonzero(~np.isfinite(loss))[:1]
    return [*odd.tolist(), *order.tolist()][:FIRST]


def place_of(history: History, iteration: int) -> int:
    """Return the first snapshot that can show an iteration."""
    return min(int(np.searchsorted(history.iteration, iteration)), history.snapshots - 1)
