"""The ranked answer to "what happened?": the most unusual iterations, each with its evidence.

Findings and changes that begin together are one answer. Its iteration is where the strongest of
them began, or a possible cause shortly before, or where a probable cause fits best; its classes,
layers and filters are those of the cause and of all findings, the most affected first. A change
that no rule speaks of is an answer where a cause fits it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingest.analysis.answer_classes import MOST_NAMED, involved_classes
from ingest.analysis.causes import UNEXPLAINED, diagnose
from ingest.analysis.causes.cause import Place, Suspect
from ingest.analysis.causes.event import Event, RunSeries, TakenFor
from ingest.analysis.causes.onsets import onsets
from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.rules import RULES
from ingest.analysis.health.sentences import Said, declare, join, say

MOST_ANSWERS = 5
# The predictions of so many snapshots are kept while a run is judged: 400 KB each at most.
_MOST_KEPT = 64
_MOST_EVIDENCE = 6
# From this probability on, a cause tells which classes and layers an answer is about.
_BELIEVED = 0.4
# What a cause adds to the rank of an answer, in steps of severity; so many groups and places are
# judged; another place than that of the findings must fit better by this probability.
_EXPLAINED, _MOST_JUDGED, _MOST_PLACES, _BETTER = 2.5, 8, 4, 0.4

declare({"change": "Something changes for good at iteration {iteration}."})

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


@dataclass(frozen=True)
class _Group:
    """Findings of one event, the place from which on it is judged, and its probable causes."""

    findings: tuple[Finding, ...]
    at: int
    causes: tuple[Suspect, ...] = ()

    @property
    def state(self) -> bool:
        """Return whether it is a verdict over a long stretch."""
        return self.findings[0].rule in _LASTING

    @property
    def learned_nothing(self) -> bool:
        """Return whether it says that nothing was learned from the first snapshots on."""
        first = self.findings[0]
        return first.rule == "plateau" and first.severity is Severity.HIGH and self.at <= 2

    @property
    def explained(self) -> float:
        """Return the probability of the most probable cause that is one."""
        return max((c.probability for c in self.causes if c.cause != UNEXPLAINED), default=0.0)

    @property
    def score(self) -> float:
        """Return how telling it is: its severity, how well it is explained, and the evidence."""
        strongest: dict[str, float] = {}
        for finding in self.findings:
            # By its logarithm: several kinds of evidence tell more than one that is extreme.
            part = math.log2(1 + max(finding.strength, 0.0)) * (0.25 + finding.severity.weight)
            strongest[finding.rule] = max(strongest.get(finding.rule, 0.0), part)
        severity = max(f.severity.weight for f in self.findings)
        evidence = sum(strongest.values())
        if self.learned_nothing:
            # Whatever jumps meanwhile is a consequence, or none.
            return severity + 1.5 + _EXPLAINED * self.explained
        if self.state:
            # A verdict over a long stretch ranks behind an event of the same severity.
            return severity + 0.4 * self.explained
        return severity + 0.5 + _EXPLAINED * self.explained + evidence / (evidence + 100)


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
    groups += [[f] for f in findings if f.rule in _LASTING and (ruined is None or f.start < ruined)]
    taken_for = lru_cache(_MOST_KEPT)(taken_for)
    run = RunSeries(history, taken_for, None if resumed is None else tuple(resumed))

    changes = onsets(run) if history.snapshots else []
    if ruined is not None:
        changes = [at for at in changes if int(history.iteration[at]) < ruined]
    first = sorted((_began(history, g) for g in groups), key=lambda g: g.score, reverse=True)
    judged = [_judged(run, group, changes) for group in first[:_MOST_JUDGED]]
    judged += _unruled(run, judged, changes)
    ranked = _apart(sorted(judged, key=lambda g: g.score, reverse=True))
    return [_answer(history, group, names, taken_for) for group in ranked[:most]]


def _began(history: History, group: Sequence[Finding]) -> _Group:
    """Return a group, the strongest first, from where its strongest or a cause began."""
    evidence = sorted(group, key=lambda f: (-f.severity.weight, -f.strength, f.start))
    telling = [f for f in evidence if f.severity is not Severity.INFO] or evidence
    start = min(f.start for f in telling if f.rule in (*_CAUSES, telling[0].rule))
    return _Group(tuple(evidence), int(np.searchsorted(history.iteration, start)))


def _judged(run: RunSeries, group: _Group, changes: Sequence[int]) -> _Group:
    """Return a group with its causes, from where one fits best: there, or where a change began."""
    begins = {int(np.searchsorted(run.history.iteration, f.start)) for f in group.findings}
    near = {at for at in changes if min(begins) - 2 <= at <= group.at + 1}
    others = {at for at in begins | near if at != group.at and at <= group.at + 1}
    places = [group.at, *sorted(others, key=lambda at: abs(at - group.at))[:_MOST_PLACES]]
    tried = [_Group(group.findings, at, diagnose(Event(run, at, group.findings))) for at in places]
    best = max(tried, key=lambda g: g.explained)
    return best if best.explained >= tried[0].explained + _BETTER else tried[0]


def _unruled(run: RunSeries, judged: Sequence[_Group], changes: Sequence[int]) -> list[_Group]:
    """Return changes that no rule speaks of, where a cause fits them."""
    found = []
    for at in changes:
        if any(abs(at - group.at) <= 1 for group in judged if group.explained >= _BELIEVED):
            continue
        start = int(run.history.iteration[at])
        said = Finding("change", Severity.INFO, start, None, 1.0, say("change", iteration=start))
        group = _Group((said,), at, diagnose(Event(run, at, ())))
        if group.explained >= _BELIEVED:
            found.append(group)
    return found


def _apart(ranked: Sequence[_Group]) -> list[_Group]:
    """Return groups without hints that say of the same place what a better one said."""
    kept: list[_Group] = []
    for group in ranked:
        hint = group.findings[0].severity is Severity.INFO
        if not (hint and any(_same(group, other) for other in kept)):
            kept.append(group)
    return kept


def _same(group: _Group, other: _Group) -> bool:
    causes = [one.causes[0].cause if one.causes else "" for one in (group, other)]
    return abs(group.at - other.at) <= 2 and causes[0] == causes[1]


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


def _answer(history: History, group: _Group, names: Names, taken_for: TakenFor) -> Answer:
    evidence = group.findings
    telling = [f for f in evidence if f.severity is not Severity.INFO] or list(evidence)
    ends = [f.end for f in telling]
    end = None if None in ends else max(e for e in ends if e is not None)
    classes, words = (
        ([], []) if group.state else involved_classes(history, group.at, evidence, names, taken_for)
    )
    layers = [i for f in evidence for i in f.layers]
    place = _place(group.causes)
    return Answer(
        iteration=int(history.iteration[group.at]),
        end=end,
        severity=evidence[0].severity,
        score=group.score,
        layers=tuple(dict.fromkeys((*place.layers, *layers)))[:MOST_NAMED],
        classes=tuple(dict.fromkeys((*place.classes, *classes)))[:MOST_NAMED],
        filters=tuple(dict.fromkeys(key for f in evidence for key in f.filters)),
        evidence=tuple(evidence[:_MOST_EVIDENCE]),
        text=_text(telling, words),
        causes=group.causes,
    )


def _place(causes: Sequence[Suspect]) -> Place:
    """Return where the first cause sits, if it is likely enough to be believed."""
    return causes[0].place if causes and causes[0].probability >= _BELIEVED else Place()


def _text(evidence: Sequence[Finding], words: Sequence[Said]) -> Said:
    first_of_rule = {f.rule: f for f in reversed(evidence)}
    kept = [f for f in evidence if first_of_rule[f.rule] is f][:3]
    return join([*(f.text for f in kept), *words])
