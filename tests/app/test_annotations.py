"""The routes and the page of annotations, in every role, logged out, and with foreign ids."""

import re

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.views.annotations.ids import Ids
from app.views.runs.ids import Ids as RunIds
from db.engine import session_scope
from db.models import Annotation
from db.permissions import Role
from db.queries.team import annotations, mentions
from db.queries.team.annotation_rows import AnnotationRow, Target
from db.queries.team.annotation_words import about
from tests.app.web import BASE, callback_key
from tests.stored_runs import store_run

CLASS = {"kind": "class", "id": 2, "first": 20, "last": 20}


@pytest.fixture(scope="module")
def run_id(app_engine):
    with Session(app_engine) as session:
        stored = store_run(session, seed=21)
        session.commit()
    return stored.run_id


@pytest.fixture
def unwritten(app_engine, run_id):
    """Forget what other tests have written in the run."""
    with session_scope(app_engine) as session:
        session.execute(delete(Annotation).where(Annotation.run_id == run_id))


@pytest.fixture(scope="module")
def foreign(app_engine, app_run, people):
    """An annotation and a reply of another run."""
    with session_scope(app_engine) as session:
        one = {"session": session, "run_id": app_run.run_id, "by": people[Role.ADMIN]}
        key = annotations.create(**one, target=Target("run"), body="noise", tag="noise")
        return key, annotations.reply(**one, annotation_id=key, body="noise")


def send(client, path, body=None, *, origin=BASE):
    return client.http.post(path, json=body or {}, base_url=BASE, headers={"Origin": origin})


@pytest.fixture
def base(run_id):
    return f"/data/run/{run_id}/annotations"


@pytest.fixture
def write(clients, base):
    def written(role=Role.MEMBER, **body):
        given = {"text": "why?", "target": CLASS, **body}
        answer = send(clients[role], f"{base}/new", given)
        assert answer.status_code == 201, answer.text
        return answer.json["annotation"]

    return written


@pytest.mark.usefixtures("unwritten")
def test_a_thread_from_beginning_to_end(clients, base, run_id, write):
    member, admin = clients[Role.MEMBER], clients[Role.ADMIN]
    found = member.get(base).json
    assert (found["ids"], found["may"]) == ([], {"annotate": True, "manage": False})
    made = write(text="see @viewer", tag="spike", view="layers")
    assert made["about"] == "class 2 at iteration 20"
    assert made["link"] == f"/run/{run_id}/layers?annotation={made['id']}&cursor=20&classes=2"
    one = f"{base}/{made['id']}"
    answered = send(admin, f"{one}/replies", {"text": "because"})
    assert answered.status_code == 201
    (reply,) = answered.json["annotation"]["replies"]
    assert (reply["author"], reply["body"]) == ("admin", "because")
    edited = send(admin, f"{one}/replies/{reply['id']}", {"text": "so", "version": 1})
    assert edited.json["annotation"]["replies"][0]["body"] == "so"
    resolved = send(member, f"{one}/resolved", {"resolved": True}).json["annotation"]
    assert resolved["resolved_by"] == "member"
    assert (
        send(member, f"{one}/resolved", {"resolved": False}).json["annotation"]["resolved_at"]
        is None
    )
    changed = send(member, one, {"text": "now", "tag": "", "version": 1}).json["annotation"]
    assert (changed["body"], changed["tag"], changed["version"]) == ("now", "", 2)
    left = send(admin, f"{one}/replies/{reply['id']}/delete").json["annotation"]
    assert left["replies"] == []
    since = member.get(f"{base}?since={found['version']}").json
    assert [row["id"] for row in since["annotations"]] == since["ids"] == [made["id"]]
    assert send(member, f"{one}/delete").json == {"deleted": made["id"]}
    assert member.get(f"{base}?since={since['version']}").json["ids"] == []
    assert member.get(f"{base}?since=nonsense").json["ids"] == []


