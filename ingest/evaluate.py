"""Evaluates the health of a run while it is loaded: rules, ranked answers, rows.

An evaluation reads the run's history (bounded arrays, no filter matrices) and takes 20 ms for a
small run and well below two seconds at paper scale. While snapshots come in, each goes on from what
the one before computed, and only when that took less than a tenth of the time since: so a load is
never slowed by more.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from db import load
from db.away import is_away
from db.errors import NotFound, RunBusy
from db.load import sole_loader
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import findings as stored
from db.queries.runs import good_runs, runs
from db.queries.team.alerts import raise_alerts
from ingest.analysis.answer import answer
from ingest.analysis.health.finding import Finding, Severity
from ingest.analysis.health.kept import Kept
from ingest.analysis.health.rules import CHANGES, RULES, evaluate, not_judged, too_few
from ingest.events import events_of
from ingest.finding_rows import answer_document, event_row, finding_row
from ingest.good_runs import against_good_runs
from ingest.history import Measured, read_history, read_resumes

logger = logging.getLogger(__name__)

# An evaluation may take this part of the time since the last one began.
BUSY_SHARE = 0.1


class Evaluator:
    """Evaluates one run again and again while it is loaded, in transactions of its own."""

    def __init__(self, connection: Connection, *, run_id: int) -> None:
        self._connection, self._run_id = connection, run_id
        self._seconds, self._ended = 0.0, time.monotonic()
        self._stale, self._written = False, 0
        self._kept = Kept()

    def wrote(self, snapshots: int) -> None:
        """Note how many snapshots the load wrote so far."""
        self._stale |= snapshots > self._written
        self._written = snapshots

    def looked(self) -> None:
        """Evaluate what is new where that is cheap by now.

        What was put off is made good at a later look, or by `finish`.
        """
        if self._stale and self._seconds <= BUSY_SHARE * (time.monotonic() - self._ended):
            self._evaluate()

    def finish(self, verdict: "Verdict | None" = None) -> None:
        """Evaluate at the end of a load: what is new, or what no evaluation has seen yet.

        As where the load before was broken off between its last snapshot and this. A `verdict` on
        all snapshots need but be saved, where it was found by what counts now.
        """
        self._evaluate(unless_known=not self._stale, verdict=verdict)

    def _evaluate(self, *, unless_known: bool = False, verdict: "Verdict | None" = None) -> None:
        begun = time.monotonic()
        try:
            with load.batch(self._connection) as session:
                if verdict is not None and verdict.terms == _terms(session, self._run_id):
                    save_verdict(session, verdict, run_id=self._run_id)
                elif not (unless_known and _is_known(session, self._run_id)):
                    evaluate_run(session, run_id=self._run_id, kept=self._kept)
        except Exception as error:
            if is_away(error):
                raise  # nothing is known of the rules; the load is tried again
            # A rule that fails must not cost the load; the worker's log has it.
            logger.exception("the health of run %s could not be evaluated", self._run_id)
        self._stale = False
        self._ended = time.monotonic()
        self._seconds = self._ended - begun


def _is_known(session: Session, run_id: int) -> bool:
    """Return whether the last evaluation of a run saw all of its snapshots.

    One of an earlier release did not say whether too few rules could judge it: it is made again.
    """
    known, run = stored.run_health(session, run_id=run_id), runs.get_run(session, run_id=run_id)
    if known is None or not {"not_judged", "too_few"} <= known.answers.keys():
        return False
    seen = (known.snapshots, known.last_iteration)
    return seen == (run.snapshot_count, run.last_iteration)


@dataclass(frozen=True)
class Verdict:
    """What the rules say of the snapshots of a run, ready to be stored.

    `findings` and `events` are rows, `answers` a document; `events` are None where nobody needs to
    be told at once. It was found by `terms`: the team's thresholds, and the good runs.
    """

    findings: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]] | None
    answers: Mapping[str, Any]
    snapshots: int
    last_iteration: int | None
    seconds: float
    terms: tuple[object, ...]


def _terms(session: Session, run_id: int) -> tuple[object, ...]:
    """Return by what a run is judged besides its snapshots."""
    limits = {name: row.threshold for name, row in stored.thresholds(session).items()}
    marks = good_runs.good_runs(session, run_id=run_id)
    return tuple(sorted(limits.items())), tuple(mark.run_id for mark in marks)


def evaluate_run(session: Session, *, run_id: int, kept: Kept | None = None) -> list[str]:
    """Evaluate the rules on what is stored of a run; return the keys of findings that are new.

    `kept` is what the evaluation before computed of it, from which this one goes on.
    Doing it again changes nothing but the time of evaluation. Findings that stand no longer go.
    """
    return save_verdict(session, judge(session, run_id=run_id, kept=kept), run_id=run_id)


def judge(
    session: Session,
    *,
    run_id: int,
    kept: Kept | None = None,
    measured: Measured | None = None,
    told: Callable[[int], Any] | None = None,
) -> Verdict:
    """Return what the rules say of a run; `kept` as above.

    Where it is not stored yet, `measured` has its snapshots, and `told` gives the predictions at
    one of them, by its place, as SnapshotPredictions do by its iteration.
    """
    begun = time.monotonic()
    terms = _terms(session, run_id)
    history, names = read_history(session, run_id=run_id, measured=measured)
    history = replace(history, kept=kept or Kept())
    history = against_good_runs(session, history, run_id=run_id)
    limits = {name: row.threshold for name, row in stored.thresholds(session).items()}
    found = evaluate(history, names, thresholds=limits, rules=(*RULES, *CHANGES))

    predictions = SnapshotPredictions(session, run_id=run_id)

    def taken_for(at: int) -> Any:
        return predictions.at(int(history.iteration[at]))

    resumed = read_resumes(session, run_id=run_id)
    answers = answer(history, found, names, taken_for=told or taken_for, resumed=resumed)
    listed = _unique([f for f in found if f.severity is not Severity.INFO])
    events = events_of(history, answers, listed) if history.recording else None
    return Verdict(
        findings=[finding_row(f, rank) for rank, f in enumerate(listed)],
        events=None if events is None else [event_row(event) for event in events],
        answers={
            "answers": [answer_document(a) for a in answers],
            "not_judged": {
                rule: [need.name for need in needs] for rule, needs in not_judged(history).items()
            },
            "too_few": too_few(history),
        },
        snapshots=history.snapshots,
        last_iteration=int(history.iteration[-1]) if history.snapshots else None,
        seconds=time.monotonic() - begun,
        terms=terms,
    )


def save_verdict(session: Session, verdict: Verdict, *, run_id: int) -> list[str]:
    """Store a verdict in place of the one before; return the keys of findings that are new."""
    if verdict.events is not None:
        raise_alerts(session, run_id=run_id, findings=verdict.events)
    return stored.save_findings(
        session,
        run_id=run_id,
        findings=verdict.findings,
        answers=verdict.answers,
        snapshots=verdict.snapshots,
        last_iteration=verdict.last_iteration,
        seconds=verdict.seconds,
    )


def evaluate_anew(engine: Engine, *, run_id: int) -> None:
    """Evaluate a stored run; nothing happens where it is gone, or a load has it in hand.

    A load evaluates its run itself, by the thresholds of then.
    """
    try:
        with Session(engine) as session:
            run = runs.get_run(session, run_id=run_id)
        with sole_loader(engine, run=run.uuid.hex) as connection, load.batch(connection) as session:
            evaluate_run(session, run_id=run_id)
    except NotFound:
        logger.info("run %s is gone; it is not judged", run_id)
    except RunBusy:
        logger.info("run %s is being loaded, which judges it", run_id)


def _unique(found: Sequence[Finding]) -> list[Finding]:
    return list({finding.key: finding for finding in reversed(found)}.values())[::-1]
