"""The page's frame: where the run is, what was recognised there, how to load it."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, get_relative_path, html
from dash.development.base_component import Component

from app import store
from app.components.attributes import aria, data
from app.components.place_field import place_field
from app.uploads import routes as uploading
from app.view import PageContext
from app.views.bring.ids import Ids
from app.views.bring.words import FOLLOW
from db.queries.jobs import workers
from db.queries.jobs.uploads import KEPT_DAYS

LOOK_MS = 500
JOB_MS = 700
MODES = {"once": "Once", "follow": "Follow until the training is over"}


def layout(context: PageContext) -> Component:
    """Return the page; what it finds comes by callback."""
    with store.transaction() as session:
        working = workers.list_workers(session)
    roots = sorted({root for worker in working if worker.alive for root in worker.roots})
    return html.Div(
        [
            *(dcc.Store(id=one) for one in (Ids.PLACE_SENT, Ids.UPLOADED, Ids.LOOKED, Ids.JOB)),
            dcc.Interval(id=Ids.LOOK_TIMER, interval=LOOK_MS, disabled=True),
            dcc.Interval(id=Ids.JOB_TIMER, interval=JOB_MS, disabled=True),
            html.Div(html.H1("Bring a run"), className="dt-page-head"),
            html.P(
                "Training logs and checkpoints of other tools become runs here: event files of "
                "TensorBoard, checkpoints, CSV and JSON lines, stores of other trackers, and run "
                "directories of the Recorder. Nothing in your script has to change.",
                className="dt-soft bring-lead",
            ),
            html.Div(
                [_server(roots), _computer(uploading.why_not(working))], className="bring-from"
            ),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
            html.Div(id=Ids.FOUND, className="bring-found", **aria(live="polite")),
            html.Div(_choices(), id=Ids.CHOICES, hidden=True),
            html.Div(_form(), id=Ids.FORM, hidden=True, className="dt-form-row"),
            html.P(id=Ids.LOAD_PROBLEM, className="dt-problem", role="alert"),
            html.Div(id=Ids.PROGRESS, className="bring-progress", **aria(live="polite")),
        ],
        className="dt-page bring-page",
    )


def _server(roots: list[str]) -> Component:
    under = f"Under {', '.join(roots)}" if roots else "No worker is running: deeptracker worker"
    return html.Section(
        [
            html.H2("On the server"),
            html.Div(
                [
                    place_field(
                        Ids.PLACE,
                        label="Folder or file",
                        description=under,
                        placeholder="my-run",
                        className="bring-place",
                    ),
                    # Beside it: what the field offers opens below.
                    dmc.Button("Look", id=Ids.LOOK),
                ],
                className="bring-row",
            ),
        ],
        className="bring-side",
    )


def _computer(refused: str | None) -> Component:
    title = html.H2("From this computer")
    if refused is not None:
        return html.Section([title, html.P(refused, className="dt-soft")], className="bring-side")
    most = uploading.settings().megabytes
    return html.Section(
        [
            title,
            html.Div(
                [
                    html.P("Drop a folder or files here, or", className="bring-drop-words"),
                    html.Div(
                        [
                            _chooser("Choose a folder", "folder"),
                            _chooser("Choose files", "files"),
                        ],
                        className="dt-buttons",
                    ),
                    html.P(
                        f"At most {_size(most)} together. The files go to the server's disk, and "
                        f"are removed {KEPT_DAYS} days later; what is loaded stays.",
                        className="dt-soft",
                    ),
                    # Filled by web/upload.ts.
                    html.Div(className="bring-upload", **data(bring_upload="progress")),
                ],
                id=Ids.DROP,
                className="bring-drop",
                **data(bring_drop=get_relative_path("/data/uploads"), most=str(most * 2**20)),
            ),
        ],
        className="bring-side",
    )


def _chooser(text: str, kind: str) -> Component:
    given: dict[str, Any] = data(bring_choose=kind)
    return html.Button(text, type="button", className="dt-button", **given)


def _size(megabytes: int) -> str:
    return f"{megabytes / 1024:g} GB" if megabytes >= 1024 else f"{megabytes} MB"


def _choices() -> Component:
    return dmc.Select(
        id=Ids.CHOICE,
        label="Which run",
        description="There are several; each is loaded by itself",
        placeholder="Choose one",
        data=[],
        searchable=True,
        limit=100,
        nothingFoundMessage="No such run",
        w=460,
        maw="100%",
    )


def _form() -> list[Component]:
    return [
        dmc.TextInput(
            id=Ids.NAME,
            label="Name of the run",
            description="As everybody here will see it",
            w=340,
        ),
        dmc.Select(
            id=Ids.MODE,
            label="Mode",
            description=FOLLOW,
            data=[{"value": name, "label": text} for name, text in MODES.items()],
            value="once",
            allowDeselect=False,
            w=280,
        ),
        dmc.Button("Load", id=Ids.LOAD),
    ]
