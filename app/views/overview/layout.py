"""The page of the overview: facts, then charts on one time axis with the read-out beside them."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import dash_mantine_components as dmc
from dash import get_asset_url, get_relative_path, html
from dash.development.base_component import Component

from app import store
from app.analysis import analysis_of
from app.components.charts import chart, panel
from app.components.controls import select
from app.components.empty import missed, no_snapshots
from app.components.not_recorded import how_to
from app.components.run_course import course_facts, lacks, origin, remarks, unrecorded
from app.components.verdict import verdicts
from app.data.overview import RATE, other_rates
from app.selection import bound
from app.view import PageContext
from app.views.overview import words
from app.views.overview.header import header
from app.views.overview.ids import Ids
from app.views.overview.lineage import lineage
from db.queries.measurements.layer_stats import ALL_QUANTITIES
from db.queries.runs.runs import RunRow, run_manifest
from deeptracker.catalogue import IMAGE_TRANSITIONS, KNOWN_SERIES, LAYER_STATISTICS, labels
from ingest.analysis.health.needs import (
    LAYERS,
    LEARNING_RATE,
    TRAIN_ERROR,
    TRAIN_LOSS,
    VALIDATION,
    Need,
)

DEFAULTS = {"quantity": "gradient", "statistic": "std", "scaling": "log"}
TRANSITIONS = tuple(one.label for one in IMAGE_TRANSITIONS)

_NO_SNAPSHOTS = no_snapshots("The charts appear")
_NO_VALIDATION = (
    "This run has no validation images, so nothing is known about its classes. "
    "Give the Recorder validation data to see them."
)
# Of the parameter groups after the first.
_RATE_COLOURS = ("blue", "orange", "learned", "pin", "forgotten")
_CHOOSE = "Choose another quantity or statistic."
_NO_VALUES = (
    "Every value of this choice is NaN: it was not recorded, or not defined, in any snapshot. "
    + _CHOOSE
)


def defaults(context: PageContext) -> Mapping[str, Any]:
    """Return which quantity of the layers is shown first: weights, where gradients are missing."""
    run = context.run
    if run is None:
        raise ValueError("the overview is a page of a run")
    with store.transaction() as session:
        return _defaults(lacks(run_manifest(session, run_id=run.id)))


def _defaults(without: Mapping[str, str]) -> Mapping[str, Any]:
    return {"quantity": "weight" if "gradient" in without else DEFAULTS["quantity"]}


def layout(context: PageContext) -> html.Div:
    """Return the overview of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the overview is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    with store.transaction() as session:
        manifest = run_manifest(session, run_id=run.id)
        thought = verdicts(session, [run])[run.id]
        descent = lineage(session, run, context.identity)
        rates = other_rates(analysis_of(session, run.id).series_names(session))
    return html.Div(
        [
            header(run, base, course_facts(manifest), thought),
            descent,
            words.part(run, context.identity),
            _remarks(remarks(manifest)),
            _unrecorded(unrecorded(manifest)),
            _origin(origin(manifest)),
            html.Div(
                [
                    html.Div(_charts(run, base, manifest, rates), className="overview-charts"),
                    html.Aside(_readout(base), className="overview-aside"),
                ],
                className="overview-body",
            ),
        ],
        className="overview",
    )


def _charts(
    run: RunRow, base: str, manifest: Mapping[str, Any], rates: Sequence[str]
) -> list[Component]:
    """Return the charts of what the run has; of one without layers and classes, all its scalars.

    rates: the scalars of the learning rates of all parameter groups but the first.
    """
    converted = manifest.get("origin") is not None
    parts = [_axis(base), _strip(base, rates, validates=run.validates, converted=converted)]
    if not (run.layer_count or run.validates):
        return [*parts, _scalars(base), _missing([VALIDATION, LAYERS], manifest)]
    # A recorded run without validation says so where its classes would be.
    if run.validates or not converted:
        parts.append(_classes(base))
    if run.layer_count:
        parts.append(_layers(base, lacks(manifest)))
    lacking = [need for need, there in ((VALIDATION, run.validates), (LAYERS, run.layer_count))
               if not there and converted]  # fmt: skip
    return [*parts, _missing(lacking, manifest)] if lacking else parts


def _missing(needs: list[Need], manifest: Mapping[str, Any]) -> html.Ul:
    """Return what the run does not have, and how to have it."""
    said = [
        html.Li([html.B(f"Not recorded: {need.title}. "), f"{how_to(need, manifest)}."])
        for need in needs
    ]
    return html.Ul(said, className="overview-missing")


