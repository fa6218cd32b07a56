"""What a run may have and what it lacks, in words; the page of a view that needs the latter."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component

from app import store
from app.components.run_course import imported
from app.view import PageContext, View
from db.queries.runs.runs import RunRow, run_manifest
from ingest.analysis.health.needs import (
    ACTIVATIONS,
    FILTER_CHANGES,
    GRADIENTS,
    LAYERS,
    UPDATES,
    VALIDATION,
    Need,
)


class Part(NamedTuple):
    """Something that a run of files may have: its title, and how to have it."""

    title: str
    how: str


# By the names of ingest.sources.recognised.PARTS, in that order.
PARTS: Mapping[str, Part] = {
    "scalars": Part("Scalars", "log values, or put a CSV beside the files"),
    "hyperparameters": Part(
        "Hyperparameters", "log them, or keep the tool's own file of them beside the others"
    ),
    "events": Part("Events", "log texts"),
    "layers": Part("Layers", LAYERS.beside),
    "filters": Part("Filters", FILTER_CHANGES.beside),
    "weight": Part("Weight statistics", LAYERS.beside),
    "gradient": Part("Gradients", GRADIENTS.beside),
    "update": Part("Updates", UPDATES.beside),
    "activation": Part("Activations", ACTIVATIONS.beside),
    "predictions": Part("Predictions", VALIDATION.beside),
    "images": Part("Images", VALIDATION.beside),
}


def page_of(view: View, context: PageContext) -> Component:
    """Return the page of a view, or why there is none: its run lacks what the view needs."""
    run = context.run
    if run is not None and (lacking := [need for need in view.needs if not _met(need, run)]):
        with store.transaction() as session:
            manifest = run_manifest(session, run_id=run.id)
        return not_recorded(run, view, lacking, manifest)
    return view.layout(context)


def _met(need: Need, run: RunRow) -> bool:
    return {LAYERS: run.layer_count > 0, VALIDATION: run.validates}[need]


def not_recorded(
    run: RunRow, view: View, lacking: list[Need], manifest: Mapping[str, Any]
) -> html.Div:
    """Return the page that says what is not recorded of a run, and how to have it."""
    names = " and ".join(need.title for need in lacking)
    scalars = get_relative_path(f"/run/{run.id}/scalars")
    return html.Div(
        [
            html.H1(view.title),
            html.Section(
                [
                    html.H2(f"Not recorded: {names}"),
                    *(html.P(f"{how_to(need, manifest)}.") for need in lacking),
                    html.P(dmc.Anchor("To what is recorded: the scalars", href=scalars)),
                ]
            ),
        ],
        className="not-recorded",
    )


def was_imported(run_id: int) -> bool:
    """Say whether other tools' files were read: advice is another than for who has a Recorder."""
    with store.transaction() as session:
        return imported(run_manifest(session, run_id=run_id))


def how_to(need: Need, manifest: Mapping[str, Any]) -> str:
    """Return what to do to have something: another way where no Recorder wrote the run."""
    how = need.advice(imported=imported(manifest))
    return f"To have {'them' if need.title.endswith('s') else 'it'}, {how}"
