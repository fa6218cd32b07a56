"""What stands on top of a view of a run: its title, and how the loading of the run goes on."""

from typing import Any

from dash import get_relative_path, html

from app.components.charts import chart
from app.versions import version_token
from db.queries.runs.runs import RunRow


def heading(text: str, *parts: Any, live: str, run: RunRow) -> html.Header:
    """Return the title of a view with `parts` beside it; `live` is the id of what `live_state` is.

    `parts` may be texts, which are then said softly.
    """
    said = [
        html.Span(part, className="dt-soft") if isinstance(part, str) else part for part in parts
    ]
    return html.Header([html.H1(text), *said, live_state(live, run)], className="dt-heading")


def live_state(id: str, run: RunRow) -> html.Div:
    """Return what says how loading goes on, and lets the charts of the page grow with the run."""
    return chart(
        id,
        "live",
        label="Loading of the run",
        state=get_relative_path(f"/data/run/{run.id}/state"),
        version=version_token(run.this_version),
        live=True,
    )
