"""The charts of scalars, one for each name: how people search them, and how all are drawn.

A run's page of scalars has them, and the comparison of several runs.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import dash_mantine_components as dmc
from dash import get_asset_url, html
from dash.development.base_component import Component

from app.components.charts import chart
from app.components.controls import labelled, segments, select
from app.selection import bound

# The time axis and its charts have a scale of their own beside that of the other views.
GROUP = "scalars"
X: Mapping[str, str] = MappingProxyType(
    {
        "iteration": "Iteration",
        "epoch": "Epoch",
        "relative": "Time since the start",
        "wall": "Time of day",
        "snapshot": "Snapshots, evenly apart",
    }
)
MOST_SMOOTHING = 0.99


class ScalarIds(StrEnum):
    """The ids of the controls and of what they say, on whichever page they are."""

    SEARCH = "scalars-search"
    REGEX = "scalars-regex"
    SMOOTHING = "scalars-smoothing"
    SMOOTHED = "scalars-smoothed"
    X = "scalars-x"
    OUTLIERS = "scalars-outliers"
    LOG = "scalars-log"
    JOIN = "scalars-join"
    TIED = "scalars-tied"
    COLUMNS = "scalars-columns"
    COUNT = "scalars-count"
    NONE = "scalars-none"


def _at(view: str, name: ScalarIds) -> str:
    """Return an id on the page of a view: the workspace has several pages beside each other."""
    return f"{view}-{name.removeprefix('scalars-')}"


def count(view: str = "scalars") -> Component:
    """Return where the charts say how many scalars there are."""
    return html.Span(id=_at(view, ScalarIds.COUNT), className="dt-count", role="status")


def charts(
    id: str,
    kind: str,
    *,
    label: str,
    names: str,
    lines: str,
    nothing: Sequence[Any],
    view: str = "scalars",
    **more: Any,
) -> list[Component]:
    """Return the list of charts, and what stands there where no scalar was logged.

    `names` and `lines` are the addresses of which there are and of their values; `more` are further
    options of the kind.
    """
    return [
        html.P(list(nothing), id=_at(view, ScalarIds.NONE), hidden=True, className="dt-soft"),
        chart(
            id,
            kind,
            label=label,
            url=names,
            lines=lines,
            matcher=get_asset_url("early/patterns.js"),
            count=_at(view, ScalarIds.COUNT),
            none=_at(view, ScalarIds.NONE),
            smoothing=_at(view, ScalarIds.SMOOTHED),
            group=GROUP,
            **more,
        ),
    ]


def controls(*, over: bool, more: Sequence[Component] = ()) -> Component:
    """Return the search and how all charts are drawn; `over`: with what their axis counts.

    `more` are further switches.
    """
    return _row(
        [
            dmc.TextInput(
                id=bound(ScalarIds.SEARCH, "scalars"),
                label="Search",
                value="",
                placeholder="words of a name",
                size="xs",
                w=220,
                debounce=300,
            ),
            switch(
                ScalarIds.REGEX, "scalarregex", "Regular expression",
                "What is searched for is a pattern, such as loss$ or layer[0-3]/(mean|std)",
            ),
        ],
        "scalars",
        over=over,
        more=[_joined(), *more],
    )  # fmt: skip


def drawing(view: str) -> Component:
    """Return how all charts are drawn, of a page that says itself which there are."""
    return _row([], view, over=True)


def axis(id: str, *, url: str) -> Component:
    """Return the time axis above the charts of a run."""
    return html.Div(
        chart(id, "axis", label="Time axis: iterations and epochs", url=url, group=GROUP),
        className="dt-scale",
    )


def _row(
    search: Sequence[Component], view: str, *, over: bool, more: Sequence[Component] = ()
) -> Component:
    name = bound(_at(view, ScalarIds.COLUMNS), "scalarcolumns")
    columns = segments(name, "Charts side by side", _COLUMNS, "fit")
    return html.Div(
        [
            *search,
            _smoothing(view),
            *([_over(view)] if over else []),
            labelled("Columns", columns),
            html.Div([*_switches(view), *more], className="scalars-switches"),
        ],
        className="dt-form-row scalars-controls",
    )


# As many as fit, or a number of them.
_COLUMNS: Mapping[str, str] = MappingProxyType({"fit": "Fit", "1": "1", "2": "2", "3": "3"})


def _switches(view: str) -> list[Component]:
    return [
        switch(
            _at(view, ScalarIds.LOG), "log", "Log scale",
            "On all charts; ⚙ of a chart has its own",
        ),
        switch(
            _at(view, ScalarIds.OUTLIERS), "outliers", "Without outliers",
            "The scale leaves out the lowest and the highest 5 % of the values",
        ),
        switch(
            _at(view, ScalarIds.TIED), "scalartied", "Zoom together",
            "What one chart shows of the time, all show; without it each has its own",
            checked=True,
        ),
    ]  # fmt: skip


def _joined() -> Component:
    return switch(
        ScalarIds.JOIN,
        "scalarjoin",
        "Training with validation",
        "Names that differ in train, val, test alone share a chart",
    )


def _over(view: str) -> Component:
    return labelled(
        "Over",
        select(bound(_at(view, ScalarIds.X), "scalarx"), "Time axis", X, "iteration", 170),
        "What the time axis counts. Epoch and time of a value between two snapshots are "
        "taken evenly between theirs.",
    )


def _smoothing(view: str) -> Component:
    return html.Div(
        [
            html.Span(["Smoothing ", html.Output("0", id=_at(view, ScalarIds.SMOOTHED))]),
            dmc.Slider(
                id=bound(_at(view, ScalarIds.SMOOTHING), "smoothing"),
                value=0,
                min=0,
                max=MOST_SMOOTHING,
                step=0.01,
                precision=2,
                size="sm",
                w=150,
                updatemode="drag",
                thumbLabel="Smoothing",
            ),
        ],
        className="dt-control",
        title="Weight of the moving average; the values stay behind it, faintly",
    )


def switch(name: str, field: str, label: str, title: str, *, checked: bool = False) -> Component:
    """Return a switch of a field of the selection, with what it does."""
    made = dmc.Switch(id=bound(name, field), label=label, size="xs", checked=checked)
    return html.Div(made, title=title)