def _scalars(base: str) -> html.Section:
    """Return all scalars, as the page of scalars draws them; what is searched for there counts."""
    body = chart(
        Ids.SCALARS,
        "scalarlist",
        label="The scalars",
        url=f"{base}/scalar-names",
        lines=f"{base}/scalar-lines",
        matcher=get_asset_url("early/patterns.js"),
        count=Ids.SCALAR_COUNT,
        none=Ids.NO_SCALARS,
        smoothing="",
    )
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Scalars"),
                    html.Span(id=Ids.SCALAR_COUNT, className="dt-soft", role="status"),
                ],
                className="dt-panel-head",
            ),
            html.P("This run has no scalars.", id=Ids.NO_SCALARS, hidden=True, className="dt-soft"),
            body,
        ],
        className="dt-panel",
    )


def _origin(found: list[tuple[str, str]]) -> Component:
    """Return where the run comes from that no Recorder wrote, folded; the place is in sight."""
    facts = dict(found)
    rows = [html.Li([html.Span(f"{label}: "), text]) for label, text in found]
    lost = sum(label == "Not taken" and not text.startswith("nothing") for label, text in found)
    ending = f"; {lost} kind{'' if lost == 1 else 's'} of things not taken" if lost else ""
    said = f"Read from {facts.get('Read from', '')} in {facts.get('Place', '')}{ending}"
    return html.Details(
        [html.Summary(said), html.Ul(rows)], className="overview-origin", hidden=not found
    )


def _remarks(found: list[tuple[str, str]]) -> Component:
    """Return what the Recorder skipped or doubts, folded; nothing where there is none."""
    rows = [html.Li([html.Span(f"{when}. ") if when else None, text]) for when, text in found]
    count = "1 remark" if len(found) == 1 else f"{len(found)} remarks"
    return html.Details(
        [html.Summary(f"{count} of the Recorder: what it skipped or doubts"), html.Ul(rows)],
        className="overview-remarks",
        hidden=not found,
    )


def _unrecorded(found: list[tuple[str, str]]) -> Component:
    """Return which parameters of the network have no statistics, folded; often only biases."""
    rows = [html.Li([html.Span(f"{why}. "), which]) for why, which in found]
    return html.Details(
        [html.Summary("Parameters that are not recorded, and why"), html.Ul(rows)],
        className="overview-unrecorded",
        hidden=not found,
    )


def _axis(base: str) -> html.Div:
    return html.Div(
        chart(Ids.AXIS, "axis", label="Time axis: iterations and epochs", url=f"{base}/series"),
        className="dt-scale overview-axis",
    )


def _line(series: str, name: str, colour: str) -> dict[str, str]:
    return {"series": series, "name": name, "colour": f"--dt-{colour}"}


def _part(column: int, colour: str, *, changing: bool = False) -> dict[str, object]:
    name = TRANSITIONS[column].lower()
    return {"column": column, "name": name, "colour": f"--dt-{colour}", "changing": changing}


def _rates(others: Sequence[str]) -> list[dict[str, str]]:
    """Return the lines of the learning rates: one for each parameter group, with its name."""
    lines = [_line(RATE, "group 0" if others else "", "violet")]
    for name, colour in zip(others, cycle(_RATE_COLOURS), strict=False):
        own = name.removeprefix(f"{RATE}/")
        lines.append(_line(name, f"group {own}" if own.isdigit() else own, colour))
    return lines


def _strip(base: str, others: Sequence[str], *, validates: bool, converted: bool) -> html.Section:
    def absent(need: Need) -> str:
        return missed(need, converted=converted)

    nothing = "changes show from the second snapshot on" if validates else absent(VALIDATION)
    panels = [
        {
            "title": "Learning rate",
            "height": 78 if others else 44,
            "nothing": absent(LEARNING_RATE),
            "step": True,
            "lines": _rates(others),
        },
        {
            "title": "Loss",
            "height": 78,
            "log": "{log}",
            "nothing": absent(TRAIN_LOSS),
            "lines": [
                _line("train_loss", "training", "blue"),
                _line("validation_loss", "validation", "orange"),
            ],
        },
        {
            "title": "Error",
            "height": 78,
            "nothing": absent(TRAIN_ERROR),
            "format": "percent",
            "lines": [
                _line("train_error", "training", "blue"),
                _line("validation_error", "validation", "orange"),
            ],
        },
    ]
    if validates or not converted:
        panels.append(
            {
                "title": "Images",
                "height": 78,
                "nothing": nothing,
                "stack": {
                    "array": "transitions",
                    "parts": [
                        _part(2, "stay-right"),
                        _part(0, "learned", changing=True),
                        _part(1, "forgotten", changing=True),
                        _part(3, "stay-wrong"),
                    ],
                },
            }
        )
    return panel(
        "Model",
        chart(
            Ids.STRIP,
            "strip",
            label="Learning rate, losses, errors and changes of the validation images over time",
            url=f"{base}/series",
            panels=panels,
            redraw=["log"],
            legend=Ids.STRIP_LEGEND,
            say={"noColumns": _NO_SNAPSHOTS},
        ),
        controls=[
            dmc.Switch(id=bound(Ids.LOG_LOSS, "log"), label="Log loss", size="xs", checked=False)
        ],
        legend=Ids.STRIP_LEGEND,
    )


