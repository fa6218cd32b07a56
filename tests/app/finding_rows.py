"""Findings as rows of the store, for tests of what is shown of them."""

from datetime import UTC, datetime
from typing import Any

from db.queries.runs.findings import FindingRow

CHART = {
    "label": "training loss",
    "iterations": [5, 10, 15],
    "values": [2.0, None, 0.5],
    "limit": None,
    "log": True,
}


def finding_row(**changes: Any) -> FindingRow:
    """A finding of high severity of run 1, changed where told so."""
    given: dict[str, Any] = {
        "run_id": 1,
        "key": "loss-jump@10::",
        "rank": 0,
        "rule": "loss-jump",
        "severity": "high",
        "start_iteration": 10,
        "end_iteration": 15,
        "strength": 5.0,
        "value": 5.0,
        "text": "The training loss rose 5 times.",
        "layers": [2],
        "classes": [1, 3],
        "filters": [2, 7, 2, 9],
        "chart": CHART,
        "found_at": datetime(2026, 5, 4, tzinfo=UTC),
    }
    return FindingRow(**given | changes)