def test_the_second_editor_gets_what_the_first_wrote(clients, base, write):
    made = write()
    one = f"{base}/{made['id']}"
    assert send(clients[Role.MEMBER], one, {"text": "first", "version": 1}).status_code == 200
    second = send(clients[Role.ADMIN], one, {"text": "second", "version": 1})
    assert second.status_code == 409
    assert "in the meantime" in second.json["error"]
    assert (second.json["annotation"]["body"], second.json["annotation"]["version"]) == ("first", 2)
    assert send(clients[Role.ADMIN], one, {"text": "second", "version": 2}).status_code == 200


def test_who_deletes_what_was_answered_meanwhile_gets_the_reply(clients, base, write):
    made = write()
    one = f"{base}/{made['id']}"
    assert send(clients[Role.ADMIN], f"{one}/replies", {"text": "wait"}).status_code == 201
    refused = send(clients[Role.MEMBER], f"{one}/delete", {"seen": made["changed"]})
    assert refused.status_code == 409
    now = refused.json["annotation"]
    assert [reply["body"] for reply in now["replies"]] == ["wait"]
    deleted = send(clients[Role.MEMBER], f"{one}/delete", {"seen": now["changed"]})
    assert deleted.json == {"deleted": made["id"]}
    late = send(clients[Role.ADMIN], f"{one}/replies", {"text": "and more"})
    assert (late.status_code, late.json["gone"]) == (404, "annotation")


def paths(base, key, reply):
    return {
        f"{base}/new": {"text": "x", "target": CLASS},
        f"{base}/{key}": {"text": "x", "version": 1},
        f"{base}/{key}/resolved": {"resolved": True},
        f"{base}/{key}/replies": {"text": "x"},
        f"{base}/{key}/replies/{reply}": {"text": "x", "version": 1},
        f"{base}/{key}/replies/{reply}/delete": {},
        f"{base}/{key}/delete": {},
    }


def test_strangers_viewers_and_other_sites_write_nothing(web, clients, base, write):
    made = write()
    reply = send(clients[Role.MEMBER], f"{base}/{made['id']}/replies", {"text": "x"})
    (answer,) = reply.json["annotation"]["replies"]
    before = clients[Role.VIEWER].get(base).json
    assert before["may"]["annotate"] is False
    for path, body in paths(base, made["id"], answer["id"]).items():
        assert send(web.client(), path, body).status_code == 401, path
        assert send(clients[Role.VIEWER], path, body).status_code == 403, path
        for origin in ("null", "http://evil.example"):
            assert send(clients[Role.ADMIN], path, body, origin=origin).status_code == 403, path
    assert clients[Role.VIEWER].get(base).json == before
    for path in (base, "/data/annotations/words", "/data/annotations/mentions"):
        assert web.client().get(path).status_code == 401


def test_a_member_cannot_change_anothers(clients, base, write):
    made = write(Role.ADMIN)
    reply = send(clients[Role.ADMIN], f"{base}/{made['id']}/replies", {"text": "x"})
    (answer,) = reply.json["annotation"]["replies"]
    may = ("/new", "/resolved", "/replies")
    for path, body in paths(base, made["id"], answer["id"]).items():
        wanted = (200, 201) if path.endswith(may) else (403,)
        assert send(clients[Role.MEMBER], path, body).status_code in wanted, path


