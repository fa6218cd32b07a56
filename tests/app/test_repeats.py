"""What a browser sends again because an answer got lost: it is there once."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import session_scope
from db.permissions import Role
from tests.app.web import BASE
from tests.stored_runs import store_run


@pytest.fixture(scope="module")
def base(app_engine):
    with Session(app_engine) as session:
        run_id = store_run(session, seed=77).run_id
        session.commit()
    return f"/data/run/{run_id}/annotations"


def test_what_was_written_is_not_written_again(base, clients):
    def send(path, role=Role.MEMBER, **body):
        answer = clients[role].http.post(path, json=body, base_url=BASE, headers={"Origin": BASE})
        return answer.status_code, answer.json

    def texts():
        return [one["body"] for one in clients[Role.MEMBER].get(base).json["annotations"]]

    new = {"text": "  see\u202e this ", "target": {"kind": "iteration", "first": 20, "last": 20}}
    _, first = send(f"{base}/new", **new)
    _, again = send(f"{base}/new", **new, again=3)
    assert again["annotation"]["id"] == first["annotation"]["id"]
    assert texts() == ["see this"]
    # Never sent before, by somebody else, about something else, or on purpose: written.
    send(f"{base}/new", **{**new, "text": "never"}, again=3)
    send(f"{base}/new", Role.ADMIN, **new, again=3)
    send(f"{base}/new", **{**new, "target": {"kind": "run"}}, again=3)
    send(f"{base}/new", **new)
    assert texts() == ["see this", "never", "see this", "see this", "see this"]
    assert send(f"{base}/new", **new, again="3")[0] == 400
    assert send(f"{base}/new", **new, again=-1)[0] == 400

    one = f"{base}/{first['annotation']['id']}"
    for again in ({}, {"again": 2}, {"again": 2}):
        _, said = send(f"{one}/replies", text="because", **again)
    (reply,) = said["annotation"]["replies"]

    change = {"text": "seen", "tag": "x", "version": 1}
    assert send(one, **change)[0] == 200
    assert send(one, **change)[0] == 409
    status, said = send(one, **change, again=5)
    assert (status, said["annotation"]["body"], said["annotation"]["version"]) == (200, "seen", 2)
    assert send(one, **{**change, "text": "other"}, again=5)[0] == 409

    answer = {"text": "so", "version": 1}
    path = f"{one}/replies/{reply['id']}"
    assert [send(path, **answer)[0], send(path, **answer, again=1)[0]] == [200, 200]
    assert [send(f"{path}/delete")[0], send(f"{path}/delete", again=1)[0]] == [200, 200]
    assert send(f"{path}/delete")[0] == 404
    assert [send(f"{one}/delete")[0], send(f"{one}/delete", again=1)[0]] == [200, 200]
    assert send(f"{one}/delete")[0] == 404


def test_a_view_that_was_saved_is_not_saved_again(base, clients, app_engine):
    run_id = int(base.split("/")[3])
    body = {"run": run_id, "page": "layers", "query": "cursor=20", "name": "mine", "shared": False}

    def save(**more):
        http = clients[Role.MEMBER].http
        answer = http.post(
            "/data/views", json={**body, **more}, base_url=BASE, headers={"Origin": BASE}
        )
        return answer.json.get("id")

    first = save()
    assert save(again=4) == first
    assert save(name="another", again=4) not in (first, None)
    assert save() not in (first, None)
    assert save(again=True) is None


def test_a_repeat_of_long_ago_is_still_the_same(base, clients, app_engine):
    """A browser that was closed up in the evening sends again in the morning."""
    body = {"text": "in the evening", "target": {"kind": "run"}}
    post = {"base_url": BASE, "headers": {"Origin": BASE}}
    http = clients[Role.MEMBER].http
    first = http.post(f"{base}/new", json=body, **post).json["annotation"]["id"]
    with session_scope(app_engine) as session:
        session.execute(
            text("UPDATE annotation SET created_at = now() - interval '9 hours' WHERE id = :id"),
            {"id": first},
        )
    soon = http.post(f"{base}/new", json={**body, "again": 60}, **post).json["annotation"]["id"]
    assert soon != first
    with session_scope(app_engine) as session:
        session.execute(text("DELETE FROM annotation WHERE id = :id"), {"id": soon})
    late = http.post(f"{base}/new", json={**body, "again": 9 * 3600}, **post).json
    assert late["annotation"]["id"] == first
