"""What the API says happened in a run: findings, ranked answers with causes, what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.api.operation import Given
from app.components.run_course import imported
from app.components.run_links import answer_link, mark_link, place_link
from app.components.suspects import Seen, suspects
from app.components.unjudged import not_judged
from db.queries.runs import findings, runs, structure
from db.queries.runs.findings import FindingRow
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded

_FINDING = (
    "key", "rank", "rule", "severity", "start_iteration", "end_iteration", "strength", "value",
    "text", "layers", "classes", "muted", "muted_reason",
)  # fmt: skip


def list_findings(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return what the health rules say about a run, the most telling first."""
    runs.get_run(session, run_id=run_id)
    return [_finding(row) for row in findings.list_findings(session, run_id=run_id)]


def _finding(row: FindingRow) -> Mapping[str, Any]:
    rule = BY_NAME.get(row.rule)  # none: one of another release
    page = place_link(
        row.run_id,
        rule.view if rule else "overview",
        start=row.start_iteration,
        end=row.end_iteration,
        classes=row.classes,
        layers=row.layers,
        filters=row.filter_pairs,
    )
    return {name: getattr(row, name) for name in _FINDING} | {
        "title": rule.title if rule else row.rule,
        "text": worded(row.text),
        "advice": rule.advice if rule else "",
        "page": page,
    }


def list_answers(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the ranked answers to "what happened?", each with its probable causes, in names."""
    runs.get_run(session, run_id=run_id)
    health = findings.run_health(session, run_id=run_id)
    names = Names(
        structure.layers(session, run_id=run_id).names,
        structure.classes(session, run_id=run_id).names,
    )
    told = health.answers.get("answers", []) if health else []
    return [_answer(run_id, rank, one, names) for rank, one in enumerate(told, start=1)]


def _answer(run_id: int, rank: int, found: Mapping[str, Any], names: Names) -> Mapping[str, Any]:
    return {
        "rank": rank,
        "iteration": found["iteration"],
        "end_iteration": found["end"],
        "severity": found["severity"],
        "text": worded(found["text"]),
        "classes": [names.class_name(i) for i in found["classes"]],
        "layers": [names.layer(i) for i in found["layers"]],
        "filters": [[names.layer(layer), number] for layer, number in found["filters"]],
        "causes": [
            {
                "cause": one.cause,
                "title": one.title,
                "probability": one.probability,
                "text": one.text,
                "counter_test": one.counter_test,
                "classes": [names.class_name(i) for i in one.classes],
                "layers": [names.layer(i) for i in one.layers],
                "speaks_for": [seen.text for seen in one.speaks_for],
                "speaks_against": [seen.text for seen in one.speaks_against],
                "evidence": [
                    *_evidence(run_id, found, "for", one.speaks_for),
                    *_evidence(run_id, found, "against", one.speaks_against),
                ],
            }
            for one in suspects(found, names)
        ],
        "findings": [one["key"] for one in found["evidence"]],
        "page": answer_link(run_id, found),
    }


def _evidence(
    run_id: int, answer: Mapping[str, Any], speaks: str, marks: Sequence[Seen]
) -> list[Mapping[str, Any]]:
    return [
        {"speaks": speaks, "text": seen.text, "page": mark_link(run_id, answer, seen.view)}
        for seen in marks
    ]


def list_unjudged(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the rules that could not judge a run, each with what the run lacks for it."""
    health = findings.run_health(session, run_id=run_id)
    brought = imported(runs.run_manifest(session, run_id=run_id))
    found = not_judged(health.answers if health else {})
    return [
        {
            "rule": rule,
            "title": BY_NAME[rule].title,
            "lacks": [need.title for need in needs],
            "how": [need.advice(imported=brought) for need in needs],
        }
        for rule, needs in found.items()
    ]
