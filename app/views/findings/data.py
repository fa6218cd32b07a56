"""What other pages show of a run's findings: marks on the time axis."""

from typing import Any

from sqlalchemy.orm import Session

from app.components.run_links import place_link
from db.queries.runs import findings
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded

MOST = 200


def marks(session: Session, run_id: int) -> dict[str, Any]:
    """Return the findings that nobody has muted, the worst first, for the lane of marks."""
    listed = [
        found
        for found in findings.list_findings(session, run_id=run_id)
        if not found.muted and found.rule in BY_NAME
    ]
    return {
        "findings": [
            {
                "severity": found.severity,
                "start": found.start_iteration,
                "end": found.end_iteration,
                "title": BY_NAME[found.rule].title,
                "text": worded(found.text),
                "link": place_link(
                    run_id,
                    BY_NAME[found.rule].view,
                    start=found.start_iteration,
                    end=found.end_iteration,
                    classes=found.classes,
                    layers=found.layers,
                    filters=found.filter_pairs,
                ),
            }
            for found in listed[:MOST]
        ]
    }
