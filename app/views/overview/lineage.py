"""Where a run comes from: the training that recorded it, its parent, and its forks."""

from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.auth.identity import Identity
from app.components.forking import can_be_forked, fork_link
from app.components.run_links import compare_link
from app.views.overview.ids import Ids
from db.queries.runs.runs import RunRow
from db.queries.trainings import trainings
from db.queries.trainings.trainings import TrainingRow
from db.training_scripts import Value


def lineage(session: Session, run: RunRow, identity: Identity) -> Component:
    """Return how the run came about, and the way to fork it; hidden for one of no training here."""
    training = trainings.of_run(session, run_id=run.id)
    parts: list[Any] = []
    if training is not None:
        parts = [_recorded(training), *_parent(run, training)]
        parts += [_fork(run, training, one) for one in trainings.forks_of(session, run_id=run.id)]
    # The link is on every page, for a callback follows the cursor with it.
    fork = html.Li(
        dmc.Anchor("Fork from here…", id=Ids.FORK, href=fork_link(run.id)),
        title="Start its script again from the last checkpoint before the cursor",
        hidden=not can_be_forked(session, training, identity),
    )
    return html.Ul(
        [*map(html.Li, parts), fork], className="overview-lineage", hidden=training is None
    )


def _recorded(training: TrainingRow) -> Any:
    return html.Span(
        [
            "Recorded by ",
            dmc.Anchor(f"training {training.id}", href=get_relative_path("/trainings")),
            f" of {training.script}",
        ]
    )


def _parent(run: RunRow, training: TrainingRow) -> list[Any]:
    parent, iteration = training.parent_run_id, training.parent_iteration
    if parent is None or iteration is None or training.parent_run_name is None:
        return []
    address = get_relative_path(f"/run/{parent}/overview") + f"?cursor={iteration}"
    link = dmc.Anchor(training.parent_run_name, href=address)
    said = ["Fork of ", link, f" from its last checkpoint before iteration {iteration:,}. "]
    return [html.Span([*said, _compare([parent, run.id])])]


def _fork(run: RunRow, training: TrainingRow, fork: TrainingRow) -> Any:
    changes = changed(training.arguments, fork.arguments)
    said = f", before iteration {fork.parent_iteration:,}: {changes}. "
    if fork.run_id is None or fork.run_name is None:
        return f"Forked by training {fork.id} ({fork.state}){said}"
    link = dmc.Anchor(fork.run_name, href=get_relative_path(f"/run/{fork.run_id}/overview"))
    return html.Span(["Forked as ", link, said, _compare([run.id, fork.run_id])])


def _compare(run_ids: list[int]) -> Component:
    return dmc.Anchor("Compare both", href=compare_link(run_ids))


def changed(before: dict[str, Value], after: dict[str, Value]) -> str:
    """Return "lr 0.1 → 0.01", or that no argument was changed."""
    said = [
        f"{name} {before.get(name, '–')} → {value}"
        for name, value in after.items()
        if before.get(name) != value
    ]
    return ", ".join(said) or "no argument changed"
