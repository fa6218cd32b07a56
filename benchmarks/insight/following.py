"""How long the judgement takes when a snapshot comes, over the whole of a run that is followed."""

import time
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from benchmarks.insight.live import until
from ingest.analysis.answer import Answer, answer
from ingest.analysis.causes.mutual import TakenFor
from ingest.analysis.health.finding import Finding, Names
from ingest.analysis.health.history import History
from ingest.analysis.health.kept import Kept
from ingest.analysis.health.rules import CHANGES, RULES, evaluate


@dataclass(frozen=True)
class Following:
    """What following took, `each` snapshot by itself, and what was said at last.

    In milliseconds of the processor: one thread computes, and others may keep it waiting. `anew`:
    the same histories judged from nothing, at every so many snapshots.
    """

    each: list[float]
    anew: list[float]
    findings: list[Finding]
    answers: list[Answer]

    @property
    def mean(self) -> float:
        """Return the mean over all snapshots."""
        return sum(self.each) / len(self.each)

    @property
    def mean_anew(self) -> float:
        """Return the mean where every snapshot is judged from nothing."""
        return sum(self.anew) / len(self.anew)

    @property
    def last(self) -> float:
        """Return what the last snapshots take, when the history is longest."""
        return median(self.each[-25:])

    def __str__(self) -> str:
        return (
            f"{self.mean:.0f} ms a snapshot ({self.last:.0f} at the end, at most "
            f"{max(self.each):.0f}); judged from nothing {self.mean_anew:.0f} ms "
            f"({self.anew[-1]:.0f} at the end)"
        )


def follow(history: History, names: Names, taken_for: TakenFor, *, every: int = 120) -> Following:
    """Judge a history after each of its snapshots, as it is done while it records."""
    kept, each, anew = Kept(), [], []
    for snapshots in range(1, history.snapshots + 1):
        # As it is read from the store: arrays of its own.
        known = _copied(until(history, snapshots))
        began = time.process_time()
        findings, answers = judge(replace(known, kept=kept), names, taken_for)
        each.append(1000.0 * (time.process_time() - began))
        if snapshots % every == 0:
            began = time.process_time()
            judge(replace(known, kept=Kept()), names, taken_for)
            anew.append(1000.0 * (time.process_time() - began))
    return Following(each, anew, findings, answers)


def judge(
    history: History, names: Names, taken_for: TakenFor
) -> tuple[list[Finding], list[Answer]]:
    """Return what rules and answers say."""
    findings = evaluate(history, names, rules=(*RULES, *CHANGES))
    return findings, answer(history, findings, names, taken_for=taken_for)


def _copied(history: History) -> History:
    return replace(
        history,
        class_error=np.ascontiguousarray(history.class_error),
        layers={key: np.ascontiguousarray(values) for key, values in history.layers.items()},
    )
