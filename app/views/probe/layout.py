"""The page of probes: the time axis, filters as tiles, saliency, one filter, first kernels."""

import dash_mantine_components as dmc
from dash import get_relative_path, html

from app.components.charts import chart, panel
from app.components.controls import labelled, segments, select
from app.components.headings import heading
from app.selection import bound
from app.view import PageContext
from app.views.probe.ids import Ids
from deeptracker.format import GRAD_CAM, INTEGRATED_GRADIENTS
from ingest.analysis.filter_clusters import DEFAULT_CLUSTERS, MAX_CLUSTERS

METHODS = {GRAD_CAM: "Grad-CAM", INTEGRATED_GRADIENTS: "Integrated gradients"}
TARGETS = {"predicted": "Predicted class", "true": "True class"}


def layout(context: PageContext) -> html.Div:
    """Return the page of probes of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the page of probes is one of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    subtitle = "what the network sees of a few validation images"
    return html.Div(
        [
            heading("Probe", subtitle, live=Ids.LIVE, run=run),
            html.Div(
                chart(
                    Ids.AXIS,
                    "axis",
                    label="Time axis: iterations and epochs",
                    url=f"{base}/series",
                ),
                className="dt-scale",
            ),
            html.Div(
                [
                    html.Div([_maps(base), _course(base), _top(base)], className="probe-main"),
                    html.Aside([_saliency(base), _kernels(base)], className="probe-aside"),
                ],
                className="probe-body",
            ),
            _clusters(base),
        ],
        className="probe",
    )


def _maps(base: str) -> html.Section:
    own = dmc.Switch(
        id=bound(Ids.OWN, "probeown"), label="Each on its own scale", size="xs", checked=False
    )
    return panel(
        "Filters of a layer",
        chart(
            Ids.MAPS,
            "probemaps",
            label="What each filter of the layer puts out for the image",
            url=f"{base}/probes",
            base=base,
            legend=Ids.LEGEND,
            redraw=["probeown"],
        ),
        controls=[own],
        legend=Ids.LEGEND,
    )


def _saliency(base: str) -> html.Section:
    opacity = html.Div(
        [
            html.Span("Opacity"),
            dmc.Slider(
                id=bound(Ids.OPACITY, "probeopacity"),
                value=80,
                min=0,
                max=100,
                size="sm",
                w=90,
                updatemode="drag",
                thumbLabel="Opacity of the map",
            ),
        ],
        className="dt-control",
    )
    return panel(
        "Saliency",
        chart(
            Ids.SALIENCY,
            "probesaliency",
            label="What in the image spoke for a class",
            url=f"{base}/probes",
            base=base,
            legend=Ids.SALIENCY_LEGEND,
            redraw=["probemethod", "probetarget", "probeopacity"],
        ),
        controls=[
            select(bound(Ids.METHOD, "probemethod"), "Method", METHODS, GRAD_CAM, 175),
            segments(bound(Ids.TARGET, "probetarget"), "For which class", TARGETS, "predicted"),
            opacity,
        ],
        legend=Ids.SALIENCY_LEGEND,
    )


def _course(base: str) -> html.Section:
    return panel(
        "One filter over time",
        chart(
            Ids.COURSE,
            "probecourse",
            label="What the chosen filter put out for the image at each probe",
            url=f"{base}/probes",
            base=base,
        ),
    )


def _kernels(base: str) -> html.Section:
    return panel(
        "Kernels of the first layer",
        chart(
            Ids.KERNELS,
            "probekernels",
            label="Kernels of the first layer as pictures",
            url=f"{base}/probes",
            base=base,
        ),
    )


def _top(base: str) -> html.Section:
    return panel(
        "Images that activate the filter most",
        chart(
            Ids.TOP,
            "probetop",
            label="The validation images that activate the chosen filter most",
            url=f"{base}/probes",
            base=base,
        ),
    )


def _clusters(base: str) -> html.Section:
    count = dmc.NumberInput(
        id=bound(Ids.COUNT, "probeclusters"),
        value=DEFAULT_CLUSTERS,
        min=1,
        max=MAX_CLUSTERS,
        step=1,
        size="xs",
        w=64,
    )
    return panel(
        "Clusters of filters, layer by layer",
        chart(
            Ids.CLUSTERS,
            "probeclusters",
            label="Clusters of the filters of each layer, and which of them go together",
            url=f"{base}/probes",
            base=base,
            legend=f"{Ids.CLUSTERS}-legend",
            redraw=["probeclusters"],
        ),
        controls=[labelled("Clusters of a layer", count)],
        legend=f"{Ids.CLUSTERS}-legend",
    )
