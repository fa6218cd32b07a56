"""The drawer of a run on the runs page: its name, tags and notes, archive, trash, deletion."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import Identity, current_identity, require
from app.callbacks import Callbacks
from app.components.attributes import aria
from app.components.clicks import clicked, relayed
from app.reading import reads
from app.run_words import read_words, seen_after, seen_words, store_words
from app.views.runs import deletion, done
from app.views.runs.acts import act_on, may_change
from app.views.runs.ids import CHANGES, OPEN, Act, Ids, act_id
from db.errors import Conflict, Forbidden, NotFound
from db.permissions import Permission
from db.queries.runs import runs
from db.queries.runs.run_upkeep import TRASH_DAYS
from db.queries.runs.runs import RunRow


def drawer() -> Component:
    """Return the closed drawer."""
    return html.Div(
        [
            dcc.Store(id=Ids.OPENED),
            *CHANGES.stores(),
            dcc.Store(id=Ids.OPEN_CLICKED),
            dcc.Store(id=Ids.ACT_CLICKED),
            dmc.Drawer(
                [
                    html.Div(_form(), className="dt-form"),
                    html.P(id=Ids.SAID, className="dt-soft", role="status"),
                    html.Div(id=Ids.ACTS),
                ],
                id=Ids.DRAWER,
                title="Run",
                position="right",
                size="md",
            ),
        ]
    )


def _form() -> list[Component]:
    return [
        dmc.TextInput(id=Ids.TITLE, label="Name", description="Leave empty for the recorded name"),
        dmc.TagsInput(id=Ids.TAGS, label="Tags", description="Press Enter after each", value=[]),
        dmc.Textarea(id=Ids.NOTES, label="Notes", autosize=True, minRows=4, maxRows=18),
        dmc.Button("Save", id=Ids.SAVE, mt="sm"),
    ]


def open_button(run: RunRow) -> Component:
    """Return the button in a row that opens the drawer."""
    return html.Button(
        "⋯",
        id={"type": OPEN, "run": run.id},
        type="button",
        className="runs-open",
        title="Name, tags, notes, archive, delete",
        **aria(label=f"Details of {run.name}"),
    )


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    output={
        "seen": Output(Ids.OPENED, "data"),
        "opened": Output(Ids.DRAWER, "opened"),
        "title": Output(Ids.DRAWER, "title"),
        "name": Output(Ids.TITLE, "value"),
        "tags": Output(Ids.TAGS, "value"),
        "notes": Output(Ids.NOTES, "value"),
        "facts": Output(Ids.SAID, "children"),
        "acts": Output(Ids.ACTS, "children"),
    },
    inputs={
        "click": relayed(callbacks, Ids.OPEN_CLICKED, Input({"type": OPEN, "run": ALL}, "n_clicks"))
    },
    prevent_initial_call=True,
)
@reads
def open_drawer(click: object) -> dict[str, Any]:
    """Show a run in the drawer."""
    _, run_id, _ = clicked(click, "run")
    identity = current_identity()
    with store.transaction() as session:
        run = runs.get_run(session, run_id=run_id, trashed=True)
    return {
        "seen": seen_words(run),
        "opened": True,
        "title": run.name,
        "name": run.name,
        "tags": run.tags,
        "notes": run.notes,
        "facts": _facts(run),
        "acts": acts(run, identity),
    }


@callbacks.callback(
    CHANGES.by("details"),
    Output(Ids.SAID, "children", allow_duplicate=True),  # what the opening empties
    Output(Ids.OPENED, "data", allow_duplicate=True),  # the words that are now the seen ones
    Input(Ids.SAVE, "n_clicks"),
    State(Ids.OPENED, "data"),
    State(Ids.TITLE, "value"),
    State(Ids.TAGS, "value"),
    State(Ids.NOTES, "value"),
    prevent_initial_call=True,
)
def save(
    clicks: object, opened: object, title: object, tags: object, notes: object
) -> tuple[Any, ...]:
    """Store name, tags and notes; what is wrong with them otherwise, and nothing is stored."""
    identity = require(Permission.ANNOTATE)
    if not clicks or not isinstance(opened, dict) or not isinstance(opened.get("run"), int):
        raise PreventUpdate
    run_id, by = opened["run"], identity.account_id
    words = read_words(title, tags, notes)
    try:
        with store.transaction() as session:
            stored = store_words(session, words, opened, by=by, run_id=run_id)
    except (Conflict, Forbidden, NotFound) as error:
        return no_update, html.Span(str(error), className="dt-problem", role="alert"), no_update
    return ["saved", run_id, clicks], "Saved.", seen_after(words, opened, stored)


@callbacks.callback(
    # The drawer closes: what was done stands in the notice, what cannot be done too.
    Output(Ids.DRAWER, "opened", allow_duplicate=True),
    *done.outputs("row"),
    *deletion.OPENING,
    relayed(
        callbacks,
        Ids.ACT_CLICKED,
        *(Input({"type": act, "run": ALL}, "n_clicks") for act in Act),
    ),
    prevent_initial_call=True,
)
def change(click: object) -> tuple[Any, ...]:
    """Archive, throw away or bring back a run; ask whether it should be deleted for good."""
    name, run_id, clicks = clicked(click, "run")
    identity = require(Permission.SCHEDULE_JOBS)
    if name not in list(Act):
        raise PreventUpdate
    act = Act(name)
    if act is Act.PURGE:
        require(Permission.MANAGE_RUNS)
        return False, *done.NOTHING, *deletion.ask([run_id])
    ended = act_on(act, [run_id], by=identity.account_id)
    return False, *done.tell(ended, act, clicks), *[no_update] * len(deletion.OPENING)


def acts(run: RunRow, identity: Identity) -> Component:
    """Return the buttons for what the role may do with the run where it is."""
    if not may_change(run, identity):
        text = "Its owner and administrators may archive or delete this run."
        return html.P(text, className="dt-soft")
    if run.trashed_at is not None:
        buttons = [_button(Act.RESTORE, run, "Restore")]
        if identity.may(Permission.MANAGE_RUNS):
            buttons.append(_button(Act.PURGE, run, "Delete for good …", color="red"))
        text = (
            f"In the trash since {run.trashed_at:%Y-%m-%d}. It is deleted for good after "
            f"{TRASH_DAYS} days; its log stays where it is."
        )
    else:
        away = _button(Act.ARCHIVE, run, "Archive")
        if run.archived_at is not None:
            away = _button(Act.UNARCHIVE, run, "Unarchive")
        buttons = [away, _button(Act.TRASH, run, "Move to trash", color="red")]
        text = "An archived run is not listed, and stays readable by its address."
    return html.Div(
        [html.Div(buttons, className="runs-acts"), html.P(text, className="dt-soft")],
        className="runs-fate",
    )


def _button(act: Act, run: RunRow, text: str, color: str | None = None) -> Component:
    return dmc.Button(
        text, id=act_id(act, run.id), variant="light" if color else "default", color=color
    )


def _facts(run: RunRow) -> str:
    parts = [f"run {run.id}", f"recorded as {run.recorded_name}", f"from {run.location}"]
    return " · ".join(parts)
