"""The ranked answer to "what happened?": the most unusual iterations, each with its evidence.

Findings and changes that begin together are one answer. Its iteration is where the strongest of
them began, or a possible cause shortly before; its classes, layers and filters are those of all of
them, the most affected first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.analysis.answer_classes import MOST_NAMED, involved_classes
from ingest.analysis.causes import diagnose
from ingest.analysis.causes.cause import Place, Suspect
from ingest.analysis.causes.event import Event, TakenFor
from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.rules import RULES
from ingest.analysis.health.sentences import Said, join

MOST_ANSWERS = 5
_MOST_EVIDENCE = 6
# From this probability on, a cause tells which classes and layers an answer is about.
_BELIEVED = 0.4

# Verdicts on how a training went, and what can come ahead of others.
_LASTING = frozenset(rule.name for rule in RULES if rule.lasting)
_CAUSES = frozenset(rule.name for rule in RULES if rule.may_cause)


@dataclass(frozen=True)
class Answer:
    """One answer: iterations, at most MOST_NAMED layers and classes, filters, and the evidence.

    `end` is None where it lasts to the last snapshot. `evidence` are findings, the strongest first;
    `causes` are the most probable ones, the first of them first.
    """

    iteration: int
    end: int | None
    severity: Severity
    score: float
    layers: tuple[int, ...]
    classes: tuple[int, ...]
    filters: tuple[tuple[int, int], ...]
    evidence: tuple[Finding, ...]
    text: Said
    causes: tuple[Suspect, ...] = ()


def _nothing_known(at: int) -> None:
    return None


def answer(
    history: History,
    findings: Sequence[Finding],
    names: Names,
    *,
    taken_for: TakenFor = _nothing_known,
    resumed: Sequence[int] | None = None,
    most: int = MOST_ANSWERS,
) -> list[Answer]:
    """Return at most `most` answers, the most telling first.

    `findings` are those of the rules and the changes (severity INFO). Events that follow a lasting
    NaN are consequences, and left out. `resumed` are iterations at which the training was resumed,
    None: not known.
    """
    events = [f for f in findings if f.rule not in _LASTING]
    ruined = min(
        (f.start for f in events if f.rule == "not-finite" and f.end is None), default=None
    )
    if ruined is not None:
        events = [f for f in events if f.start <= ruined]
    # Where numbers end is an answer of its own: what led there began before, and is another.
    lost = [f for f in events if f.start == ruined]
    groups = _groups(history, [f for f in events if f not in lost])
    if lost:
        groups.append(lost)
    states = [[f] for f in findings if f.rule in _LASTING and (ruined is None or f.start < ruined)]
    ranked = sorted([*groups, *states], key=lambda group: _score(group), reverse=True)
    return [_answer(history, group, names, taken_for, resumed) for group in ranked[:most]]


def _score(group: Sequence[Finding]) -> float:
    """Return how telling a group is: severity first, then evidence of how many kinds."""
    severity = max(f.severity.weight for f in group)
    strongest: dict[str, float] = {}
    for finding in group:
        # By its logarithm: several kinds of evidence tell more than one that is extreme.
        part = math.log2(1 + max(finding.strength, 0.0)) * (0.25 + finding.severity.weight)
        strongest[finding.rule] = max(strongest.get(finding.rule, 0.0), part)
    # A verdict over a long stretch ranks behind an event of the same severity.
    event = 0.0 if group[0].rule in _LASTING else 0.5
    return 1000.0 * (severity + event) + sum(strongest.values())


def _groups(history: History, events: Sequence[Finding]) -> list[list[Finding]]:
    """Join events that begin together: around the strongest first, each in one group."""
    place = {int(iteration): at for at, iteration in enumerate(history.iteration)}
    ahead = robust.window(history.snapshots)
    back = max(1, ahead // 2)
    left = sorted(events, key=lambda f: (-f.severity.weight, -f.strength, f.start))
    groups = []
    while left:
        centre = place[left[0].start]
        near = [f for f in left if -back <= place[f.start] - centre <= ahead]
        groups.append(near)
        left = [f for f in left if f not in near]
    return groups


def _answer(
    history: History,
    group: Sequence[Finding],
    names: Names,
    taken_for: TakenFor,
    resumed: Sequence[int] | None,
) -> Answer:
    evidence = sorted(group, key=lambda f: (-f.severity.weight, -f.strength, f.start))
    telling = [f for f in evidence if f.severity is not Severity.INFO] or evidence
    start = min(f.start for f in telling if f.rule in (*_CAUSES, telling[0].rule))
    at = int(np.searchsorted(history.iteration, start))
    ends = [f.end for f in telling]
    end = None if None in ends else max(e for e in ends if e is not None)
    state = evidence[0].rule in _LASTING
    known = None if resumed is None else tuple(resumed)
    causes = diagnose(Event(history, at, tuple(group), taken_for, known))
    classes, words = (
        ([], []) if state else involved_classes(history, at, evidence, names, taken_for)
    )
    layers = [i for f in evidence for i in f.layers]
    place = _place(causes)
    filters = tuple(dict.fromkeys(key for f in evidence for key in f.filters))
    return Answer(
        iteration=start,
        end=end,
        severity=evidence[0].severity,
        score=_score(group),
        layers=tuple(dict.fromkeys((*place.layers, *layers)))[:MOST_NAMED],
        classes=tuple(dict.fromkeys((*place.classes, *classes)))[:MOST_NAMED],
        filters=filters,
        evidence=tuple(evidence[:_MOST_EVIDENCE]),
        text=_text(telling, words),
        causes=causes,
    )


def _place(causes: Sequence[Suspect]) -> Place:
    """Return where the first cause sits, if it is likely enough to be believed."""
    return causes[0].place if causes and causes[0].probability >= _BELIEVED else Place()


def _text(evidence: Sequence[Finding], words: Sequence[Said]) -> Said:
    first_of_rule = {f.rule: f for f in reversed(evidence)}
    kept = [f for f in evidence if first_of_rule[f.rule] is f][:3]
    return join([*(f.text for f in kept), *words])
