"""Trainings as rows, everything about one of them, and what stands where there are none."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria
from app.components.run_links import compare_link
from app.components.tables import cell, nothing, state_badge
from app.components.times import time
from app.views.trainings.ids import Button, button_id
from db.permissions import Permission
from db.queries.trainings.trainings import TrainingRow
from db.training_scripts import Value


def may_stop(identity: Identity, training: TrainingRow) -> bool:
    """Return whether somebody may stop a training; the queries check it again."""
    if identity.may(Permission.MANAGE_TRAININGS):
        return True
    return identity.may(Permission.START_TRAININGS) and identity.account_id == training.requested_by


def row(training: TrainingRow, *, stoppable: bool) -> Component:
    """Return one training as a row."""
    bad = training.state in ("failed", "lost")
    about: list[Any] = [html.Div(f"{training.id} · {training.script}", className="dt-main")]
    if said := training.message or _position(training):
        name = "dt-problem dt-clamp" if bad else "dt-soft dt-clamp"
        about.append(html.Div(said, className=name, title=said))
    if training.batch_id is not None:
        about.append(html.Div(f"batch {training.batch_id}", className="dt-soft"))
    buttons = [_button("Output", Button.OPEN, training)]
    if stoppable and training.open:
        buttons.append(_button("Stop", Button.STOP, training, disabled=training.stop_requested))
    return html.Tr(
        [
            cell(state_badge(shown_state(training))),
            cell(about),
            cell(html.Div(words(training.arguments), className="trainings-arguments")),
            cell(_run(training)),
            cell(
                [
                    time(training.created_at),
                    html.Div(training.requested_by_name or "", className="dt-soft"),
                ]
            ),
            cell(html.Div(buttons, className="dt-buttons")),
        ],
        key=str(training.id),
    )


def shown_state(training: TrainingRow) -> str:
    """Return the state for its badge, with one more shade than the store has."""
    stopping = training.stop_requested and training.state == "running"
    return "stopping" if stopping else training.state


def words(arguments: Mapping[str, Value]) -> str:
    """Return "lr 0.1 · augment yes"."""
    return " · ".join(f"{name} {_word(value)}" for name, value in arguments.items())


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _position(training: TrainingRow) -> str:
    if training.position is None:
        return ""
    before = training.position - 1
    return f"{before:,} before it in the queue" if before else "next in the queue"


def _run(training: TrainingRow) -> list[Any]:
    found: list[Any] = []
    if training.run_id is not None and training.run_name is not None:
        address = get_relative_path(f"/run/{training.run_id}/overview")
        found.append(dmc.Anchor(training.run_name, href=address, fw=600, size="sm"))
    if training.parent_iteration is not None:
        name = training.parent_run_name or "a run that was deleted"
        before = f"fork of {name} before iteration {training.parent_iteration:,}"
        found.append(html.Div(before, className="dt-soft"))
    return found


def _button(text: str, kind: Button, training: TrainingRow, *, disabled: bool = False) -> Component:
    return dmc.Button(
        text,
        id=button_id(kind, training.id),
        size="compact-xs",
        variant="default",
        disabled=disabled,
        **aria(label=f"{text}: training {training.id}"),
    )


def details(training: TrainingRow, output: str, batch: Sequence[TrainingRow]) -> Component:
    """Return everything that is known about a training; `batch` are those asked for with it."""
    exit_status = None if training.exit_status is None else str(training.exit_status)
    facts: list[tuple[str, Any]] = [
        ("Training", f"{training.id}, {training.script}"),
        ("Arguments", words(training.arguments)),
        ("Message", training.message or _position(training)),
        ("Exit status", exit_status),
        ("Run", _run(training) or None),
        ("Compare", _comparisons(training, batch)),
        ("Run directory", training.run_dir),
        ("Requested", time(training.created_at)),
        ("By", training.requested_by_name),
        ("Started", time(training.started_at) if training.started_at else None),
        ("Finished", time(training.finished_at) if training.finished_at else None),
        ("Worker", training.worker),
    ]
    # Its last line stays in sight as lines come (view.css).
    shown = html.Div(
        html.Pre(output),
        className="trainings-output",
        tabIndex=0,
        role="region",
        **aria(label="Output of the training"),
    )
    return html.Div(
        [
            state_badge(shown_state(training)),
            html.Dl(
                [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts if value],
                className="dt-facts",
            ),
            html.H3("Output"),
            shown if output.strip() else html.P("Nothing printed yet.", className="dt-soft"),
        ]
    )


def _comparisons(training: TrainingRow, batch: Sequence[TrainingRow]) -> list[Component]:
    found: list[Component] = []
    if training.run_id is not None and training.parent_run_id is not None:
        pair = [training.parent_run_id, training.run_id]
        found.append(dmc.Anchor("With its parent", href=compare_link(pair), size="sm"))
    runs = [one.run_id for one in batch if one.run_id is not None and one.run_name is not None]
    if len(runs) > 1:
        title = f"The {len(runs)} runs of batch {training.batch_id}"
        found.append(dmc.Anchor(title, href=compare_link(runs), size="sm"))
    return [html.Div(one) for one in found]


def off() -> Component:
    """Return the notice where no living worker offers a training script."""
    return dmc.Alert(
        [
            "Trainings are off until the administrator of a worker's host registers scripts: a "
            "file of them, named by ",
            html.Code("DEEPTRACKER_SCRIPTS"),
            " where ",
            html.Code("deeptracker worker"),
            " is started (docs/trainings.md).",
        ],
        title="No worker offers a training script",
        color="yellow",
        mb="md",
    )


def none_yet() -> Component:
    """Return what stands where no training was ever started."""
    return nothing(
        "No training has been started here yet",
        html.P("A training that is started here appears with its output and the run it records."),
    )


def no_match() -> Component:
    """Return what stands where state and search leave no training."""
    return nothing("No training matches", html.P("Choose another state, or fewer words."))
