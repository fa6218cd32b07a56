"""What the page asks: what lies at a place, to load it, how far that is."""

from functools import partial
from typing import Any

import dash_mantine_components as dmc
from dash import (
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    get_relative_path,
    html,
    no_update,
)
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import require
from app.callbacks import Callbacks
from app.components.attributes import aria
from app.components.clicks import is_id, text
from app.components.job_words import trouble
from app.components.place_field import offer
from app.components.tables import progress, state_badge
from app.reading import reads
from app.views.bring.ids import Ids
from app.views.bring.words import FOLLOW, found
from db.errors import Conflict, StoreError
from db.permissions import Permission
from db.queries.jobs import job_requests, jobs, looks

callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    callbacks.register(app)
    offered = reads(partial(offer, runs=True))
    app.callback(Output(Ids.PLACE, "data"), Input(Ids.PLACE, "value"))(offered)
    # As in the path fields of the jobs page: an Enter that takes what is offered sends nothing.
    app.clientside_callback(
        ClientsideFunction("bring", "sent"),
        Output(Ids.PLACE_SENT, "data"),
        Input(Ids.PLACE, "n_submit"),
        prevent_initial_call=True,
    )


@callbacks.callback(
    Output(Ids.LOOKED, "data"),
    Output(Ids.PROBLEM, "children"),
    Input(Ids.LOOK, "n_clicks"),
    Input(Ids.PLACE_SENT, "data"),
    Input(Ids.UPLOADED, "data"),
    Input(Ids.CHOICE, "value"),
    State(Ids.PLACE, "value"),
    State(Ids.LOOKED, "data"),
    prevent_initial_call=True,
)
def look(
    _clicks: object,
    sent: object,
    uploaded: object,
    choice: object,
    place: object,
    before: object,
) -> tuple[Any, Any]:
    """Ask a worker what lies at a place; of an upload that was asked already."""
    by = require(Permission.SCHEDULE_JOBS).account_id
    old = before if isinstance(before, dict) else {}
    if ctx.triggered_id == Ids.UPLOADED:
        given = uploaded if isinstance(uploaded, dict) else {}
        if not is_id(given.get("look")):
            raise PreventUpdate
        return {"look": given["look"], "title": text(given.get("title")), "sent": True}, ""
    if ctx.triggered_id == Ids.CHOICE:
        # The place itself stays what the choice is of; the chosen run is looked at by itself.
        location, kept = text(choice), {"choices": True, "sent": bool(old.get("sent"))}
        if not location:
            raise PreventUpdate
    else:
        by_enter = ctx.triggered_id == Ids.PLACE_SENT and isinstance(sent, dict)
        location, kept = text(sent.get("text") if by_enter else place), {}  # type: ignore[attr-defined]
    if not location.strip():
        return no_update, "Enter a folder or a file that a worker can read, for example my-run."
    try:
        with store.transaction() as session:
            look_id = looks.ask(session, location=location, by=by)
    except Conflict as error:
        return no_update, str(error)
    return {"look": look_id, "title": "", **kept}, ""


@callbacks.callback(
    output={
        "found": Output(Ids.FOUND, "children"),
        "waiting": Output(Ids.LOOK_TIMER, "disabled"),
        "choices": Output(Ids.CHOICE, "data"),
        "choosing": Output(Ids.CHOICES, "hidden"),
        "form": Output(Ids.FORM, "hidden"),
        "name": Output(Ids.NAME, "value"),
        "mode": Output(Ids.MODE, "disabled"),
        "modes": Output(Ids.MODE, "description"),
    },
    inputs={
        "asked": Input(Ids.LOOKED, "data"),
        "_ticks": Input(Ids.LOOK_TIMER, "n_intervals"),
    },
    prevent_initial_call=True,
)
@reads
def show(asked: object, _ticks: object) -> dict[str, Any]:
    """Return what a worker found, or that it is looking."""
    by = require(Permission.SCHEDULE_JOBS).account_id
    given = asked if isinstance(asked, dict) else {}
    if not is_id(given.get("look")):
        raise PreventUpdate
    with store.transaction() as session:
        answered = looks.get_look(session, look_id=given["look"], by=by)
    # One of several that was chosen: the others stay to be chosen.
    among, sent = bool(given.get("choices")), bool(given.get("sent"))
    parts: dict[str, Any] = {
        "found": html.P("A worker is looking …", className="dt-soft", role="status"),
        "waiting": False,
        "choices": no_update,
        "choosing": no_update if among else True,
        "form": True,
        "name": no_update,
        "mode": sent,
        "modes": "What was sent does not grow: it is loaded once" if sent else FOLLOW,
    }
    if answered.error is not None:
        problem = html.P(answered.error, className="dt-problem", role="alert")
        return {**parts, "found": problem, "waiting": True}
    if answered.answer is None:
        return parts
    answer = answered.answer
    parts |= {"found": found(answer, None if sent else answered.location), "waiting": True}
    if answer["choices"]:
        listed = [{"value": c["location"], "label": c["name"]} for c in answer["choices"]]
        return {**parts, "choices": _told_apart(listed), "choosing": False}
    if answer["kinds"]:
        parts |= {"form": False, "name": given.get("title") or answer["name"]}
    return parts


