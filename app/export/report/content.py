"""What a report says, read from the database; no markup here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.components.run_course import course_facts, imported, origin, remarks
from app.components.run_facts import fixed_facts, hyperparameters, run_facts
from app.components.severity import when
from app.components.suspects import percent as percent_of
from app.components.suspects import suspects
from app.components.unjudged import Unjudged, unjudged
from app.components.verdict import verdicts
from app.data.series import ScreenSeries, reduce_series
from app.export.report.changed import Changed
from db.queries.measurements import snapshots
from db.queries.measurements.snapshots import Snapshots
from db.queries.runs import findings, runs, structure
from db.queries.runs.runs import RunRow
from db.queries.team import annotations
from db.queries.team.annotation_rows import AnnotationRow
from db.queries.team.annotation_words import about
from deeptracker.format import SERIES
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded

MOST_ANOMALIES = 15
MOST_CLASSES = 20


@dataclass(frozen=True)
class Found:
    """One finding or answer in words."""

    severity: str
    title: str
    when: str
    text: str
    advice: str = ""
    evidence: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unusual:
    """One row of the table of anomalies."""

    iteration: int
    side: str
    images: int
    forgotten: int
    learned: int
    classes: int
    largest: str


@dataclass(frozen=True)
class Note:
    """One annotation in words; `replies` are (author, time, text)."""

    about: str
    author: str
    time: str
    tag: str
    text: str
    resolved: str
    replies: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, eq=False)
class ClassMap:
    """1 - error of the classes, f4 [C, T], in the order of the rows; NaN: no images."""

    names: tuple[str, ...]
    accuracy: NDArray[np.float32]
    iteration: NDArray[np.int32]


@dataclass(frozen=True)
class Report:
    """All of it; `judged` is False where no rule has looked at the run yet."""

    run: RunRow
    written: datetime
    facts: list[tuple[str, str]]
    hyperparameters: list[tuple[str, str]]
    iteration: NDArray[np.int32]
    series: dict[str, ScreenSeries]
    classes: ClassMap | None
    worst: list[tuple[str, int, str]]
    window: tuple[int, int]
    anomalies: list[Unusual]
    anomaly_count: int
    judged: bool
    answers: list[Found]
    findings: list[Found]
    muted: int
    unjudged: list[Unjudged]
    notes: list[Note]
    layers: list[tuple[str, str, str, str, str]]
    changed: Changed | None = None


def gather(
    session: Session, run_id: int, *, account_id: int = 0, changed: Changed | None = None
) -> Report:
    """Return what the report of a run says now; NotFound for none, or one in the trash."""
    run = runs.get_run(session, run_id=run_id)
    found = snapshots.snapshots(session, run_id=run_id)
    classes = structure.classes(session, run_id=run_id)
    # What takes long is the same until the run grows.
    analysis = analysis_of(session, run_id)
    error, remember = analysis.class_errors(session).error(), analysis.remember
    rows, count, window = remember(
        "report anomalies", lambda: _anomalies(session, run, found.iteration, classes.names)
    )
    health = findings.run_health(session, run_id=run_id)
    listed = [f for f in findings.list_findings(session, run_id=run_id) if f.rule in BY_NAME]
    written = annotations.changes(session, run_id=run_id, account_id=account_id).annotations
    live = run_facts(run, verdicts(session, [run])[run_id])
    manifest = runs.run_manifest(session, run_id=run_id)
    facts = [
        ("State", live["state"]),
        *([("Verdict", _verdict(live))] if "verdict" in live else []),
        ("Snapshots", live["snapshots"]),
        ("Last iteration", live["last_iteration"]),
        ("Last error", live["last_error"]),
        *fixed_facts(run),
        *course_facts(manifest),
        *((f"Recorder: {when}", text) for when, text in remarks(manifest)),
        *origin(manifest),
    ]
    return Report(
        run=run,
        written=datetime.now(UTC),
        facts=facts,
        hyperparameters=hyperparameters(run),
        iteration=found.iteration,
        series=remember("report series", lambda: _series(session, run_id, found)),
        classes=remember(
            "report classes",
            lambda: _class_map(
                error, analysis.alike(session), names=classes.names, iteration=found.iteration
            ),
        ),
        worst=_worst(error, classes),
        window=window,
        anomalies=rows,
        anomaly_count=count,
        judged=health is not None,
        answers=[
            _answer(a, Names(structure.layers(session, run_id=run_id).names, classes.names))
            for a in (health.answers.get("answers", []) if health else [])
        ],
        findings=[_finding(f) for f in listed if not f.muted],
        muted=sum(f.muted for f in listed),
        unjudged=unjudged(health.answers if health else {}, imported=imported(manifest)),
        notes=[_note(row) for row in written],
        layers=_layers(session, run_id),
        changed=changed,
    )


def _series(session: Session, run_id: int, found: Snapshots) -> dict[str, ScreenSeries]:
    analysis = analysis_of(session, run_id)
    whole = {name: analysis.series(session, name, at=found) for name in SERIES}
    return {
        name: reduce_series(one.iterations, one.values, ticks=found.iteration)
        for name, one in whole.items()
    }


def _class_map(
    error: NDArray[np.float32],
    order: NDArray[np.int32],
    *,
    names: tuple[str, ...],
    iteration: NDArray[np.int32],
) -> ClassMap | None:
    if not error.size:
        return None
    return ClassMap(tuple(names[at] for at in order), 1 - error[order], iteration)


def _worst(error: NDArray[np.float32], classes: structure.Classes) -> list[tuple[str, int, str]]:
    """Return the classes with the highest error at the last validation: name, images, error."""
    validated = np.flatnonzero((~np.isnan(error)).any(axis=0))
    if not len(validated):
        return []
    last = error[:, validated[-1]]
    order = [at for at in np.argsort(-np.nan_to_num(last, nan=-1), kind="stable") if last[at] > 0]
    return [
        (classes.names[at], int(classes.image_count[at]), percent(last[at]))
        for at in order[:MOST_CLASSES]
    ]


def percent(share: float) -> str:
    """Return a share 0..1 in words."""
    return f"{100 * share:.1f} %"


def _anomalies(
    session: Session, run: RunRow, iteration: NDArray[np.int32], names: tuple[str, ...]
) -> tuple[list[Unusual], int, tuple[int, int]]:
    """Return the iterations where most images flipped, with the run's default window."""
    if not run.validates or not len(iteration):
        return [], 0, (0, 0)
    table, k, m = analysis_of(session, run.id).default_anomalies(session, length=len(iteration))
    rows = []
    for at in np.argsort(-table.images, kind="stable")[:MOST_ANOMALIES]:
        largest = int(table.largest_class[at])
        rows.append(
            Unusual(
                iteration=int(iteration[table.snapshot[at]]),
                side="flipped, then stable" if table.right[at] else "was stable, then flipped",
                images=int(table.images[at]),
                forgotten=int(table.forgotten[at]),
                learned=int(table.learned[at]),
                classes=int(table.classes[at]),
                largest="" if largest < 0 else f"{names[largest]} ({table.largest[at]})",
            )
        )
    return rows, len(table.images), (k, m)


