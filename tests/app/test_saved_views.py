"""Saved views over HTTP: keeping, opening by link, the list, and who may do what."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete

from app.ids import Shell
from app.stored_view import GONE
from app.views.saved_views.ids import Button, Ids, button_id
from db.engine import session_scope
from db.models import SavedView
from db.permissions import Role
from db.queries.team import saved_views
from db.queries.team.saved_views import MAX_A_MINUTE, MAX_QUERY
from tests.app.web import BASE, Client, callback_key

QUERY = "pins=10,20&k=3"


@pytest.fixture(autouse=True)
def _no_views(web):
    yield
    with session_scope(web.engine) as session:
        session.execute(delete(SavedView))


@pytest.fixture
def body(app_run) -> dict:
    return {"run": app_run.run_id, "page": "layers", "query": QUERY}


def send(client: Client, body: object, *, origin: str = BASE):
    return client.http.post("/data/views", json=body, base_url=BASE, headers={"Origin": origin})


def keep(client: Client, body: dict, **more) -> str:
    answer = send(client, {**body, **more})
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def stored(client: Client, path: str, search: str) -> object:
    """What the page carries of the view that its address names."""
    key = callback_key(client.web.app, f"{Shell.PAGE}.children")
    values = {f"{Shell.LOCATION}.pathname": path, f"{Shell.LOCATION}.search": search}
    page = json.loads(json.dumps(client.update(key, values)[Shell.PAGE]["children"]))
    (holder,) = [part for part in page if part["props"].get("id") == "selection-fields"]
    text = holder["props"]["data-view"]
    return json.loads(text) if text else None


def rows(client: Client, search: str = "") -> str:
    key = callback_key(client.web.app, f"{Ids.BODY}.children")
    return json.dumps(client.update(key, {f"{Ids.SEARCH}.value": search}), cls=PlotlyJSONEncoder)


def press(client: Client, button: str, view_id: object, **dialog):
    (key,) = [key for key in client.web.app.callback_map if key.startswith(f"..{Ids.CHANGED}.")]
    values = {
        f"{Ids.OPENED}.data": view_id,
        f"{Ids.NAME}.value": dialog.get("name", "New name"),
        f"{Ids.SHARED}.checked": dialog.get("shared", False),
    }
    return client.call(key, values, triggered=f"{button}.n_clicks")


@pytest.mark.parametrize("role", Role)
def test_everybody_keeps_a_selection_and_its_link_opens_for_others(clients, body, role, app_run):
    view_id = keep(clients[role], {**body, "query": f"{QUERY}&nonsense=1"})
    assert keep(clients[role], body) == view_id
    for client in clients.values():
        assert client.get(f"/data/views/{view_id}").json == {
            "id": view_id, "run": app_run.run_id, "page": "layers", "query": QUERY, "name": None,
        }  # fmt: skip
        answer = client.get(f"/v/{view_id}")
        assert answer.status_code == 303
        address = f"/run/{app_run.run_id}/layers?view={view_id}"
        assert answer.location == address
        path, _, search = address.partition("?")
        assert stored(client, path, f"?{search}") == {
            "id": view_id, "query": QUERY, "private": False,
        }  # fmt: skip


def test_a_stranger_is_led_to_the_login_and_back(web, clients, body):
    view_id = keep(clients[Role.MEMBER], body)
    answer = web.client().get(f"/v/{view_id}")
    assert answer.status_code == 303
    assert answer.location == f"/login?next=%2Fv%2F{view_id}"
    assert web.client().get(f"/data/views/{view_id}").status_code == 401
    assert send(web.client(), body).status_code == 401


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example"])
def test_other_sites_keep_nothing(clients, body, origin):
    assert send(clients[Role.ADMIN], body, origin=origin).status_code == 403


@pytest.mark.parametrize("view_id", ["nothing", "x" * 41, "a%20b", "..", "%00", "a'b"])
def test_ids_that_lead_nowhere_explain_themselves(clients, view_id, app_run):
    client = clients[Role.VIEWER]
    for path in (f"/v/{view_id}", f"/data/views/{view_id}"):
        assert client.get(path).status_code in (303, 404), path
    carried = stored(client, f"/run/{app_run.run_id}/layers", f"?view={view_id}")
    assert GONE in carried["missing"]
    assert "query" not in carried


def test_an_unknown_link_says_why_in_words(clients):
    answer = clients[Role.VIEWER].get("/v/nothinghere1")
    assert answer.status_code == 404
    assert "Ask whoever sent it" in answer.text
    assert (
        "Ask whoever sent it" in clients[Role.VIEWER].get("/data/views/nothinghere1").json["error"]
    )


def test_a_view_of_another_run_is_not_applied(clients, body):
    view_id = keep(clients[Role.MEMBER], body)
    other = clients[Role.MEMBER]
    path = f"/run/{body['run']}/layers"
    assert stored(other, path, "") is None
    assert stored(other, path, f"?view={view_id}")["query"] == QUERY
    from app.stored_view import stored_view

    with other.web.app.server.test_request_context("/"):
        found = stored_view(f"?view={view_id}", run_id=body["run"] + 1, account_id=1)
    assert "another run" in found["missing"]


@pytest.mark.parametrize(
    "change",
    [
        {"run": "1"}, {"run": True}, {"run": -1}, {"run": 2**31}, {"run": None},
        {"page": "../x"}, {"page": "a b"}, {"page": ""}, {"page": 3}, {"page": "x" * 41},
        {"query": None}, {"query": ["k=3"]}, {"name": 7}, {"name": ""}, {"name": "x" * 121},
        {"name": "ok", "shared": "yes"}, {"name": "a\u202eb"},
        {"query": "filters=" + ",".join(["123456789.123456789"] * 500) + "&classes="
         + ",".join(["1234567890"] * 500) + "&pins=" + ",".join(["1234567890"] * 500)},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(clients, body, change):
    answer = send(clients[Role.ADMIN], {**body, **change})
    assert answer.status_code == 400
    assert answer.json["error"]


def test_bodies_that_are_none_and_runs_that_are_not_there(clients, body):
    client = clients[Role.MEMBER]
    for sent in (None, [], "x", {}):
        assert send(client, sent).status_code == 400
    assert send(client, {**body, "run": 98765}).status_code == 404
    huge = send(client, {**body, "query": "search=" + "x" * (11 * MAX_QUERY)})
    assert huge.status_code == 413


def test_so_many_in_a_minute_are_refused(clients, body):
    client = clients[Role.VIEWER]
    for number in range(MAX_A_MINUTE):
        keep(client, body, query=f"cursor={number}")
    answer = send(client, {**body, "query": "cursor=1000"})
    assert answer.status_code == 429
    assert "minute" in answer.json["error"]


@pytest.mark.parametrize(
    ("role", "may"), [(Role.VIEWER, False), (Role.MEMBER, True), (Role.ADMIN, True)]
)
def test_viewers_save_for_themselves_only(clients, body, role, may):
    client = clients[role]
    private = keep(client, body, name="Mine")
    assert "Mine" in rows(client)
    assert send(client, {**body, "name": "Ours", "shared": True}).status_code == (
        201 if may else 403
    )
    others = [other for name, other in clients.items() if name != role]
    for other in others:
        assert "Mine" not in rows(other)
        assert other.get(f"/v/{private}").status_code == 404
        assert other.get(f"/data/views/{private}").status_code == 404
        assert ("Ours" in rows(other)) == may
    answer = press(client, Ids.APPLY, private, name="Mine", shared=True)
    assert answer.status_code == 200
    assert (others[0].get(f"/v/{private}").status_code == 303) == may
    assert bool(answer.json["response"].get(Ids.PROBLEM, {}).get("children")) != may


def test_the_list_searches_and_leads_to_the_page(clients, body):
    client = clients[Role.MEMBER]
    view_id = keep(client, body, name="Odd <b>layers</b>", shared=True)
    keep(client, body)
    listed = rows(clients[Role.VIEWER])
    assert f"/run/{body['run']}/layers?view={view_id}" in listed
    assert '"1"' in listed  # one: what is only kept for a link is in no list
    assert "odd" not in rows(client, "nothing like it").replace("Nothing", "")
    assert "Odd" in rows(client, "ODD team member")
    assert "Nothing has been saved yet" not in listed


def test_an_empty_list_says_how_to_fill_it(clients):
    assert "Save view" in rows(clients[Role.VIEWER])


def test_the_owner_renames_and_deletes_others_do_not(clients, body):
    owner, other, admin = clients[Role.MEMBER], clients[Role.VIEWER], clients[Role.ADMIN]
    view_id = keep(owner, body, name="Ours", shared=True)
    assert Button.EDIT not in rows(other)
    assert Button.EDIT in rows(owner)
    assert Button.EDIT in rows(admin)
    for button in (Ids.APPLY, Ids.DELETE):
        said = press(other, button, view_id, shared=True).json["response"]
        assert "There is no saved view" in said[Ids.PROBLEM]["children"]
    press(owner, Ids.APPLY, view_id, name="  Better   name ", shared=True)
    assert "Better name" in rows(other)
    said = press(owner, Ids.APPLY, view_id, name=" ").json["response"]
    assert "printable" in said[Ids.PROBLEM]["children"]
    press(admin, Ids.DELETE, view_id)
    assert "Better name" not in rows(owner)
    assert owner.get(f"/v/{view_id}").status_code == 404


@pytest.mark.parametrize("opened", [None, 7, "", "a b", {"x": 1}, "x" * 50])
def test_the_dialog_trusts_nothing(clients, opened):
    for button in (Ids.APPLY, Ids.DELETE, "views-nothing"):
        assert press(clients[Role.ADMIN], button, opened).status_code == 204


def test_the_dialog_opens_with_what_is_saved(clients, body):
    client = clients[Role.MEMBER]
    view_id = keep(client, body, name="Ours", shared=True)
    button = button_id(Button.EDIT, view_id)
    opened = client.click(button).json["response"]
    assert opened[Ids.OPENED]["data"] == view_id
    assert (opened[Ids.NAME]["value"], opened[Ids.SHARED]["checked"]) == ("Ours", True)
    assert client.click(button, None).status_code == 204


def test_deleting_is_final_for_links(web, clients, body, people):
    view_id = keep(clients[Role.MEMBER], body, name="Ours", shared=True)
    with session_scope(web.engine) as session:
        saved_views.delete_view(
            session, view_id=view_id, account_id=people[Role.MEMBER], any_owner=False
        )
    assert clients[Role.MEMBER].get(f"/data/views/{view_id}").status_code == 404