def _told_apart(listed: list[dict[str, str]]) -> list[dict[str, str]]:
    """Add the end of the place to names that are not the only ones."""
    names = [one["label"] for one in listed]
    return [
        {**one, "label": f"{one['label']} ({one['value'][-12:]})"}
        if names.count(one["label"]) > 1
        else one
        for one in listed
    ]


@callbacks.callback(
    Output(Ids.JOB, "data"),
    Output(Ids.LOAD_PROBLEM, "children"),
    Input(Ids.LOAD, "n_clicks"),
    State(Ids.LOOKED, "data"),
    State(Ids.NAME, "value"),
    State(Ids.MODE, "value"),
    prevent_initial_call=True,
)
def load(_clicks: object, asked: object, name: object, mode: object) -> tuple[Any, Any]:
    """Ask for the loading of what was looked at."""
    by = require(Permission.SCHEDULE_JOBS).account_id
    given = asked if isinstance(asked, dict) else {}
    if not is_id(given.get("look")):
        raise PreventUpdate
    wanted = "once" if given.get("sent") else text(mode)
    try:
        with store.transaction() as session:
            place = looks.get_look(session, look_id=given["look"], by=by)
            job_id = job_requests.load_now(
                session, location=place.location, mode=wanted, by=by, title=text(name)
            )
    except StoreError as error:
        return no_update, str(error)
    return job_id, ""


@callbacks.callback(
    Output(Ids.PROGRESS, "children"),
    Output(Ids.JOB_TIMER, "disabled"),
    Input(Ids.JOB, "data"),
    Input(Ids.JOB_TIMER, "n_intervals"),
    prevent_initial_call=True,
)
@reads
def show_job(job_id: object, _ticks: object) -> tuple[Any, bool]:
    """Return how far the loading is, and the way to the run as soon as there is one."""
    require(Permission.SCHEDULE_JOBS)
    if not isinstance(job_id, int) or not is_id(job_id):
        raise PreventUpdate
    with store.transaction() as session:
        job = jobs.get_job(session, job_id=job_id)
    live = job.state in jobs.OPEN_STATES
    said = job.error if job.state == "failed" else trouble(job) or job.message
    way: list[Any] = [dmc.Anchor("All jobs", href=get_relative_path("/jobs"), size="sm")]
    if job.run_id is not None:
        way.insert(
            0,
            dmc.Anchor(
                f"Open {job.run_name}",
                href=get_relative_path(f"/run/{job.run_id}/overview"),
                className="bring-open",
            ),
        )
    bad = job.state == "failed"
    return html.Section(
        [
            html.H2("Loading" if live else "Loaded" if job.state == "succeeded" else "Not loaded"),
            html.Div(
                [
                    state_badge(job.state),
                    progress(job.done, job.total, live=True, label="Progress of the load")
                    if live and job.total
                    else None,
                    html.Span(said, className="dt-problem" if bad else "dt-soft"),
                ],
                className="bring-state",
                **aria(label=f"Job {job.id}"),
            ),
            html.Div(way, className="bring-ways"),
        ]
    ), not live
