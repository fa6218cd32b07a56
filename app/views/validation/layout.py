"""The page of the validation view: controls, rows on the time axis, anomalies listed beside."""

from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import get_relative_path, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from app import store
from app.components.anomaly_controls import CLASS_ORDERS, anomaly_window, only_anomalous
from app.components.charts import chart, panel
from app.components.controls import Id, labelled, segments, select
from app.components.empty import missed, no_snapshots
from app.components.headings import heading
from app.components.not_recorded import was_imported
from app.selection import bound
from app.view import PageContext
from app.views.validation.ids import Ids
from db.queries.runs import structure
from db.queries.runs.runs import RunRow
from ingest.analysis.anomalies import default_threshold, default_window
from ingest.analysis.clusters import MAX_CLUSTERS
from ingest.analysis.health.needs import LEARNING_RATE, TRAIN_ERROR, TRAIN_LOSS

HEIGHTS = {"auto": "Automatic", "fit": "All in sight", "4": "4 px", "8": "8 px", "16": "16 px"}
PALETTES = {"accuracy": "Red to green", "safe": "Colour-blind safe"}
# So few classes need no clusters to be overlooked.
FEW_CLASSES = 40
_WINDOW = "k={k}&m={m}&share={share}&direction={direction}"
_SAY = {
    "noColumns": no_snapshots("Rows appear"),
    "noRows": (
        "This run has no validation images, so there is nothing to follow here. Record them: "
        "Recorder(model, optimizer, run_dir, validation=validation_set, classes=class_names)."
    ),
}


def defaults(context: PageContext) -> dict[str, Any]:
    """Return the window, the threshold and the kind of rows that fit the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the validation view is a page of a run")
    return _defaults(run, _sizes(run))


def _sizes(run: RunRow) -> NDArray[np.int32]:
    """Return the number of images of each class, i4 [C]."""
    with store.transaction() as session:
        return structure.classes(session, run_id=run.id).image_count


def _defaults(run: RunRow, sizes: NDArray[np.int32]) -> dict[str, Any]:
    return {
        "k": default_window(run.snapshot_count),
        "m": default_threshold(sizes),
        "group": "all" if len(sizes) <= FEW_CLASSES else "clusters",
    }


def layout(context: PageContext) -> html.Div:
    """Return the validation view of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the validation view is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    sizes = _sizes(run)
    chosen = _defaults(run, sizes)
    anomalies = f"{base}/anomalies?{_WINDOW}"
    return html.Div(
        [
            heading("Validation", live=Ids.LIVE, run=run),
            _controls(run, sizes, group=chosen["group"]),
            html.Div(
                [
                    html.Div(
                        [
                            _axis(base),
                            _strip(base, converted=was_imported(run.id)),
                            _rows(base, anomalies, run.class_count),
                        ],
                        className="validation-main",
                    ),
                    html.Aside(
                        [
                            _table(base, anomalies),
                            _classes(base, anomalies),
                            _gallery(base),
                            _list(base),
                        ],
                        className="validation-aside",
                    ),
                ],
                className="validation-body",
            ),
        ],
        className="validation",
    )


def _select(id: Id, label: str, texts: dict[str, str], width: int) -> Component:
    return labelled(label, select(id, label, texts, next(iter(texts)), width))


def _segments(id: Id, label: str, texts: dict[str, str], value: str) -> Component:
    return labelled(label, segments(id, label, texts, value))


def _controls(run: RunRow, sizes: NDArray[np.int32], *, group: str) -> html.Div:
    """Return the controls; window and threshold are sliders that assets/ fill in and follow."""
    return html.Div(
        [
            anomaly_window(Ids.WINDOW, run, sizes),
            _segments(
                bound(Ids.DIRECTION, "direction"),
                "Flips",
                {"both": "Both", "forgotten": "Forgotten", "learned": "Learned"},
                "both",
            ),
            _segments(
                bound(Ids.GROUP, "group"),
                "Rows",
                {"clusters": "Clusters", "all": "All classes"},
                group,
            ),
            labelled(
                "Clusters",
                dmc.NumberInput(
                    id=bound(Ids.CLUSTERS, "clusters"),
                    value=4,
                    min=1,
                    max=MAX_CLUSTERS,
                    size="xs",
                    w=64,
                    step=1,
                ),
            ),
            _select(bound(Ids.ORDER, "classorder"), "Order of classes", CLASS_ORDERS, 148),
            _select(bound(Ids.HEIGHT, "rowheight"), "Row height", HEIGHTS, 108),
            _select(bound(Ids.PALETTE, "palette"), "Colours", PALETTES, 138),
            only_anomalous(Ids.ONLY),
            labelled(
                "Find classes",
                dmc.TextInput(
                    id=bound(Ids.SEARCH, "find"), value="", placeholder="part of a name", size="xs"
                ),
            ),
        ],
        className="validation-controls",
    )


