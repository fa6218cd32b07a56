"""Events of a run, as alerts tell them: each answer with the findings that began with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.analysis.answer import Answer
from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.rules import RULES
from ingest.analysis.health.sentences import Said, join

LASTING = frozenset(rule.name for rule in RULES if rule.lasting)
_MOST_SAID = 3


@dataclass(frozen=True)
class Event:
    """What a person is told at once: its findings, the most severe first, and what they mean.

    `near` are the first and last iteration at which another finding is part of it; None for a
    verdict over a long stretch, which is about no moment. `cause` is the most probable one with its
    `probability`, None where none was named.
    """

    findings: tuple[Finding, ...]
    iteration: int
    near: tuple[int, int] | None
    text: Said
    cause: str | None = None
    probability: float | None = None


def events_of(
    history: History, answers: Sequence[Answer], findings: Sequence[Finding]
) -> list[Event]:
    """Return the events of a run: every finding that is no mere evidence belongs to one.

    Findings are those of the answer that they are evidence of, else of the one that begins at about
    their time; what is left is grouped around the most severe.
    """
    left = {f.key: f for f in findings if f.severity is not Severity.INFO}
    found = []
    for one in answers:
        mine = [left.pop(f.key) for f in one.evidence if f.key in left]
        if not mine:
            continue
        lasting = mine[0].rule in LASTING
        near = None if lasting else _near(history, one.iteration)
        mine += _taken(left, near)
        suspect = next(iter(getattr(one, "causes", ())), None)
        found.append(
            Event(
                _ordered(mine),
                one.iteration,
                near,
                one.text,
                None if suspect is None else suspect.cause,
                None if suspect is None else float(suspect.probability),
            )
        )
    while left:
        lead = left.pop(_ordered(left.values())[0].key)
        near = None if lead.rule in LASTING else _near(history, lead.start)
        members = _ordered([lead, *_taken(left, near)])
        said = join([f.text for f in members[:_MOST_SAID]])
        found.append(Event(members, lead.start, near, said))
    return found


def _ordered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda f: (-f.severity.weight, -f.strength, f.start)))


def _taken(left: dict[str, Finding], near: tuple[int, int] | None) -> list[Finding]:
    """Take out of `left` the findings that begin within a stretch."""
    if near is None:
        return []
    keys = [
        key for key, f in left.items() if f.rule not in LASTING and near[0] <= f.start <= near[1]
    ]
    return [left.pop(key) for key in keys]


def _near(history: History, iteration: int) -> tuple[int, int]:
    """Return the stretch of iterations within which findings are one event, as answers group."""
    at = min(int(history.iteration.searchsorted(iteration)), history.snapshots - 1)
    ahead = robust.window(history.snapshots)
    first, last = max(0, at - max(1, ahead // 2)), min(history.snapshots - 1, at + ahead)
    return int(history.iteration[first]), int(history.iteration[last])
