"""The probable causes of an event: those whose marks fit what is seen, each with its probability.

Every cause says how often it leaves each mark. From a prior and the marks that are there or
missing follows the probability of each by Bayes' theorem, with marks taken as independent given the
cause (naive Bayes; Hand and Yu, "Idiot's Bayes - Not So Stupid After All?", Int. Stat. Rev. 2001).
Marks are never quite independent: evidence is tempered by TEMPER. Where nothing fits better than
events in general do, the answer is UNEXPLAINED.
"""

import math
from collections.abc import Mapping

from ingest.analysis.causes.cause import Cause, Mark, Place, Suspect
from ingest.analysis.causes.causes_of_classes import OF_CLASSES
from ingest.analysis.causes.causes_of_data import OF_DATA
from ingest.analysis.causes.causes_of_evaluation import OF_EVALUATION
from ingest.analysis.causes.causes_of_layers import OF_LAYERS
from ingest.analysis.causes.causes_of_machine import OF_MACHINE
from ingest.analysis.causes.causes_of_steps import OF_STEPS
from ingest.analysis.causes.event import Event
from ingest.analysis.causes.marks import MARKS
from ingest.analysis.causes.marks.machine import of_machine
from ingest.analysis.health.finding import Severity

UNEXPLAINED = "unexplained"
# Marks that follow from one another count twice.
TEMPER = 0.85
# Where a rule found something, something went wrong; most changes besides are no fault at all.
_PRIOR_UNEXPLAINED, _PRIOR_NO_FAULT = 3.0, 10.0
MOST_SUSPECTS = 3
# Evidence that changes the odds by less says nothing.
_TELLING = math.log(1.25)
# No single mark rules a cause out: measurements miss what is small.
_LEAST = -1.6

_OF_TRAINING: tuple[Cause, ...] = (*OF_CLASSES, *OF_DATA, *OF_EVALUATION, *OF_STEPS, *OF_LAYERS)
CAUSES: tuple[Cause, ...] = (*_OF_TRAINING, *OF_MACHINE)
BY_NAME: Mapping[str, Cause] = {cause.name: cause for cause in CAUSES}
MARK_BY_NAME: Mapping[str, Mark] = {mark.name: mark for mark in MARKS}


def seen_marks(event: Event) -> dict[str, bool]:
    """Return which marks an event has and has not, by name; unknown ones are left out."""
    found = {mark.name: mark.seen(event) for mark in MARKS}
    return {name: bool(seen) for name, seen in found.items() if seen is not None}


def diagnose(event: Event, *, most: int = MOST_SUSPECTS) -> tuple[Suspect, ...]:
    """Return the most probable causes of an event, at most `most`, the most probable first.

    UNEXPLAINED is one of them where no cause is more probable. What the machine does has causes of
    its own: those of a training that goes wrong make no training slow.
    """
    seen = seen_marks(event)
    causes = [
        cause
        for cause in (OF_MACHINE if of_machine(event) else _OF_TRAINING)
        if not cause.shown_by or any(seen.get(mark) for mark in cause.shown_by)
    ]
    weights = {cause.name: _evidence(cause, seen) for cause in causes}
    odds = {
        name: math.log(BY_NAME[name].prior) + TEMPER * sum(parts.values())
        for name, parts in weights.items()
    }
    found = any(f.severity is not Severity.INFO for f in event.findings)
    odds[UNEXPLAINED] = math.log(_PRIOR_UNEXPLAINED if found else _PRIOR_NO_FAULT)
    highest = max(odds.values())
    total = sum(math.exp(value - highest) for value in odds.values())
    order = sorted(odds, key=lambda name: -odds[name])[:most]
    return tuple(
        _suspect(name, math.exp(odds[name] - highest) / total, weights.get(name, {}), seen, event)
        for name in order
    )


def _evidence(cause: Cause, seen: Mapping[str, bool]) -> dict[str, float]:
    """Return by mark how much it adds to the logarithm of the odds of a cause."""
    return {
        name: _weight(often, MARK_BY_NAME[name].usual, there=seen[name])
        for name, often in cause.marks.items()
        if name in seen
    }


def _weight(often: float, usual: float, *, there: bool) -> float:
    weight = math.log(often / usual) if there else math.log((1 - often) / (1 - usual))
    return max(weight, _LEAST)


def _suspect(
    name: str,
    probability: float,
    weights: Mapping[str, float],
    seen: Mapping[str, bool],
    event: Event,
) -> Suspect:
    telling = sorted(weights, key=lambda mark: -abs(weights[mark]))
    cause = BY_NAME.get(name)
    return Suspect(
        name,
        probability,
        tuple((m, seen[m]) for m in telling if weights[m] >= _TELLING),
        tuple((m, seen[m]) for m in telling if weights[m] <= -_TELLING),
        cause.place(event) if cause is not None and cause.place is not None else Place(),
    )