def _classes(base: str) -> html.Section:
    return panel(
        "Error of the classes",
        chart(
            Ids.CLASSES,
            "pixelmap",
            label="Error of every class over time",
            url=f"{base}/class-error",
            array="wrong",
            divide="images",
            complement=True,
            labels="names",
            what="class",
            value="error",
            palette="{palette}",
            domain=(0, 1),
            extreme="min",
            format="percent",
            order="{order}",
            maxHeight=340,
            legend=Ids.CLASSES_LEGEND,
            redraw=["palette", "order"],
            say={"noColumns": _NO_SNAPSHOTS, "noRows": _NO_VALIDATION},
        ),
        controls=[
            select(
                bound(Ids.ORDER, "order"),
                "Order of the classes",
                {"recorded": "As recorded", "last": "Highest at the end first"},
                "recorded",
                170,
            ),
            select(
                bound(Ids.PALETTE, "palette"),
                "Colours",
                {"accuracy": "Red to green", "safe": "Colour-blind safe"},
                "accuracy",
                145,
            ),
        ],
        legend=Ids.CLASSES_LEGEND,
    )


def _no_values(lacking: Mapping[str, str]) -> str:
    """Return what stands where all values of a choice are NaN; `lacking` as run_course.lacks."""
    words = [lacking[name] for name in ALL_QUANTITIES if name in lacking]
    if not words:
        return _NO_VALUES
    return f"Every value of this choice is NaN: this run has no {' or '.join(words)}. {_CHOOSE}"


def _layers(base: str, lacking: Mapping[str, str]) -> html.Section:
    quantities = {name: name.replace("_", " ").capitalize() for name in ALL_QUANTITIES}
    first = _defaults(lacking)["quantity"]
    return panel(
        "Layers",
        chart(
            Ids.LAYERS,
            "pixelmap",
            label="A statistic of every layer over time",
            url=f"{base}/layer-profile?quantity={{quantity}}&statistic={{statistic}}",
            array="values",
            labels="names",
            groups="stages",
            what="layer",
            palette="magnitude",
            signedPalette="diverging",
            scaling="{scaling}",
            extreme="absolute",
            maxHeight=648,
            legend=Ids.LAYERS_LEGEND,
            redraw=["scaling"],
            say={"noColumns": _NO_SNAPSHOTS, "noValues": _no_values(lacking)},
        ),
        controls=[
            select(bound(Ids.QUANTITY, "quantity"), "Quantity", quantities, first, 120),
            select(
                bound(Ids.STATISTIC, "statistic"),
                "Statistic",
                labels(LAYER_STATISTICS),
                DEFAULTS["statistic"],
                180,
            ),
            select(
                bound(Ids.SCALING, "scaling"),
                "Scale of the colours",
                {"log": "Log scale", "linear": "Linear scale", "row": "Scale of each layer"},
                DEFAULTS["scaling"],
                170,
            ),
        ],
        legend=Ids.LAYERS_LEGEND,
    )


def _readout(base: str) -> html.Div:
    return chart(
        Ids.READOUT,
        "readout",
        label="Values at the cursor",
        url=f"{base}/series",
        facts=[
            {"title": one.label, "series": one.name, "format": one.format}
            for one in sorted(KNOWN_SERIES, key=lambda one: one.place)
        ],
        transitions=list(TRANSITIONS),
        maps=[
            {
                "id": Ids.CLASSES,
                "title": "Class",
                "lowest": 5,
                "lowestTitle": "Highest error here",
            },
            {"id": Ids.LAYERS, "title": "Layer"},
        ],
    )
