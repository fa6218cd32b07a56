"""The drawer of the runs page: names, tags, notes, archive, trash; in every role."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.ids import Shell
from app.views.runs.ids import OPEN, Act, Ids
from db.engine import session_scope
from db.models import Run
from db.permissions import Role
from db.queries import runs
from db.queries.run_upkeep import TRASH_DAYS
from db.queue import PURGE, waiting_arguments
from tests.app.web import callback_key, server_callbacks
from tests.stored_runs import store_run


@pytest.fixture
def run_id(app_engine, people):
    """A run of the member."""
    with session_scope(app_engine) as session:
        return store_run(session, seed=11, owner_id=people[Role.MEMBER]).run_id


def key_of(web, first: str, *, again: bool, also: str = "") -> str:
    """The callback with this first output (`again`: of which there are several) and another."""
    (found,) = (
        key
        for key in server_callbacks(web.app)
        if key.strip(".").split("...")[0].partition("@")[:2] == (first, "@" if again else "")
        and also in key
    )
    return found


def click(client, key: str, kind: str, run: int):
    name = f'{{"run":{run},"type":"{kind}"}}'
    item = {"id": {"run": run, "type": str(kind)}, "property": "n_clicks", "value": 1}
    pattern = f'{{"run":["ALL"],"type":"{kind}"}}'
    return client.call(key, triggered=f"{name}.n_clicks", items={pattern: [item]})


def act(web, client, act: Act, run: int):
    return click(client, key_of(web, f"{Ids.CHANGED}.data", again=True, also=Ids.DRAWER), act, run)


def save(web, client, run: int, *, title="", tags=(), notes="", seen=""):
    values = {
        f"{Ids.SAVE}.n_clicks": 1,
        f"{Ids.OPENED}.data": {"run": run, "notes": seen},
        f"{Ids.TITLE}.value": title,
        f"{Ids.TAGS}.value": list(tags),
        f"{Ids.NOTES}.value": notes,
    }
    key = key_of(web, f"{Ids.CHANGED}.data", again=False)
    return client.call(key, values, triggered=f"{Ids.SAVE}.n_clicks")


def table(web, client, shelf: str, search: str = "") -> str:
    values = {f"{Ids.SHELF}.value": shelf, f"{Ids.SEARCH}.value": search}
    return client.call(callback_key(web.app, f"{Ids.BODY}.children"), values).text


def test_the_drawer_shows_and_saves(web, clients, app_engine, run_id):
    member = clients[Role.MEMBER]
    opened = click(member, callback_key(web.app, f"{Ids.OPENED}.data"), OPEN, run_id)
    response = opened.json["response"]
    assert response[Ids.OPENED]["data"] == {"run": run_id, "notes": ""}
    assert "Put into the trash" in opened.text
    said = save(web, member, run_id, title="My best", tags=["seed"], notes="why\nnot")
    assert said.json["response"][Ids.SAID]["children"] == "Saved."
    with session_scope(app_engine) as session:
        row = runs.get_run(session, run_id=run_id)
    assert (row.name, row.tags, row.notes) == ("My best", ["seed"], "why\nnot")
    for search in ("my best", "seed", "why not"):
        assert "My best" in table(web, member, "active", search)
    late = save(web, clients[Role.ADMIN], run_id, title="My best", notes="mine", seen="")
    assert "Somebody else changed these notes" in late.text
    assert late.json["response"].keys() == {Ids.SAID}


def test_a_run_goes_to_the_archive_the_trash_and_back(web, clients, app_engine, run_id):
    member = clients[Role.MEMBER]
    link = f"run\\u002f{run_id}\\u002foverview"
    assert link in table(web, member, "active")
    for deed, shelf in ((Act.ARCHIVE, "archived"), (Act.UNARCHIVE, "active")):
        assert act(web, member, deed, run_id).status_code == 200
        assert link in table(web, member, shelf)
    assert act(web, member, Act.TRASH, run_id).status_code == 200
    assert link not in table(web, member, "active")
    thrown_away = table(web, member, "trash")
    assert f'"run":{run_id}' in thrown_away.replace(" ", "")
    with Session(app_engine) as session:
        since = runs.get_run(session, run_id=run_id, trashed=True).trashed_at
    last = since + timedelta(days=TRASH_DAYS)
    assert f"deleted for good on {last:%Y-%m-%d}" in thrown_away
    answer = member.get(f"/data/run/{run_id}/state")
    assert (answer.status_code, "in the trash" in answer.text) == (404, True)
    assert act(web, member, Act.RESTORE, run_id).status_code == 200
    assert member.get(f"/data/run/{run_id}/state").status_code == 200


def test_only_administrators_delete_for_good(web, clients, app_engine, run_id):
    member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
    assert "into the trash first" in act(web, admin, Act.PURGE, run_id).text
    act(web, member, Act.TRASH, run_id)
    assert "Only administrators" in act(web, member, Act.PURGE, run_id).text
    assert act(web, admin, Act.PURGE, run_id).status_code == 200
    with session_scope(app_engine) as session:
        assert run_id in waiting_arguments(session, task=PURGE, argument="run_id")


def test_others_change_no_run(web, clients, app_engine, people, run_id):
    viewer = clients[Role.VIEWER]
    assert act(web, viewer, Act.TRASH, run_id).status_code == 403
    assert save(web, viewer, run_id, title="x").status_code == 403
    assert (
        "may archive or delete"
        in click(viewer, callback_key(web.app, f"{Ids.OPENED}.data"), OPEN, run_id).text
    )
    with session_scope(app_engine) as session:
        session.execute(update(Run).where(Run.id == run_id).values(owner_id=people[Role.ADMIN]))
    member = clients[Role.MEMBER]
    assert "Only the owner" in act(web, member, Act.TRASH, run_id).text
    assert "Only the owner" in save(web, member, run_id, title="x").text
    with session_scope(app_engine) as session:
        trashed, tags = session.execute(
            select(Run.trashed_at, Run.tags).where(Run.id == run_id)
        ).one()
    assert (trashed, tags) == (None, [])


def test_ticked_runs_are_changed_at_once(web, clients, app_engine, run_id, people):
    with session_scope(app_engine) as session:
        others = store_run(session, seed=12, owner_id=people[Role.ADMIN]).run_id
    ticked = {f"{Ids.TICKED}.data": [str(run_id), str(others), "0x1", 2**40, None]}
    key = key_of(web, f"{Ids.CHANGED}.data", again=True, also=Shell.NOTICES)

    def change(role: Role, button: str):
        values = {**ticked, f"{button}.n_clicks": 1}
        return clients[role].call(key, values, triggered=f"{button}.n_clicks")

    assert change(Role.VIEWER, Ids.TRASH_ALL).status_code == 403
    assert "1 of 5 runs archived. Only the owner" in change(Role.MEMBER, Ids.ARCHIVE_ALL).text
    assert "2 of 5 runs put into the trash" in change(Role.ADMIN, Ids.TRASH_ALL).text
    with session_scope(app_engine) as session:
        found = {row.id: row for row in runs.list_runs(session, shelf=runs.Shelf.TRASH)}
    assert {run_id, others} <= set(found)
    assert (found[run_id].archived_at is None, found[others].archived_at is None) == (False, True)