def _answer(found: dict[str, Any], names: Names) -> Found:
    # A single piece of evidence often is the answer itself.
    evidence = tuple(
        f"{when(e['start'], e['end'])}: {worded(e['text'])}"
        for e in found["evidence"]
        if len(found["evidence"]) > 1 or e["text"] != found["text"]
    )
    moment = when(found["iteration"], found["end"])
    return Found(
        found["severity"],
        moment,
        moment,
        worded(found["text"]),
        evidence=evidence,
        causes=tuple(
            f"{one.title} ({percent_of(one.probability)}): {one.text}"
            + (f" Counter-test: {one.counter_test}" if rank == 0 and one.counter_test else "")
            for rank, one in enumerate(suspects(found, names))
        ),
    )


def _finding(found: findings.FindingRow) -> Found:
    rule = BY_NAME[found.rule]
    moment = when(found.start_iteration, found.end_iteration)
    return Found(found.severity, rule.title, moment, worded(found.text), advice=rule.advice)


def _verdict(facts: Mapping[str, str]) -> str:
    why = facts["verdict_why"]
    return f"{facts['verdict']}: {why[:1].lower()}{why[1:]}" if why else facts["verdict"]


def _note(row: AnnotationRow) -> Note:
    replies = tuple((r.author, _time(r.created_at), r.body) for r in row.replies)
    resolved = ""
    if row.resolved_at is not None:
        resolved = f"resolved by {row.resolved_by or 'somebody'}, {_time(row.resolved_at)}"
    return Note(about(row), row.author, _time(row.created_at), row.tag, row.body, resolved, replies)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _layers(session: Session, run_id: int) -> list[tuple[str, str, str, str, str]]:
    found = structure.layers(session, run_id=run_id)
    return [
        (
            found.names[at],
            found.kinds[at],
            "×".join(map(str, found.kernels[at])),
            f"{found.filters[at]:,}",
            f"{found.parameters[at]:,}",
        )
        for at in range(len(found))
    ]
