"""The name, tags and notes of the run on its own page: shown to all, changed by who may."""

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import Identity, require
from app.callbacks import Callbacks
from app.ids import Shell
from app.page_menu import run_path
from app.run_words import read_words, seen_words, store_words
from app.views.overview.ids import Ids
from db.errors import Conflict, Forbidden, NotFound
from db.permissions import Permission
from db.queries.runs import runs
from db.queries.runs.runs import RunRow

# More are folded: the charts begin on the first screen.
SHORT_NOTES = 200


def part(run: RunRow, identity: Identity) -> html.Div:
    """Return tags and notes; for who may annotate also the button and the form to change them."""
    shown = html.Div(words_of(run), id=Ids.WORDS, className="overview-words-shown")
    if not identity.may(Permission.ANNOTATE):
        return html.Div(shown, className="overview-words")
    edit = html.Button("Edit name, tags, notes", id=Ids.EDIT, type="button", className="dt-button")
    return html.Div([shown, edit, *_form(run)], className="overview-words")


def words_of(run: RunRow) -> list[Component]:
    """Return the tags and the notes of a run."""
    tags: list[Component] = [
        dmc.Badge(tag, variant="light", color="gray", tt="none", fw=500) for tag in run.tags
    ]
    if not run.notes:
        return tags
    # Markdown without HTML; what would be a picture from elsewhere is a link to it.
    text = dcc.Markdown(
        run.notes.replace("![", "["), className="overview-notes", link_target="_blank"
    )
    short = len(run.notes) <= SHORT_NOTES
    return [*tags, html.Details([html.Summary("Notes"), text], open=short)]


def _form(run: RunRow) -> list[Component]:
    fields = [
        dmc.TextInput(id=Ids.TITLE, label="Name", description="Leave empty for the recorded name"),
        dmc.TagsInput(id=Ids.TAGS, label="Tags", description="Press Enter after each", value=[]),
        dmc.Textarea(
            id=Ids.NOTES,
            label="Notes",
            description="Markdown",
            autosize=True,
            minRows=6,
            maxRows=20,
        ),
        dmc.Button("Save", id=Ids.SAVE, mt="sm"),
        html.P(id=Ids.SAID, className="dt-problem", role="alert"),
    ]
    return [
        dcc.Store(id=Ids.SEEN, data={"run": run.id}),
        dmc.Drawer(
            html.Div(fields, className="dt-form"),
            id=Ids.DRAWER,
            title="Name, tags and notes",
            position="right",
            size="md",
        ),
    ]


callbacks = Callbacks()
register = callbacks.register


def _run_of(kept: object) -> int:
    """Return the run that the page says it is about; nothing happens where it says none."""
    run_id = kept.get("run") if isinstance(kept, dict) else None
    if not isinstance(run_id, int) or isinstance(run_id, bool):
        raise PreventUpdate
    return run_id


@callbacks.callback(
    output={
        "opened": Output(Ids.DRAWER, "opened"),
        "name": Output(Ids.TITLE, "value"),
        "tags": Output(Ids.TAGS, "value"),
        "notes": Output(Ids.NOTES, "value"),
        "seen": Output(Ids.SEEN, "data"),
        "said": Output(Ids.SAID, "children"),
    },
    inputs={"clicks": Input(Ids.EDIT, "n_clicks")},
    state={"kept": State(Ids.SEEN, "data")},
    prevent_initial_call=True,
)
def open_form(clicks: object, kept: object) -> dict[str, Any]:
    """Show the form with what the run is called and said to be now."""
    require(Permission.ANNOTATE)
    if not clicks:
        raise PreventUpdate
    with store.transaction() as session:
        run = runs.get_run(session, run_id=_run_of(kept), trashed=True)
    filled = {"name": run.name, "tags": run.tags, "notes": run.notes}
    return {"opened": True, "seen": seen_words(run), "said": "", **filled}


@callbacks.callback(
    output={
        "words": Output(Ids.WORDS, "children"),
        "said": Output(Ids.SAID, "children", allow_duplicate=True),
        "opened": Output(Ids.DRAWER, "opened", allow_duplicate=True),
        "name": Output(Ids.NAME, "children"),
        "whole": Output(Ids.NAME, "title"),
        "path": Output(Shell.PATH, "children", allow_duplicate=True),
    },
    inputs={"clicks": Input(Ids.SAVE, "n_clicks")},
    state={
        "kept": State(Ids.SEEN, "data"),
        "name": State(Ids.TITLE, "value"),
        "tags": State(Ids.TAGS, "value"),
        "notes": State(Ids.NOTES, "value"),
    },
    prevent_initial_call=True,
)
def save(clicks: object, kept: object, name: object, tags: object, notes: object) -> dict[str, Any]:
    """Store the words and show them; what is wrong with them otherwise, and nothing is stored."""
    identity = require(Permission.ANNOTATE)
    if not clicks or not isinstance(kept, dict):
        raise PreventUpdate
    wanted = read_words(name, tags, notes)
    outputs = ("said", "opened", "words", "name", "whole", "path")
    try:
        with store.transaction() as session:
            run = store_words(session, wanted, kept, by=identity.account_id, run_id=_run_of(kept))
    except (Conflict, Forbidden, NotFound) as error:
        return {**dict.fromkeys(outputs, no_update), "said": str(error)}
    return {
        "said": "",
        "opened": False,
        "words": words_of(run),
        "name": run.name,
        "whole": run.name,
        "path": run_path(run),
    }
