"""The charts of the compare page: of all runs in overview, of two of them in detail."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import get_relative_path, html
from dash.development.base_component import Component

from app.components import run_colours, scalar_charts
from app.components.charts import chart, download, panel
from app.components.controls import select
from app.components.verdict import UNKNOWN, Verdict
from app.data.aligned import groupings_of
from app.selection import bound
from app.versions import joint_token, short_uuid
from app.views.compare.ids import Ids
from app.views.compare.words import BANDS, MEASURES, ORDERS, SCALES, STATISTICS, letter
from db.queries.runs.runs import RunRow


def address(name: str, runs: Sequence[RunRow], *more: str) -> str:
    """Return the template of the address of a comparison; `more` are further arguments."""
    ids = ",".join(str(run.id) for run in runs)
    version = joint_token(run.this_version for run in runs)
    arguments = [f"runs={ids}", "align={align}", *more, f"v={version}"]
    return get_relative_path(f"/data/compare/{name}") + "?" + "&".join(arguments)


_GROUPED = ("group={grouping}", "members={members}", "by={groupby}", "band={band}")
_PICKED = ("picked={picked}",)
_PAIR = ("first={firstrun}", "second={secondrun}")


def _options(runs: Sequence[RunRow]) -> dict[str, Any]:
    about = [
        {
            "id": run.id,
            "of": short_uuid(run.uuid),
            "name": run.name,
            "state": run.state,
            "error": run.last_error if run.last_error == run.last_error else None,
            "snapshots": run.snapshot_count,
            "href": get_relative_path(f"/run/{run.id}"),
            "colour": colour,
        }
        for run, colour in zip(runs, run_colours.places([run.id for run in runs]), strict=True)
    ]
    return {"runs": about}


def state(runs: Sequence[RunRow]) -> Component:
    """Return what keeps the page's choice in the address."""
    return chart(Ids.STATE, "comparestate", label="", **_options(runs))


def grouping(runs: Sequence[RunRow]) -> Component:
    """Return by which setting runs make groups, and what the bands of groups show.

    Out of sight until there are groups: app/views/compare/web/state.ts shows what is asked for.
    """
    names = dict.fromkeys(name for run in runs for name in groupings_of(run))
    texts = {"": "first that differs", **{name: name for name in names}}
    return html.Div(
        [
            html.Div(
                [
                    html.Span("Setting"),
                    select(bound(Ids.GROUP_BY, "groupby"), "Setting of the groups", texts, "", 170),
                ],
                className="compare-control compare-group-by",
            ),
            html.Div(
                select(bound(Ids.BAND, "band"), "Band of a group", BANDS, "deviation", 200),
                className="compare-control compare-band",
            ),
        ],
        className="compare-grouping",
        hidden=True,
    )


def overview(
    runs: Sequence[RunRow], thought: Mapping[int, Verdict] | None = None
) -> list[Component]:
    """Return what is shown of all runs: their key, with what is thought of each, and the axis."""
    known = thought or {}
    said = [
        " · ".join(filter(None, (known.get(run.id, UNKNOWN).died, known.get(run.id, UNKNOWN).name)))
        for run in runs
    ]
    given = _options(runs)
    return [
        grouping(runs),
        html.Div(
            [
                chart(
                    Ids.KEY,
                    "comparekey",
                    label="Colours and patterns of the runs",
                    url=address("scalar-names", runs, *_GROUPED),
                    said=said,
                    **given,
                ),
                chart(
                    Ids.AXIS,
                    "compareaxis",
                    label="Time axis",
                    url=address("scalar-names", runs, *_GROUPED),
                    **given,
                ),
            ],
            className="dt-scale compare-axis",
        ),
    ]


def detail(runs: Sequence[RunRow], explore: Component | None = None) -> list[Component]:
    """Return the charts below: scalars, events, layers of all runs; classes and images of two.

    `explore`, what sets settings against results, stands after the scalars.
    """
    given = _options(runs)
    return [
        _scalars(runs),
        *([explore] if explore else []),
        panel(
            "Anomalies and annotations",
            chart(
                Ids.EVENTS,
                "compareevents",
                label="Anomalous iterations and annotations of every run",
                url=address("events", runs, *_PICKED),
                **given,
            ),
            controls=[
                html.Span("▼ was stable, then flipped", className="dt-soft"),
                html.Span("▲ flipped, then stable", className="dt-soft"),
                html.Span("◆ an event, ↻ a resume", className="dt-soft"),
                html.Span("● an annotation. Click one to open it.", className="dt-soft"),
            ],
        ),
        _pair(runs),
        html.Div(id=Ids.MATCHING, className="compare-matching", role="status"),
        html.Div(
            [
                _map(runs, Ids.MAP_FIRST, "first"),
                _map(runs, Ids.MAP_SECOND, "second"),
            ],
            className="compare-maps",
        ),
        _map(runs, Ids.MAP_DIFFERENCE, "difference"),
        panel(
            "Images that one gets right and the other wrong",
            chart(
                Ids.IMAGES,
                "compareimages",
                label="Images on which the two runs differ at the cursor",
                url=address("images", runs, *_PAIR),
                sheets=get_relative_path("/data/run"),
                **given,
            ),
        ),
        _layers(runs, given),
    ]


