""" "Compare with..." in the header of a run: a search for the other run, and links to Compare.

app/views/compare/other.py answers the search.
"""

from collections.abc import Sequence
from enum import StrEnum

import dash_mantine_components as dmc
from dash import dcc, get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.versions import short_uuid
from db.queries.runs.runs import RunRow

MOST_OFFERED = 30


class OtherIds(StrEnum):
    """The ids of the dialog's components."""

    RUN = "compare-with-run"
    OPEN = "compare-with-open"
    DIALOG = "compare-with-dialog"
    SEARCH = "compare-with-search"
    FOUND = "compare-with-found"


def compare_with(run: RunRow) -> list[Component]:
    """Return the button of the pages of a run, and the dialog that it opens."""
    return [
        dcc.Store(id=OtherIds.RUN, data=run.id),
        html.Button(
            [
                html.Span(className="shell-icon shell-icon-compare", **aria(hidden="true")),
                html.Span("Compare with…", className="shell-tool-text"),
            ],
            id=OtherIds.OPEN,
            type="button",
            className="shell-tool",
            title="Open this run beside another one in Compare",
            **aria(label="Compare with another run"),
        ),
        dmc.Modal(
            [
                dmc.TextInput(
                    id=OtherIds.SEARCH,
                    label="The other run",
                    placeholder="Words of its name, its tags, its data set",
                    debounce=250,
                    value="",
                ),
                html.Div(id=OtherIds.FOUND, className="compare-with-found"),
            ],
            id=OtherIds.DIALOG,
            title="Compare with…",
            opened=False,
            keepMounted=True,
        ),
    ]


def offered(run: RunRow, others: Sequence[RunRow], search: str) -> Component:
    """Return links to the comparison with each run that has all words of the search, those of the
    same data set first, at most MOST_OFFERED.
    """
    words = search.casefold().split()
    fitting = [
        one for one in others if one.id != run.id and all(word in _text(one) for word in words)
    ]
    fitting.sort(key=lambda one: one.dataset != run.dataset)
    if not fitting:
        return html.P("No other run has these words." if words else "There is no other run yet.")
    links = [html.Li(_link(run, one)) for one in fitting[:MOST_OFFERED]]
    more = len(fitting) - len(links)
    said = f"{more} more: search for them" if more else ""
    return html.Div([html.Ul(links), html.P(said, className="dt-soft") if said else None])


def _text(run: RunRow) -> str:
    return f"{run.name} {run.id} {run.model} {run.dataset} {' '.join(run.tags)}".casefold()


def _link(run: RunRow, other: RunRow) -> Component:
    of = f"{short_uuid(run.uuid)},{short_uuid(other.uuid)}"
    href = get_relative_path("/compare") + f"?runs={run.id},{other.id}&of={of}"
    about = " · ".join(filter(None, (other.model, other.dataset, f"run {other.id}")))
    return dmc.Anchor([html.B(other.name), html.Small(about)], href=href)
