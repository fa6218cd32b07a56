"""Findings, events and answers of a run as rows and documents of the store."""

from collections.abc import Mapping
from typing import Any

from ingest.analysis.answer import Answer
from ingest.analysis.health.finding import Chart, Finding
from ingest.events import LASTING, Event


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
