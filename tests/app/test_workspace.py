"""The workspace on the server: which views it offers, and which bodies it hands out to whom."""

import json
from types import SimpleNamespace

import pytest
from dash.exceptions import PreventUpdate
from flask import g
from plotly.utils import PlotlyJSONEncoder

from app.auth.identity import Identity
from app.factory import VIEWS
from app.view import PageContext, View
from app.views.workspace import workspace_of
from app.views.workspace.callbacks import mount
from app.views.workspace.ids import Ids, body_id
from db.permissions import Permission, Role
from tests.app.web import ids_in

PANES = [view for view in VIEWS if view.of_run and view.pane]


def key_of(web) -> str:
    (key,) = [key for key in web.app.callback_map if body_id("validation") in key]
    return key


def ask(client, run_id: object, names: object):
    return client.call(key_of(client.web), {f"{Ids.WANTED}.data": {"run": run_id, "views": names}})


def test_every_view_of_a_run_joins_and_the_workspace_comes_last() -> None:
    workspace = [view for view in VIEWS if view.of_run][-1]
    assert workspace.name == "workspace"
    assert not workspace.pane
    assert {"overview", "validation", "layers"} <= {view.name for view in PANES}


def test_a_view_may_stay_out_of_it(clients, app_run) -> None:
    def view(name: str, **more) -> View:
        return View(
            name, "X", f"/run/<run_id>/{name}", lambda context: None, lambda app: None, **more
        )

    joined = workspace_of([view("x"), view("y", pane=False), View("z", "Z", "/z", None, None)])
    identity = Identity(1, "Ann", "ann@example.org", Role.VIEWER, b"")
    context = PageContext(identity=identity, run=SimpleNamespace(id=app_run.run_id))  # type: ignore[arg-type]
    with clients[Role.VIEWER].web.app.server.app_context():
        page = joined.layout(context)
    found = {name for name in ids_in(page) if name.startswith("workspace-body")}
    assert found == {body_id("x")}


@pytest.mark.parametrize("role", Role)
def test_the_wanted_bodies_come_and_no_others(clients, app_run, role) -> None:
    answer = ask(clients[role], app_run.run_id, ["layers", "nothing"])
    assert answer.status_code == 200
    response = answer.json["response"]
    assert set(response) == {body_id("layers")}
    assert "layers-multiples" in json.dumps(response)


@pytest.mark.parametrize(
    ("run_id", "names"),
    [("1", ["layers"]), (True, ["layers"]), (0, ["layers"]), (2**31, ["layers"]), (1, "layers")],
)
def test_what_a_browser_sends_is_not_trusted(clients, run_id, names) -> None:
    assert ask(clients[Role.ADMIN], run_id, names).status_code == 204
    with pytest.raises(PreventUpdate):
        mount(PANES, names)


def test_a_run_that_is_not_there_is_said(clients) -> None:
    answer = ask(clients[Role.ADMIN], 98765, ["layers"])
    assert "There is no run 98765" in answer.text


def test_all_bodies_on_one_page_have_ids_of_their_own(clients, app_run) -> None:
    names = [view.name for view in PANES]
    answer = ask(clients[Role.ADMIN], app_run.run_id, names)
    found: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("id"), str):
                found.append(part["id"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(json.loads(json.dumps(answer.json["response"], cls=PlotlyJSONEncoder)))
    assert len(found) > 40
    assert len(set(found)) == len(found)


def test_a_view_that_a_role_may_not_see_says_so(web, clients, app_run) -> None:
    secret = View(
        "secret", "Secret", "/run/<run_id>/secret", lambda context: None, lambda app: None,
        permission=Permission.MANAGE_PEOPLE,
    )  # fmt: skip
    with web.app.server.test_request_context("/"):
        g.identity = Identity(1, "Ann", "ann@example.org", Role.VIEWER, b"")
        body = mount([secret], {"run": app_run.run_id, "views": ["secret"]})["secret"]
    assert "does not allow you to see" in str(body)
    assert ids_in(body) == set()