def _scalars(runs: Sequence[RunRow]) -> Component:
    """Return the charts of scalars, as on the page of a run, with a line for each of these."""
    difference = scalar_charts.switch(
        Ids.DIFFERENCE, "difference", "Difference to baseline",
        "Each run less the baseline, which then lies at 0",
    )  # fmt: skip
    head = [
        html.H2("Scalars"),
        scalar_charts.count(),
        html.Span(id=Ids.SCALARS_SAID, className="dt-panel-legend", role="status"),
    ]
    return html.Section(
        [
            html.Div(head, className="dt-panel-head"),
            scalar_charts.controls(over=False, more=[difference]),
            *scalar_charts.charts(
                Ids.SCALARS,
                "comparescalars",
                label="Losses, errors and other scalars of all runs",
                names=address("scalar-names", runs, *_GROUPED),
                lines=address(
                    "scalar-lines", runs, *_GROUPED, "minus={difference}", "base={baseline}"
                ),
                nothing=["These runs logged no scalar, neither loss nor error nor anything else."],
                said=Ids.SCALARS_SAID,
                **_options(runs),
            ),
        ],
        className="compare-scalars",
    )


def _pair(runs: Sequence[RunRow]) -> Component:
    """Return the choice of the two runs in detail; out of sight where there are two anyway."""
    texts = {str(at): f"{letter(at)}  {run.name}" for at, run in enumerate(runs)}
    return html.Div(
        [
            html.H2("Two runs in detail"),
            html.Span(
                [
                    html.Span("Compare", className="dt-soft"),
                    select(bound(Ids.FIRST, "firstrun"), "First run in detail", texts, "0", 220),
                    html.Span("with", className="dt-soft"),
                    select(bound(Ids.SECOND, "secondrun"), "Second run in detail", texts, "1", 220),
                ],
                className="compare-pair-choice",
                hidden=len(runs) == 2,
            ),
            html.Span("Classes", className="dt-soft"),
            select(bound(Ids.ORDER, "compareorder"), "Order of classes", ORDERS, "difference", 140),
        ],
        className="compare-pair",
    )


_SAY = {
    "noColumns": (
        "The two runs have no snapshot at the same place of this axis. Align by another, or wait "
        "for more of them."
    ),
    "noRows": (
        "The two runs have no class of the same name: one validates nothing, or they were trained "
        "on different data."
    ),
    "noValues": "No class of the same name has validation images.",
}
_NOWHERE = (
    "This run has no snapshot on this axis: none yet, or its log does not say when they were."
)
_TITLES = {
    "first": "Error of the classes",
    "second": "Error of the classes",
    "difference": "Difference of the errors",
}


def _map(runs: Sequence[RunRow], id: str, side: str) -> Component:
    body = chart(
        id,
        "comparemap",
        label=f"{_TITLES[side]}: {side} run" if side != "difference" else _TITLES[side],
        url=address("classes", runs, *_PAIR),
        array=side,
        side=side,
        title=f"{id}-title",
        legend=f"{id}-legend",
        palette="diverging" if side == "difference" else "magnitude",
        labels="names",
        what="class",
        value="error",
        format="percent",
        extreme="absolute" if side == "difference" else "max",
        maxHeight=300,
        rowHeight=18,
        redraw=["compareorder"],
        say=_SAY if side == "difference" else {**_SAY, "noColumns": _NOWHERE},
        **_options(runs),
    )
    head = [
        html.H2(_TITLES[side], id=f"{id}-title"),
        html.Span(id=f"{id}-legend", className="dt-panel-legend"),
        download(),
    ]
    return html.Section([html.Div(head, className="dt-panel-head"), body], className="dt-panel")


def _layers(runs: Sequence[RunRow], given: dict[str, Any]) -> Component:
    statistic = select(
        bound(Ids.STATISTIC, "statistic"), "Statistic of the layers", STATISTICS, "std", 170
    )
    return panel(
        "Layers",
        chart(
            Ids.LAYERS,
            "comparelayers",
            label="A statistic of every layer that at least two runs have",
            url=address(
                "layers", runs, "measure={measure}", "statistic={statistic}", *_PICKED, *_GROUPED
            ),
            legend=Ids.LAYERS_LEGEND,
            **given,
        ),
        controls=[
            select(bound(Ids.MEASURE, "measure"), "Quantity of the layers", MEASURES, "ratio", 220),
            # The chart hides it where there is none to choose.
            html.Div(statistic, className="compare-statistic"),
            select(bound(Ids.SCALE, "scale"), "Scale of the layers", SCALES, "log", 90),
        ],
        legend=Ids.LAYERS_LEGEND,
    )
