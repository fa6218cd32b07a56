"""How well an answer names what was planted, and what the loss curve alone would have told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.insight_faults import Truth
from benchmarks.insight_live import ever_high
from ingest.analysis.answer import Answer
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.history import History

FIRST = 3


@dataclass(frozen=True)
class Score:
    """What one run scored; None where nothing of the kind was planted.

    `quiet` says of a control that nothing of high severity was found, `calm` that this was so at
    every snapshot while it recorded. `by_loss` is what the three
    largest rises of the training loss say about the iterations, as reference.
    """

    iteration: bool | None
    place: bool | None
    filters: bool | None
    quiet: bool | None
    calm: bool | None
    by_loss: bool | None


def score(
    truth: Truth,
    *,
    control: bool,
    history: History,
    names: Names,
    findings: Sequence[Finding],
    answers: Sequence[Answer],
) -> Score:
    """Hold the first three answers to the truth.

    The first planted iteration is named where an answer begins within one snapshot of it. A further
    one, the end of a fault, also where an answer ends there (then what comes next is the first
    snapshot without the fault). Each answer names at most three layers and
    three classes; they count where the answer names a planted iteration.
    """
    if control:
        high = any(f.severity is Severity.HIGH for f in findings)
        return Score(None, None, None, not high, not ever_high(history, names), None)
    first = list(answers[:FIRST])
    if truth.rule:
        first = [a for a in first if any(f.rule == truth.rule for f in a.evidence)]
    planted = planted_snapshots(truth, history)
    guesses = loss_rises(history)
    # Nine classes in three answers would name the right one of ten by chance: what counts is what
    # the answers say that name a planted iteration.
    there = [
        a
        for a in first
        if any(_near(at, _named(history, a, ends=rank > 0)) for rank, at in enumerate(planted))
    ]
    return Score(
        iteration=bool(first)
        and all(
            any(_near(at, _named(history, a, ends=rank > 0)) for a in first)
            for rank, at in enumerate(planted)
        ),
        place=_places_named(truth, there, names) if truth.layers or truth.classes else None,
        filters=_filters_named(truth, there, names) if truth.filters else None,
        quiet=None,
        calm=None,
        by_loss=all(_near(at, guesses) for at in planted),
    )


def _named(history: History, answer: Answer, *, ends: bool) -> list[int]:
    """Return the snapshots that an answer names: its first; with `ends` the one after its last."""
    end = [] if answer.end is None or not ends else [_place(history, answer.end) + 1]
    return [_place(history, answer.iteration), *end]


def planted_snapshots(truth: Truth, history: History) -> list[int]:
    """Return the first snapshot that can show each planted iteration."""
    return [_place(history, iteration) for iteration in truth.iterations]


def loss_rises(history: History) -> list[int]:
    """Return where the training loss rises most from one snapshot to the next: three places.

    The first snapshot at which it is no number any more comes first.
    """
    loss = history.train_loss
    rise = np.diff(loss, prepend=np.nan)
    order = np.argsort(np.where(np.isnan(rise), np.inf, -rise), kind="stable")[:FIRST]
    odd = np.flatnonzero(~np.isfinite(loss))[:1]
    return [*odd.tolist(), *order.tolist()][:FIRST]


def _place(history: History, iteration: int) -> int:
    return min(int(np.searchsorted(history.iteration, iteration)), history.snapshots - 1)


def _near(at: int, places: Sequence[int]) -> bool:
    return any(abs(at - place) <= 1 for place in places)


def _places_named(truth: Truth, answers: Sequence[Answer], names: Names) -> bool:
    layers = {names.layer(i) for a in answers for i in a.layers}
    classes = {i for a in answers for i in a.classes}
    return set(truth.layers) <= layers and set(truth.classes) <= classes


def _filters_named(truth: Truth, answers: Sequence[Answer], names: Names) -> bool:
    listed = {(names.layer(layer), filter_) for a in answers for layer, filter_ in a.filters}
    return {(truth.layers[0], filter_) for filter_ in truth.filters} <= listed
