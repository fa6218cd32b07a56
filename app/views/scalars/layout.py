"""The page of scalars: a search, how all are drawn, and a chart for each name, in groups."""

from collections.abc import Mapping
from types import MappingProxyType

import dash_mantine_components as dmc
from dash import get_asset_url, get_relative_path, html
from dash.development.base_component import Component

from app.components.charts import chart
from app.components.controls import labelled, segments, select
from app.components.headings import live_state
from app.selection import bound
from app.view import PageContext
from app.views.scalars.ids import Ids

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


def layout(context: PageContext) -> Component:
    """Return the page; the browser asks which charts there are."""
    run = context.run
    if run is None:
        raise ValueError("the scalars are a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            html.Div(
                [
                    html.H1(f"Scalars of {run.name}"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    live_state(Ids.LIVE, run),
                ],
                className="dt-page-head",
            ),
            _controls(),
            html.Div(
                chart(
                    Ids.AXIS,
                    "axis",
                    label="Time axis: iterations and epochs",
                    url=f"{base}/series",
                    group=GROUP,
                ),
                className="dt-scale",
            ),
            _no_scalars(),
            chart(
                Ids.LIST,
                "scalarlist",
                label="The scalars",
                url=f"{base}/scalar-names",
                lines=f"{base}/scalar-lines",
                matcher=get_asset_url("early/patterns.js"),
                count=Ids.COUNT,
                none=Ids.NONE,
                smoothing=Ids.SMOOTHED,
                group=GROUP,
            ),
        ],
        className="scalars",
    )


def _controls() -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id=bound(Ids.SEARCH, "scalars"),
                label="Search",
                value="",
                placeholder="words of a name",
                size="xs",
                w=220,
                debounce=300,
            ),
            _switch(
                Ids.REGEX, "scalarregex", "Regular expression",
                "What is searched for is a pattern, such as loss$ or layer[0-3]/(mean|std)",
            ),
            _smoothing(),
            labelled(
                "Over", select(bound(Ids.X, "scalarx"), "Time axis", X, "iteration", 170),
                "What the time axis counts. Epoch and time of a value between two snapshots are "
                "taken evenly between theirs.",
            ),
            labelled(
                "Columns",
                segments(
                    bound(Ids.COLUMNS, "scalarcolumns"), "Charts side by side", _COLUMNS, "fit"
                ),
            ),
            html.Div(
                [
                    _switch(Ids.LOG, "log", "Log scale", "On all charts; ⚙ of a chart has its own"),
                    _switch(
                        Ids.OUTLIERS, "outliers", "Without outliers",
                        "The scale leaves out the lowest and the highest 5 % of the values",
                    ),
                    _switch(
                        Ids.JOIN, "scalarjoin", "Training with validation",
                        "Names that differ in train, val, test alone share a chart",
                    ),
                    _switch(
                        Ids.TIED, "scalartied", "Zoom together",
                        "What one chart shows of the time, all show; without it each has its own",
                        checked=True,
                    ),
                ],
                className="scalars-switches",
            ),
        ],
        className="dt-form-row scalars-controls",
    )  # fmt: skip


# As many as fit, or a number of them.
_COLUMNS: Mapping[str, str] = MappingProxyType({"fit": "Fit", "1": "1", "2": "2", "3": "3"})


def _smoothing() -> Component:
    return html.Div(
        [
            html.Span(["Smoothing ", html.Output("0", id=Ids.SMOOTHED)]),
            dmc.Slider(
                id=bound(Ids.SMOOTHING, "smoothing"),
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


def _switch(name: Ids, field: str, label: str, title: str, *, checked: bool = False) -> Component:
    switch = dmc.Switch(id=bound(name, field), label=label, size="xs", checked=checked)
    return html.Div(switch, title=title)


def _no_scalars() -> Component:
    return html.P(
        [
            "This run has no scalars. Numbers given to ",
            html.Code("recorder.step(train_loss=loss)"),
            " or ",
            html.Code("recorder.log(...)"),
            " are drawn here, whatever their names are.",
        ],
        id=Ids.NONE,
        hidden=True,
        className="dt-soft",
    )