def test_ids_of_another_run_lead_nowhere(clients, app_engine, base, foreign, write):
    key, reply = foreign
    made = write()
    for path, body in paths(base, key, reply).items():
        if not path.endswith("/new"):
            assert send(clients[Role.ADMIN], path, body).status_code == 404, path
    for path in (
        f"{base}/{made['id']}/replies/{reply}",
        f"{base}/{made['id']}/replies/{reply}/delete",
    ):
        body = {"text": "x", "version": 1}
        assert send(clients[Role.ADMIN], path, body).status_code == 404
    assert send(clients[Role.ADMIN], f"{base}/{key}/seen").status_code == 404
    assert clients[Role.ADMIN].get("/data/run/99999999/annotations").status_code == 404
    nowhere = {"text": "x", "target": {"kind": "run"}}
    for run in ("99999999", "0", str(2**60)):
        answer = send(clients[Role.ADMIN], f"/data/run/{run}/annotations/new", nowhere)
        assert answer.status_code == 404
    assert key not in clients[Role.ADMIN].get(base).json["ids"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"text": "x"},
        {"text": 3, "target": CLASS},
        {"text": " ", "target": CLASS},
        {"text": "x", "target": "run"},
        {"text": "x", "target": {}},
        {"text": "x", "target": {"kind": "class", "id": "2"}},
        {"text": "x", "target": {"kind": "class", "id": True}},
        {"text": "x", "target": {"kind": "class", "id": 2.5}},
        {"text": "x", "target": {"kind": "class", "id": 10**30}},
        {"text": "x", "target": {"kind": "run", "first": 1, "last": 1}},
        {"text": "x" * 4_001, "target": CLASS},
        {"text": "x", "tag": "t" * 41, "target": CLASS},
        {"text": "x", "tag": None, "target": CLASS},
    ],
)
def test_bodies_that_cannot_be(clients, base, body):
    client = clients[Role.MEMBER].http
    answer = client.post(f"{base}/new", json=body, base_url=BASE, headers={"Origin": BASE})
    assert answer.status_code == 400
    assert answer.json["error"]


def test_versions_that_cannot_be(clients, base, write):
    one = f"{base}/{write()['id']}"
    for version in (None, "1", 0, -1, 2**40, True):
        answer = send(clients[Role.MEMBER], one, {"text": "x", "version": version})
        assert answer.status_code == 400, version
    for resolved in (None, "yes", 1):
        answer = send(clients[Role.MEMBER], f"{one}/resolved", {"resolved": resolved})
        assert answer.status_code == 400


def test_mentions_reach_a_viewer_and_end_when_read(clients, web, people, base, write):
    viewer = clients[Role.VIEWER]
    send_back = viewer.get("/data/annotations/mentions").json["unread"]
    made = write(text="@viewer look")
    assert viewer.get("/data/annotations/mentions").json["unread"] == send_back + 1
    found = viewer.get(base).json
    assert found["unread"] == send_back + 1
    assert {row["id"]: row["unread"] for row in found["annotations"]}[made["id"]]
    assert not {
        row["id"]: row["unread"] for row in clients[Role.ADMIN].get(base).json["annotations"]
    }[made["id"]]
    assert send(viewer, f"{base}/{made['id']}/seen").json["unread"] == send_back
    handles = [p["handle"] for p in viewer.get("/data/annotations/words").json["people"]]
    assert {"viewer", "member", "admin"} <= set(handles)


def test_an_unknown_view_is_forgotten(write, run_id):
    for view in ("jobs", "nothing", "../x", "Layers"):
        made = write(view=view, target={"kind": "filter", "id": 1, "filter": 0})
        assert made["link"] == (
            f"/run/{run_id}/layers?annotation={made['id']}&layers=1&filters=1.0"
        )
    made = write(target={"kind": "image", "id": 3, "first": 10, "last": 30})
    assert made["link"].startswith(
        f"/run/{run_id}/validation?annotation={made['id']}&cursor=10&range=10-30"
    )
    assert "images=3" in made["link"]
    made = write(target={"kind": "iteration", "first": 10, "last": 30})
    assert made["about"] == "iterations 10 – 30"


def rows(client, **asked):
    defaults = {f"{Ids.STATE}.value": "open", f"{Ids.PAGER}.value": 1}
    key = callback_key(client.web.app, f"{Ids.BODY}.children")
    return client.update(key, {**defaults, **asked})


def texts(answer):
    return str(answer[Ids.BODY]["children"])


def ageless(answer):
    """Return the texts without how long ago they were written, which changes while one looks."""
    return re.sub(r"just now|\d+ \w+ ago", "", texts(answer))