def _axis(base: str) -> html.Div:
    return html.Div(
        chart(Ids.AXIS, "axis", label="Time axis: iterations and epochs", url=f"{base}/series"),
        className="dt-scale",
    )


def _strip(base: str, *, converted: bool) -> html.Div:
    """Return the model's curves, low: what happened at an iteration besides."""

    def line(series: str, name: str, colour: str) -> dict[str, str]:
        return {"series": series, "name": name, "colour": f"--dt-{colour}"}

    return html.Div(
        chart(
            Ids.STRIP,
            "strip",
            label="Learning rate, losses and errors over time",
            url=f"{base}/series",
            panels=[
                {
                    "title": "Learning rate",
                    "height": 26,
                    "nothing": missed(LEARNING_RATE, converted=converted),
                    "step": True,
                    "lines": [line("learning_rate", "", "violet")],
                },
                {
                    "title": "Loss",
                    "height": 44,
                    "nothing": missed(TRAIN_LOSS, converted=converted),
                    "lines": [
                        line("train_loss", "training", "blue"),
                        line("validation_loss", "validation", "orange"),
                    ],
                },
                {
                    "title": "Error",
                    "height": 44,
                    "nothing": missed(TRAIN_ERROR, converted=converted),
                    "format": "percent",
                    "lines": [
                        line("train_error", "training", "blue"),
                        line("validation_error", "validation", "orange"),
                    ],
                },
            ],
            say=_SAY,
        ),
        className="validation-strip",
    )


def _rows(base: str, anomalies: str, classes: int) -> html.Section:
    rows = chart(
        Ids.ROWS,
        "validationrows",
        label="Error of the validation set, of clusters, classes and images over time",
        url=f"{base}/class-error",
        base=base,
        anomalies=anomalies,
        groups=f"{base}/groups?clusters={{clusters}}",
        classes=classes,
        legend=Ids.LEGEND,
        say=_SAY,
    )
    return panel(
        "Error",
        rows,
        controls=[
            html.Span("▼ was stable, then flipped", className="dt-soft"),
            html.Span("▲ flipped, then stable", className="dt-soft"),
            html.Span("black: mostly forgotten, white: mostly learned", className="dt-soft"),
        ],
        legend=Ids.LEGEND,
    )


def _table(base: str, anomalies: str) -> html.Section:
    return panel(
        "Anomalous iterations",
        chart(
            Ids.TABLE,
            "anomalytable",
            label="Anomalous iterations",
            url=anomalies,
            names=f"{base}/class-error",
            say=_SAY,
        ),
    )


def _classes(base: str, anomalies: str) -> html.Section:
    return panel(
        "Classes there",
        chart(
            Ids.CLASSES,
            "iterationclasses",
            label="Anomalous classes at the cursor",
            url=anomalies,
            table=anomalies.replace("/anomalies?", "/anomaly-classes?"),
            names=f"{base}/class-error",
        ),
    )


def _gallery(base: str) -> html.Section:
    return panel(
        "Images of a class",
        chart(
            Ids.GALLERY,
            "gallery",
            label="Images of the opened class at the cursor",
            url=f"{base}/class-error",
            base=base,
            table=f"{base}/class-images?class={{classes}}&open={{openclasses}}",
        ),
    )


def _list(base: str) -> html.Section:
    return panel(
        "Hard images",
        chart(
            Ids.LIST,
            "imagelist",
            label="Images forgotten most often, or never learned",
            url=f"{base}/forgetting?list={{imagelist}}",
            names=f"{base}/class-error",
            base=base,
        ),
        controls=[
            segments(
                bound(Ids.IMAGE_LIST, "imagelist"),
                "Which images",
                {"forgotten": "Most forgotten", "never": "Never learned"},
                "forgotten",
            )
        ],
    )
