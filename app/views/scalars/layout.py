"""The page of scalars: a search, then a chart for each name, in groups by the part before "/"."""

from collections.abc import Sequence
from itertools import groupby

import dash_mantine_components as dmc
from dash import dcc, get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.charts import chart, download
from app.components.headings import live_state
from app.data.scalars import group_of, key_of
from app.selection import bound
from app.view import PageContext
from app.views.scalars.ids import Ids, chart_id, legend_id

LIVE_MS = 5_000
QUIET_MS = 60_000
HEIGHT = 110


def layout(context: PageContext) -> Component:
    """Return the page; the charts come by callback."""
    run = context.run
    if run is None:
        raise ValueError("the scalars are a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            dcc.Store(id=Ids.RUN, data=run.id),
            dcc.Interval(id=Ids.TIMER, interval=LIVE_MS if run.recording else QUIET_MS),
            dcc.Store(id=Ids.SHOWN),
            html.Div(
                [
                    html.H1(f"Scalars of {run.name}"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    live_state(Ids.LIVE, run),
                ],
                className="dt-page-head",
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id=bound(Ids.SEARCH, "scalars"),
                        label="Search",
                        value="",
                        placeholder="words of a name",
                        size="xs",
                        w=260,
                        debounce=300,
                    ),
                    dmc.Switch(
                        id=bound(Ids.LOG, "log"), label="Log scale", size="xs", checked=False
                    ),
                ],
                className="dt-form-row scalars-controls",
            ),
            html.Div(
                chart(
                    Ids.AXIS,
                    "axis",
                    label="Time axis: iterations and epochs",
                    url=f"{base}/series",
                ),
                className="dt-scale",
            ),
            html.Div(id=Ids.LIST),
            dmc.Pagination(id=bound(Ids.PAGER, "scalarpage"), total=1, value=1, size="sm", mt="md"),
        ],
        className="scalars",
    )


def charts(run_id: int, names: Sequence[str]) -> list[Component]:
    """Return the charts of these scalars under the heads of their groups."""
    # One address for all: they come with one answer.
    url = _address(run_id, names)
    return [
        html.Section(
            [
                html.H2(f"{group}/", className="scalars-head") if group else None,
                *(_panel(name, url, table=_address(run_id, [name])) for name in members),
            ],
            className="scalars-group",
        )
        for group, members in groupby(names, key=group_of)
    ]


def _address(run_id: int, names: Sequence[str]) -> str:
    keys = ",".join(key_of(name) for name in names)
    return get_relative_path(f"/data/run/{run_id}/scalar-lines") + f"?names={keys}"


def _panel(name: str, url: str, *, table: str) -> Component:
    key = key_of(name)
    panel = {
        "title": name,
        "heading": False,
        "height": HEIGHT,
        "log": "{log}",
        "fit": True,
        "lines": [{"series": key, "colour": "--dt-blue"}],
    }
    return html.Div(
        [
            html.Div(
                [
                    # Below the head of its group, where it has one.
                    (html.H3 if group_of(name) else html.H2)(
                        name, title=name, className="scalars-name"
                    ),
                    html.Span(id=legend_id(key), className="dt-panel-legend"),
                    download(),
                ],
                className="dt-panel-head",
            ),
            chart(
                chart_id(key),
                "strip",
                label=f"{name} over time",
                url=url,
                table=table,
                panels=[panel],
                redraw=["log"],
                legend=legend_id(key),
            ),
        ],
        className="dt-panel scalars-panel",
    )


def no_scalars() -> Component:
    """Return what is said of a run without any scalar."""
    return html.P(
        [
            "This run has no scalars. Numbers given to ",
            html.Code("recorder.step(train_loss=loss)"),
            " or ",
            html.Code("recorder.log(...)"),
            " are drawn here, whatever their names are.",
        ],
        className="dt-soft",
    )


def no_match(search: str) -> Component:
    """Return what is said where no name has the words of the search."""
    return html.P(
        f"No scalar has a name with “{search}”. Every word must occur in it.",
        className="dt-soft",
        **aria(live="polite"),
    )
