"""Evaluates the health of a run while it is loaded: rules, ranked answers, rows.

An evaluation reads the run's history (bounded arrays, no filter matrices) and takes 20 ms for a
small run and well below two seconds at paper scale. While snapshots come in, each goes on from what
the one before computed, and only when that took less than a tenth of the time since: so a load is
never slowed by more.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from db import load
from db.away import is_away
from db.errors import NotFound, RunBusy
from db.load import sole_loader
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import findings as stored
from db.queries.runs import runs
from db.queries.team.alerts import raise_alerts
from ingest.analysis.answer import Answer, answer
from ingest.analysis.health.finding import Chart, Finding, Severity
from ingest.analysis.health.kept import Kept
from ingest.analysis.health.rules import CHANGES, RULES, evaluate, not_judged, too_few
from ingest.events import LASTING, Event, events_of
from ingest.good_runs import against_good_runs
from ingest.history import read_history, read_resumes

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

    def finish(self) -> None:
        """Evaluate at the end of a load: what is new, or what no evaluation has seen yet.

        As where the load before was broken off between its last snapshot and this.
        """
        self._evaluate(unless_known=not self._stale)

    def _evaluate(self, *, unless_known: bool = False) -> None:
        begun = time.monotonic()
        try:
            with load.batch(self._connection) as session:
                if not (unless_known and _is_known(session, self._run_id)):
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


def evaluate_run(session: Session, *, run_id: int, kept: Kept | None = None) -> list[str]:
    """Evaluate the rules on what is stored of a run; return the keys of findings that are new.

    `kept` is what the evaluation before computed of it, from which this one goes on.
    Doing it again changes nothing but the time of evaluation. Findings that stand no longer go.
    """
    begun = time.monotonic()
    history, names = read_history(session, run_id=run_id)
    history = replace(history, kept=kept or Kept())
    history = against_good_runs(session, history, run_id=run_id)
    limits = {name: row.threshold for name, row in stored.thresholds(session).items()}
    found = evaluate(history, names, thresholds=limits, rules=(*RULES, *CHANGES))

    predictions = SnapshotPredictions(session, run_id=run_id)

    def taken_for(at: int) -> Any:
        return predictions.at(int(history.iteration[at]))

    resumed = read_resumes(session, run_id=run_id)
    answers = answer(history, found, names, taken_for=taken_for, resumed=resumed)
    listed = _unique([f for f in found if f.severity is not Severity.INFO])
    rows = [finding_row(f, rank) for rank, f in enumerate(listed)]
    if history.recording:
        # Of a training that is over, nobody needs to be told at once.
        events = [event_row(event) for event in events_of(history, answers, listed)]
        raise_alerts(session, run_id=run_id, findings=events)
    return stored.save_findings(
        session,
        run_id=run_id,
        findings=rows,
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


def finding_row(finding: Finding, rank: int) -> dict[str, Any]:
    """Return a finding as the columns of its table."""
    return {
        "key": finding.key,
        "rank": rank,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "start_iteration": finding.start,
        "end_iteration": finding.end,
        "strength": finding.strength,
        "value": finding.value,
        "text": finding.text.stored,
        "layers": list(finding.layers),
        "classes": list(finding.classes),
        "filters": [number for pair in finding.filters for number in pair],
        "chart": chart_document(finding.chart),
    }


def event_row(event: Event) -> dict[str, Any]:
    """Return an event as raise_alerts takes it: its strongest finding, with what is said of all."""
    rows = [finding_row(finding, rank) for rank, finding in enumerate(event.findings)]
    pictured: dict[str, Any] = next((row["chart"] for row in rows if row["chart"]), {})
    return {
        **rows[0],
        "start_iteration": event.iteration,
        "text": event.text.stored,
        "chart": pictured,
        "members": rows,
        "near": event.near,
        "lasting": LASTING,
        "cause": event.cause,
        "probability": event.probability,
    }


def chart_document(chart: Chart | None) -> dict[str, Any]:
    """Return a chart as JSON: NaN and infinities are null."""
    if chart is None:
        return {}
    edges = {"lower": chart.lower, "upper": chart.upper}
    return {
        "label": chart.label,
        "iterations": list(chart.iterations),
        "values": [_number(value) for value in chart.values],
        "limit": chart.limit,
        "log": chart.log,
        **{name: [_number(value) for value in edge] for name, edge in edges.items() if edge},
    }


def _number(value: float) -> float | None:
    # Six digits are more than a chart shows.
    return float(f"{value:.6g}") if value - value == 0 else None


def answer_document(found: Answer) -> Mapping[str, Any]:
    """Return an answer as JSON; its evidence by key; words as sentences.worded reads them."""
    return {
        "iteration": found.iteration,
        "end": found.end,
        "severity": found.severity.value,
        "layers": list(found.layers),
        "classes": list(found.classes),
        "filters": [list(pair) for pair in found.filters[:50]],
        "text": found.text.stored,
        "causes": [
            {
                "cause": suspect.cause,
                # Three digits are more than is known.
                "probability": round(suspect.probability, 3),
                "classes": list(suspect.place.classes),
                "layers": list(suspect.place.layers),
                "for": [list(mark) for mark in suspect.evidence_for],
                "against": [list(mark) for mark in suspect.evidence_against],
            }
            for suspect in found.causes
        ],
        "evidence": [
            {
                "key": f.key,
                "rule": f.rule,
                "severity": f.severity.value,
                "start": f.start,
                "end": f.end,
                "text": f.text.stored,
            }
            for f in found.evidence
        ],
    }