def test_the_page_finds_over_all_runs(clients, foreign, run_id, app_run, people, write):
    write(text="<img src=x onerror=alert(1)> [a](javascript:alert(1))", tag="=cmd")
    write(text="for @viewer alone", tag="vip")
    viewer = clients[Role.VIEWER]
    everything = rows(viewer)
    assert "noise" in texts(everything)
    assert "<img src=x onerror=alert(1)>" in texts(everything)
    assert "noise" not in texts(rows(viewer, **{f"{Ids.RUN}.value": str(run_id)}))
    mine = texts(rows(viewer, **{f"{Ids.MENTIONS}.checked": True, f"{Ids.STATE}.value": "all"}))
    assert "for @viewer alone" in mine
    assert "noise" not in mine
    assert "vip" not in texts(rows(viewer, **{f"{Ids.TAG}.value": "=cmd"}))
    assert "for @viewer" in texts(rows(viewer, **{f"{Ids.SEARCH}.value": "viewer ALONE member"}))
    by_admin = texts(rows(viewer, **{f"{Ids.AUTHOR}.value": str(people[Role.ADMIN])}))
    assert "noise" in by_admin
    nothing = rows(viewer, **{f"{Ids.SEARCH}.value": "no such words anywhere"})
    assert nothing[Ids.TABLE]["hidden"]
    assert "No annotation matches" in str(nothing[Ids.EMPTY])
    strange = {
        f"{Ids.RUN}.value": "1; drop",
        f"{Ids.STATE}.value": 7,
        f"{Ids.PAGER}.value": -3,
        f"{Ids.SEARCH}.value": ["x"],
        f"{Ids.TAG}.value": {},
        f"{Ids.AUTHOR}.value": "9" * 30,
    }
    assert ageless(rows(viewer, **strange)) == ageless(everything)


def test_the_runs_page_counts_the_open_ones(clients, run_id, write):
    write()
    viewer = clients[Role.VIEWER]
    key = callback_key(viewer.web.app, f"{RunIds.BODY}.children")
    number = sum(
        a["resolved_at"] is None
        for a in viewer.get(f"/data/run/{run_id}/annotations").json["annotations"]
    )
    shown = str(viewer.update(key)[RunIds.BODY]["children"])
    assert f"/annotations?run={run_id}" in shown
    assert f"✎ {number}" in shown


def test_what_is_listed_is_marked_as_read_and_nothing_else(clients, app_engine, people, write):
    viewer = clients[Role.VIEWER]

    def unread() -> int:
        with session_scope(app_engine) as session:
            return mentions.unread(session, account_id=people[Role.VIEWER])

    def listed(search: str) -> dict:
        values = {f"{Ids.SEARCH}.value": search, f"{Ids.STATE}.value": "all"}
        key = callback_key(viewer.web.app, f"{Ids.BODY}.children")
        return viewer.update(key, values)[Ids.LISTED]["data"]

    def mark(given: dict) -> None:
        key = callback_key(viewer.web.app, f"{Ids.READ}.data")
        viewer.update(key, {f"{Ids.MARK_READ}.n_clicks": 1, f"{Ids.LISTED}.data": given})

    before = unread()
    write(text="@viewer in sight")
    write(text="@viewer hidden by the search")
    shown = listed("in sight")
    write(text="@viewer in sight, but written later")
    assert unread() == before + 3
    mark(shown)
    assert unread() == before + 2
    mark(listed(""))
    assert unread() == 0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target("run"), "the run"),
        (Target("iteration", None, None, 6400, 6400), "iteration 6,400"),
        (Target("layer", 1), "layer conv"),
        (Target("filter", 1, 7, 0, 5), "filter 7 of conv at iterations 0 – 5"),
        (Target("image", 9, None, 5, 5), "image 4 of conv at iteration 5"),
    ],
)
def test_words(target, words):
    row = AnnotationRow(
        1, 1, "run", 1, "a", target, None, 3, "conv", "", "b", "", 1, 1, None, None, None, None,
        False, (),
    )  # fmt: skip
    assert about(row) == words
