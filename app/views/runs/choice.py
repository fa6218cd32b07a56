"""How runs are chosen in the table of runs: a box in each row, and the link to their comparison."""

from dash import get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from db.queries.runs.runs import RunRow

LINK = "runs-compare"


def compare_box(run: RunRow) -> Component:
    """Return the box of a run; app/views/runs/web/ticks.ts keeps what is ticked."""
    return html.Button(
        type="button",
        role="checkbox",
        className="compare-box",
        **aria(label=f"Select {run.name}", checked="false"),
        **data(compare_run=str(run.id), name=run.name),
    )


def choose_all() -> Component:
    """Return the box that ticks every run in sight, or none of them."""
    return html.Button(
        type="button",
        role="checkbox",
        className="compare-box",
        **aria(label="Select all runs shown", checked="false"),
        **data(choose_all="true"),
    )


def compare_link() -> Component:
    """Return the link to the comparison of what is ticked; it shows once something is."""
    return html.A(
        "Compare",
        id=LINK,
        href=get_relative_path("/compare"),
        hidden=True,
        className="compare-link",
    )
