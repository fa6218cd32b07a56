"""The drawer of the runs page: names, tags, notes, archive, trash; in every role."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.views.runs.ids import OPEN, VIEW_DELETE, Act, Ids
from db.engine import session_scope
from db.models import Run, TableView
from db.permissions import Role
from db.queries.runs import run_upkeep, runs
from db.queries.runs.run_upkeep import TRASH_DAYS
from db.queries.team import table_views
from tests.app.web import callback_key, server_callbacks
from tests.stored_runs import store_run


@pytest.fixture
def run_id(app_engine, people):
    """A run of the member."""
    with session_scope(app_engine) as session:
        return store_run(session, seed=11, owner_id=people[Role.MEMBER]).run_id


def key_of(web, name: str) -> str:
    """The callback that the property "id.name" triggers."""
    (found,) = (
        key
        for key in server_callbacks(web.app)
        if name
        in {f"{spec['id']}.{spec['property']}" for spec in web.app.callback_map[key]["inputs"]}
    )
    return found


def act(client, act: Act, run: int):
    return client.click({"run": run, "type": str(act)})


def save(web, client, run: int, *, title="", tags=(), notes="", seen=""):
    values = {
        f"{Ids.SAVE}.n_clicks": 1,
        f"{Ids.OPENED}.data": {"run": run, "notes": seen},
        f"{Ids.TITLE}.value": title,
        f"{Ids.TAGS}.value": list(tags),
        f"{Ids.NOTES}.value": notes,
    }
    name = f"{Ids.SAVE}.n_clicks"
    return client.call(key_of(web, name), values, triggered=name)


def table(web, client, shelf: str, search: str = "") -> str:
    values = {f"{Ids.SHELF}.value": shelf, f"{Ids.SEARCH}.value": search}
    return client.call(callback_key(web.app, f"{Ids.BODY}.children"), values).text


def test_the_drawer_shows_and_saves(web, clients, app_engine, run_id):
    member = clients[Role.MEMBER]
    opened = member.click({"run": run_id, "type": OPEN})
    response = opened.json["response"]
    seen = {"run": run_id, "name": "a run", "tags": [], "notes": ""}
    assert response[Ids.OPENED]["data"] == seen
    assert "Move to trash" in opened.text
    said = save(web, member, run_id, title="My best", tags=["seed"], notes="why\nnot")
    assert said.json["response"][Ids.SAID]["children"] == "Saved."
    seen |= {"name": "My best", "tags": ["seed"], "notes": "why\nnot"}
    assert said.json["response"][Ids.OPENED]["data"] == seen
    with session_scope(app_engine) as session:
        row = runs.get_run(session, run_id=run_id)
    assert (row.name, row.tags, row.notes) == ("My best", ["seed"], "why\nnot")
    for search in ("my best", "seed", "why not"):
        assert "My best" in table(web, member, "active", search)
    late = save(web, clients[Role.ADMIN], run_id, title="My best", notes="mine", seen="")
    assert "Somebody else has changed these notes" in late.text
    assert late.json["response"].keys() == {Ids.SAID}


def test_a_run_goes_to_the_archive_the_trash_and_back(web, clients, app_engine, run_id):
    member = clients[Role.MEMBER]
    link = f"run\\u002f{run_id}\\u002foverview"
    assert link in table(web, member, "active")
    for deed, shelf in ((Act.ARCHIVE, "archived"), (Act.UNARCHIVE, "active")):
        assert act(member, deed, run_id).status_code == 200
        assert link in table(web, member, shelf)
    assert act(member, Act.TRASH, run_id).status_code == 200
    assert link not in table(web, member, "active")
    thrown_away = table(web, member, "trash")
    assert f'"run":{run_id}' in thrown_away.replace(" ", "")
    with Session(app_engine) as session:
        since = runs.get_run(session, run_id=run_id, trashed=True).trashed_at
    last = since + timedelta(days=TRASH_DAYS)
    assert f"deleted for good on {last:%Y-%m-%d}" in thrown_away
    answer = member.get(f"/data/run/{run_id}/state")
    assert (answer.status_code, "in the trash" in answer.text) == (404, True)
    assert act(member, Act.RESTORE, run_id).status_code == 200
    assert member.get(f"/data/run/{run_id}/state").status_code == 200


def test_only_administrators_delete_for_good(web, clients, app_engine, run_id):
    member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
    asked = act(admin, Act.PURGE, run_id).json["response"]
    assert Ids.TO_DELETE not in asked  # it is not in the trash
    act(member, Act.TRASH, run_id)
    assert "does not allow" in act(member, Act.PURGE, run_id).text
    asked = act(admin, Act.PURGE, run_id).json["response"]
    assert asked[Ids.TO_DELETE]["data"] == [run_id]
    with session_scope(app_engine) as session:
        assert run_id not in run_upkeep.being_deleted(session)


def test_others_change_no_run(web, clients, app_engine, people, run_id):
    viewer = clients[Role.VIEWER]
    assert act(viewer, Act.TRASH, run_id).status_code == 403
    assert save(web, viewer, run_id, title="x").status_code == 403
    assert "may archive or delete" in viewer.click({"run": run_id, "type": OPEN}).text
    with session_scope(app_engine) as session:
        session.execute(update(Run).where(Run.id == run_id).values(owner_id=people[Role.ADMIN]))
    member = clients[Role.MEMBER]
    assert "Only the owner" in act(member, Act.TRASH, run_id).text
    assert "Only the owner" in save(web, member, run_id, title="x").text
    with session_scope(app_engine) as session:
        trashed, tags = session.execute(
            select(Run.trashed_at, Run.tags).where(Run.id == run_id)
        ).one()
    assert (trashed, tags) == (None, [])


def bulk(web, client, act: str, *runs):
    name = f"{Ids.ASKED}.data"
    asked = {"act": str(act), "runs": list(runs), "at": 1}
    return client.call(key_of(web, name), {name: asked}, triggered=name)


def undo(web, client, given):
    name = f"{Ids.UNDO}.n_clicks"
    values = {name: 1, f"{Ids.DONE_UNDO}.data": given}
    return client.call(key_of(web, name), values, triggered=name)


def said(answer) -> str:
    return answer.json["response"][Ids.DONE_TEXT]["children"]


def shelf_of(engine, run_id: int) -> str:
    with Session(engine) as session:
        (found,) = (
            shelf
            for shelf in runs.Shelf
            if run_id in {row.id for row in runs.list_runs(session, shelf=shelf)}
        )
    return found


@pytest.fixture
def others(app_engine, people):
    """A run of the administrator."""
    with session_scope(app_engine) as session:
        return store_run(session, seed=12, owner_id=people[Role.ADMIN], title="theirs").run_id


def test_ticked_runs_are_changed_at_once(web, clients, app_engine, run_id, others):
    ticked = (str(run_id), str(others), "0x1", 2**40, None)
    member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
    assert bulk(web, clients[Role.VIEWER], Act.TRASH, *ticked).status_code == 403
    text = said(bulk(web, member, Act.ARCHIVE, *ticked))
    assert text.startswith("Archived: “")
    assert "Unchanged: “theirs”. Only the owner of a run" in text
    text = said(bulk(web, admin, Act.TRASH, *ticked))
    assert re.fullmatch("Moved to trash: “.*” and “theirs”.", text)
    with session_scope(app_engine) as session:
        found = {row.id: row for row in runs.list_runs(session, shelf=runs.Shelf.TRASH)}
    assert {run_id, others} <= set(found)
    assert (found[run_id].archived_at is None, found[others].archived_at is None) == (False, True)


def test_undo_brings_back_what_the_act_moved_and_nothing_else(
    web, clients, app_engine, run_id, others
):
    admin = clients[Role.ADMIN]
    assert bulk(web, admin, Act.TRASH, others).status_code == 200  # long before
    both = bulk(web, admin, Act.TRASH, run_id, others)
    assert "Unchanged: “theirs”. Somebody else has changed it in the meantime." in said(both)
    given = both.json["response"][Ids.DONE_UNDO]["data"]
    assert given["runs"] == [run_id]
    assert undo(web, clients[Role.VIEWER], given).status_code == 403
    # Whatever a browser adds: only those that went with this act come back.
    back = undo(web, admin, {**given, "runs": [run_id, others]})
    assert said(back).startswith("Undone: “")
    assert [shelf_of(app_engine, run) for run in (run_id, others)] == ["active", "trash"]
    # Thrown away anew by somebody else, it stays there.
    assert act(clients[Role.MEMBER], Act.TRASH, run_id).status_code == 200
    assert "Somebody else" in said(undo(web, admin, given))
    assert shelf_of(app_engine, run_id) == "trash"


def test_only_who_may_move_a_run_takes_its_move_back(web, clients, app_engine, others):
    given = bulk(web, clients[Role.ADMIN], Act.TRASH, others).json["response"][Ids.DONE_UNDO]
    assert "Only the owner" in said(undo(web, clients[Role.MEMBER], given["data"]))
    assert shelf_of(app_engine, others) == "trash"


def test_the_archive_is_undone_too(web, clients, app_engine, run_id):
    member = clients[Role.MEMBER]
    given = bulk(web, member, Act.ARCHIVE, run_id).json["response"][Ids.DONE_UNDO]["data"]
    assert shelf_of(app_engine, run_id) == "archived"
    assert undo(web, member, given).status_code == 200
    assert shelf_of(app_engine, run_id) == "active"


def test_many_are_restored_and_deleted_at_once(web, clients, app_engine, run_id, others):
    member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
    bulk(web, admin, Act.TRASH, run_id, others)
    # A deletion names them, and asks; it takes nothing that is not in the trash.
    active = store(app_engine)
    asked = bulk(web, admin, Act.PURGE, run_id, others, active).json["response"]
    assert asked[Ids.DIALOG]["opened"] is True
    assert asked[Ids.TO_DELETE]["data"] == [run_id, others]
    assert "theirs" in str(asked[Ids.DELETION]["children"])
    assert Ids.TO_DELETE not in bulk(web, member, Act.PURGE, run_id).json["response"]
    confirm = f"{Ids.CONFIRM}.n_clicks"
    key = key_of(web, confirm)
    deleted = {confirm: 1, f"{Ids.TO_DELETE}.data": [run_id, others]}
    assert Ids.DIALOG not in member.call(key, deleted, triggered=confirm).json["response"]
    with session_scope(app_engine) as session:
        assert not {run_id, others} & run_upkeep.being_deleted(session)
    ended = admin.call(key, deleted, triggered=confirm)
    assert ended.json["response"][Ids.DIALOG]["opened"] is False
    with session_scope(app_engine) as session:
        assert {run_id, others} <= run_upkeep.being_deleted(session)
    listed = table(web, admin, "trash")
    assert "a worker is deleting it" in listed
    assert f'"data-compare-run":"{run_id}"' not in listed.replace(" ", "")
    # Until a worker has begun, a restored run is not deleted after all.
    text = said(bulk(web, admin, Act.RESTORE, run_id, others))
    assert re.fullmatch("Restored: “.*” and “theirs”.", text)
    assert [shelf_of(app_engine, run) for run in (run_id, others)] == ["active", "active"]
    with session_scope(app_engine) as session:
        assert not {run_id, others} & run_upkeep.being_deleted(session)


def store(engine) -> int:
    with session_scope(engine) as session:
        return store_run(session, seed=13).run_id


def test_the_trash_has_no_empty_column(web, clients, people, app_engine, run_id, others):
    key = callback_key(web.app, f"{Ids.BODY}.children")

    def hidden(role: Role, shelf: str) -> bool:
        values = {f"{Ids.SHELF}.value": shelf}
        head = clients[role].call(key, values).json["response"][Ids.HEAD]["children"]
        choose = head["props"]["children"][0]["props"]
        assert choose["id"] == Ids.CHOOSE
        return choose["hidden"]

    bulk(web, clients[Role.ADMIN], Act.TRASH, run_id, others)
    assert [hidden(role, "trash") for role in Role] == [True, False, False]
    boxes = table(web, clients[Role.MEMBER], "trash").replace(" ", "")
    assert f'"data-compare-run":"{run_id}"' in boxes
    assert f'"data-compare-run":"{others}"' not in boxes


def test_only_the_ticked_runs_are_listed(web, clients, app_engine, run_id, others):
    bulk(web, clients[Role.ADMIN], Act.ARCHIVE, others)
    values = {f"{Ids.SHELF}.value": "active", f"{Ids.ONLY}.data": [str(run_id), others, "x"]}
    answer = clients[Role.MEMBER].call(callback_key(web.app, f"{Ids.BODY}.children"), values)
    assert len(answer.json["response"][Ids.BODY]["children"]) == 2


def test_the_team_has_views_of_the_table(web, clients, app_engine):
    viewer, member, admin = (clients[role] for role in (Role.VIEWER, Role.MEMBER, Role.ADMIN))
    clicked = f"{Ids.VIEW_SAVE}.n_clicks"

    def save_view(client, name, address="sort=-error&q=lr+%3C+0.1&junk=1"):
        values = {
            clicked: 1,
            f"{Ids.VIEW_NAME}.value": name,
            f"{Ids.TABLE}.data-address": address,
        }
        return client.call(key_of(web, clicked), values, triggered=clicked)

    def listed(client):
        key = callback_key(web.app, f"{Ids.VIEWS}.children")
        return client.call(key, {f"{Ids.VIEWS_OPEN}.n_clicks": 1}).text

    with Session(app_engine) as session:  # other tests save some, too
        session.execute(delete(TableView))
        session.commit()
    assert "No view is saved yet" in listed(viewer)
    assert save_view(viewer, "mine").status_code == 403
    for wrong in ("", "x" * 200, 7):
        assert "Enter a view name" in save_view(member, wrong).text
    assert save_view(member, "Good <b>").json["response"][Ids.VIEW_SAID]["children"] == "Saved."
    assert "There is a view “Good <b>” already" in str(save_view(admin, "Good <b>").json)
    shown = json.loads(listed(viewer))["response"][Ids.VIEWS]["children"][0]["props"]["children"]
    assert shown[0]["props"]["children"] == "Good <b>"
    assert shown[0]["props"]["href"] == "/?q=lr+%3C+0.1&sort=-error"
    assert shown[1] is None
    save_view(admin, "Others")
    with Session(app_engine) as session:
        ids = {view.name: view.id for view in table_views.list_table_views(session)}

    def drop(client, name):
        return client.click({"type": VIEW_DELETE, "view": ids[name]})

    assert drop(viewer, "Good <b>").status_code == 403
    assert "no view of yours" in drop(member, "Others").text
    assert "Deleted" in drop(member, "Good <b>").text
    assert "Deleted" in drop(admin, "Others").text
    assert "No view is saved yet" in listed(viewer)
