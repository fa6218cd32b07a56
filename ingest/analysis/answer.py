"""The ranked answer to "what happened?": the most unusual iterations, each with its evidence.

Findings and changes that begin together are one answer. Its iteration is where the strongest of
them began, or a possible cause shortly before; its classes, layers and filters are those of all of
them, the most affected first.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.rules import RULES
from ingest.analysis.health.sentences import Said, join, say
from ingest.analysis.health.words import as_times

MOST_ANSWERS = 5
MOST_NAMED = 3
_MOST_EVIDENCE = 6
# Over four snapshots on end, the output unit of a class rarely changes so many times as much as the
# others': at 1 to 6 of 100 places of a training that goes well.
UNIT_APART, UNIT_LASTS = 2.5, 4

# Verdicts on how a training went, and what can come ahead of others.
_LASTING = frozenset(rule.name for rule in RULES if rule.lasting)
_CAUSES = frozenset(rule.name for rule in RULES if rule.may_cause)

# Of a snapshot (its place), the class of each validation image and what it was taken for; None:
# not known.
TakenFor = Callable[[int], tuple[NDArray[np.integer], NDArray[np.integer]] | None]


@dataclass(frozen=True)
class Answer:
    """One answer: iterations, at most MOST_NAMED layers and classes, filters, and the evidence.

    `end` is None where it lasts to the last snapshot. `evidence` are findings, the strongest first.
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


def _nothing_known(at: int) -> None:
    return None


def answer(
    history: History,
    findings: Sequence[Finding],
    names: Names,
    *,
    taken_for: TakenFor = _nothing_known,
    most: int = MOST_ANSWERS,
) -> list[Answer]:
    """Return at most `most` answers, the most telling first.

    `findings` are those of the rules and the changes (severity INFO). Events that follow a lasting
    NaN are consequences, and left out.
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
    return [_answer(history, group, names, taken_for) for group in ranked[:most]]


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
    history: History, group: Sequence[Finding], names: Names, taken_for: TakenFor
) -> Answer:
    evidence = sorted(group, key=lambda f: (-f.severity.weight, -f.strength, f.start))
    telling = [f for f in evidence if f.severity is not Severity.INFO] or evidence
    start = min(f.start for f in telling if f.rule in (*_CAUSES, telling[0].rule))
    at = int(np.searchsorted(history.iteration, start))
    ends = [f.end for f in telling]
    end = None if None in ends else max(e for e in ends if e is not None)
    state = evidence[0].rule in _LASTING
    classes, words = (
        ([], []) if state else involved_classes(history, at, evidence, names, taken_for)
    )
    layers = list(dict.fromkeys(i for f in evidence for i in f.layers))
    filters = tuple(dict.fromkeys(key for f in evidence for key in f.filters))
    return Answer(
        iteration=start,
        end=end,
        severity=evidence[0].severity,
        score=_score(group),
        layers=tuple(layers[:MOST_NAMED]),
        classes=tuple(classes[:MOST_NAMED]),
        filters=filters,
        evidence=tuple(evidence[:_MOST_EVIDENCE]),
        text=_text(telling, words),
    )


def _text(evidence: Sequence[Finding], words: Sequence[Said]) -> Said:
    first_of_rule = {f.rule: f for f in reversed(evidence)}
    kept = [f for f in evidence if first_of_rule[f.rule] is f][:3]
    return join([*(f.text for f in kept), *words])


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
