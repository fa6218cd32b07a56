"""What DeepTracker says of one recorded training, and how that is scored."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.insight.faults import Truth
from benchmarks.insight.live import ever_high
from benchmarks.insight.rivals import Rival, judge_by_others
from benchmarks.insight.score import Score, causes_of, false_findings, score
from db.queries.measurements.predictions import SnapshotPredictions
from ingest.analysis.answer import Answer, answer
from ingest.analysis.causes.event import TakenFor
from ingest.analysis.health.finding import Finding, Names
from ingest.analysis.health.history import History
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from ingest.history import read_history, read_resumes
from ingest.pipeline import load_log


@dataclass(frozen=True)
class Judgement:
    """The score of one training, with what it rests on and what other tools said of it."""

    name: str
    fault: str
    truth: Truth
    score: Score
    answers: Sequence[Answer]
    findings: Sequence[Finding]
    names: Names
    rivals: dict[str, Rival]

    @property
    def missed(self) -> list[str]:
        """Return what was not named, or what a control was falsely told."""
        columns = ("iteration", "place", "filters", "cause")
        missed = [column for column in columns if getattr(self.score, column) is False]
        missed += ["false"] if self.score.false else []
        return missed + (["calm"] if self.score.calm is False else [])

    def told(self) -> list[str]:
        """Return the lines of a miss: what was planted, and what was answered."""
        lines = [f"MISS {self.name}: {', '.join(self.missed)}; planted {self.truth}"]
        for rank, one in enumerate(self.answers, start=1):
            causes = f" [{', '.join(causes_of(one)[:2])}]" if causes_of(one) else ""
            lines.append(
                f"  {rank}. iteration {one.iteration} ({one.severity}){causes}: {one.text}"
            )
        for finding in false_findings(self.truth, self.findings) if self.score.false else ():
            lines.append(f"  {finding.rule} ({finding.severity}): {finding.text}")
        return lines


def judge_log(engine: Engine, folder: Path, fault: str, truth: Truth) -> Judgement:
    """Load a log as an ingest job does, and judge it at default settings."""
    run_id = load_log(engine, folder).run_id
    with Session(engine) as session:
        history, names = read_history(session, run_id=run_id)
        predictions = SnapshotPredictions(session, run_id=run_id)
        judged = judge(
            folder.name,
            fault,
            truth,
            history,
            names,
            lambda at: predictions.at(int(history.iteration[at])),
            read_resumes(session, run_id=run_id),
        )
        if truth.cause:
            return judged
        calm = not ever_high(history, names, truth.tolerated)
        return replace(judged, score=replace(judged.score, calm=calm))


def judge(
    name: str,
    fault: str,
    truth: Truth,
    history: History,
    names: Names,
    taken_for: TakenFor,
    resumed: Sequence[int] | None = None,
) -> Judgement:
    """Return what is said of a history, scored, with the time that it took."""
    began = time.perf_counter()
    findings = evaluate(history, names, rules=(*RULES, *CHANGES))
    answers = answer(history, findings, names, taken_for=taken_for, resumed=resumed)
    took = 1000.0 * (time.perf_counter() - began)
    scored = score(truth, history=history, names=names, findings=findings, answers=answers)
    return Judgement(
        name,
        fault,
        truth,
        replace(scored, milliseconds=took),
        answers,
        findings,
        names,
        judge_by_others(truth, history),
    )
