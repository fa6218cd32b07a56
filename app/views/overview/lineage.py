"""Where a run comes from: the training that recorded it, its parent, and its forks."""

from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.auth.identity import Identity
from app.components.run_links import compare_link
from db.errors import NotFound
from db.permissions import Permission
from db.queries.runs.runs import RunRow
from db.queries.trainings import scripts, trainings
from db.queries.trainings.trainings import TrainingRow
from db.training_scripts import Value


def lineage(session: Session, run: RunRow, identity: Identity) -> Component | None:
    """Return how the run came about, and the way to fork it; None for one of no training here."""
    training = trainings.of_run(session, run_id=run.id)
    if training is None:
        return None
    parts = [_recorded(training), *_parent(run, training)]
    parts += [_fork(run, training, one) for one in trainings.forks_of(session, run_id=run.id)]
    if identity.may(Permission.START_TRAININGS) and _can_be_forked(session, training):
        address = get_relative_path("/trainings") + f"?fork={run.id}"
        title = "Start its script again from one of its checkpoints, with other arguments"
        parts.append(dmc.Anchor("Fork from a checkpoint…", href=address, title=title))
    return html.Ul([html.Li(part) for part in parts], className="overview-lineage")


def _can_be_forked(session: Session, training: TrainingRow) -> bool:
    try:
        return scripts.offered(session, script=training.script).checkpoint is not None
    except NotFound:
        return False


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
