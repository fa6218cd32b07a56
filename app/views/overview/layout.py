"""The page of the overview: facts, then charts on one time axis with the read-out beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import get_asset_url, get_relative_path, html
from dash.development.base_component import Component

from app import store
from app.analysis import analysis_of
from app.components.charts import chart
from app.components.not_recorded import how_to
from app.components.run_course import course_facts, lacks, origin, remarks, unrecorded
from app.components.verdict import verdicts
from app.data.overview import other_rates
from app.view import PageContext
from app.views.overview import about, maps, words
from app.views.overview.header import header
from app.views.overview.ids import Ids
from app.views.overview.lineage import lineage
from app.views.overview.strip import TRANSITIONS, strip
from db.queries.runs.runs import RunRow, run_manifest
from deeptracker.catalogue import KNOWN_SERIES
from ingest.analysis.health.needs import LAYERS, VALIDATION, Need


def defaults(context: PageContext) -> Mapping[str, Any]:
    """Return which quantity of the layers is shown first: weights, where gradients are missing."""
    run = context.run
    if run is None:
        raise ValueError("the overview is a page of a run")
    with store.transaction() as session:
        return maps.first_shown(lacks(run_manifest(session, run_id=run.id)))


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
            about.remarks(remarks(manifest)),
            about.unrecorded(unrecorded(manifest)),
            about.origin(origin(manifest)),
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
    parts = [_axis(base), strip(base, rates, validates=run.validates, converted=converted)]
    if not (run.layer_count or run.validates):
        return [*parts, _scalars(base), _missing([VALIDATION, LAYERS], manifest)]
    # A recorded run without validation says so where its classes would be.
    if run.validates or not converted:
        parts.append(maps.classes(base))
    if run.layer_count:
        parts.append(maps.layers(base, lacks(manifest)))
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


def _axis(base: str) -> html.Div:
    return html.Div(
        chart(Ids.AXIS, "axis", label="Time axis: iterations and epochs", url=f"{base}/series"),
        className="dt-scale overview-axis",
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
