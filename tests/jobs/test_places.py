"""Folders that workers tell of: within the roots and within bounds, of living workers, by role."""

import pytest
from sqlalchemy import text

from db.engine import session_scope
from db.permissions import Role
from db.queries.jobs import places, workers
from ingest import places as looking
from ingest.locations import read_place
from ingest.places import Lookout
from ingest.upkeep import Upkeep
from tests.app.web import callback_key, make_web
from tests.jobs.storage import CREDENTIALS, running_storage


@pytest.fixture
def tree(tmp_path):
    """A root with runs and folders, and what must not be seen."""
    root = tmp_path / "runs"
    for name in ("a/run", "b", ".hidden/run", "a/run/snapshots", "deep/1/2/3/4/5"):
        (root / name).mkdir(parents=True)
    for name in ("a/run", ".hidden/run"):
        (root / name / "run.json").write_text("{}")
    (tmp_path / "outside" / "run").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "file").write_text("")
    (root / "odd\nname").mkdir()
    return root


def test_what_lies_in_the_roots_is_seen_and_nothing_else(tree):
    seen = Lookout([tree]).look()
    names = {location.removeprefix(f"{tree}").lstrip("/"): run for location, run in seen.items()}
    assert names == {
        "": False,
        "a": False,
        "a/run": True,
        "b": False,
        "deep": False,
        "deep/1": False,
        "deep/1/2": False,
        "deep/1/2/3": False,
    }


def test_a_root_that_is_gone_or_is_a_run(tree):
    assert Lookout([tree / "none"]).look() == {}
    assert Lookout([tree / "a" / "run"]).look() == {f"{tree}/a/run": True}


def test_the_work_is_bounded(tmp_path, monkeypatch):
    for number in range(60):
        (tmp_path / f"{number:02}" / "inner").mkdir(parents=True)
    monkeypatch.setattr(looking, "MOST", 50)
    seen = Lookout([tmp_path]).look()
    assert len(seen) == 50
    assert all("inner" not in location for location in seen)  # the nearest come first
    monkeypatch.setattr(looking, "MOST_OF_ONE", 10)
    assert len(Lookout([tmp_path]).look()) == 1 + 2 * 10
    monkeypatch.setattr(looking, "SECONDS", 0.0)
    assert Lookout([tmp_path]).look() == {}
    # Nor does it look all the time where a look takes long.
    often = Lookout([tmp_path])
    monkeypatch.setattr(looking, "SECONDS", 2.0)
    monkeypatch.setattr(looking, "BUSY_SHARE", 1e-9)
    first = often.look()
    (tmp_path / "new").mkdir()
    assert often.look() == first


def test_object_storage(tmp_path, monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with running_storage() as storage:
        monkeypatch.setenv("DEEPTRACKER_S3_ENDPOINT", storage.endpoint)
        for key in ("places/one/run.json", "places/one/snapshots/1", "places/two/other", "else/x"):
            storage.put(key, b"{}")
        root = read_place("s3://logs-of-the-team/places")
        lookout = Lookout([root, read_place("s3://logs-of-the-team/none")])
        found = {str(root): False, f"{root}/one": True, f"{root}/two": False}
        assert lookout.look() == found
        storage.put("places/three/run.json", b"{}")
        assert lookout.look() == found  # asked for once in a while, not all the time


def find(engine, typed, *, runs=True, limit=20):
    with session_scope(engine) as session:
        return [p.location for p in places.find(session, typed=typed, runs=runs, limit=limit)]


@pytest.fixture
def told(store, tree, monkeypatch):
    """A worker that has told once, and no thread that goes on saying that it lives."""
    monkeypatch.setattr(workers, "STALLED_SECONDS", 50.0)
    monkeypatch.setattr(looking, "BUSY_SHARE", 1e9)  # it looks whenever it is asked to
    upkeep = Upkeep(store, roots=[tree], concurrency=1)
    upkeep.tell_places()
    return upkeep


def test_what_is_typed_is_found_where_it_begins_first(store, told, tree):
    assert find(store, "")[0] == f"{tree}/a/run"  # runs before folders
    assert find(store, f"{tree}/a") == [f"{tree}/a/run"]  # what is typed in full is not offered
    assert find(store, "DEEP/1", limit=2) == [f"{tree}/deep/1", f"{tree}/deep/1/2"]
    assert f"{tree}/a/run" not in find(store, "", runs=False)
    for typed in ("%", "a%n", "no such", "a\0", "\ud800", "x" * 9_000, "../", "\\"):
        assert find(store, typed) == []


def test_it_follows_the_disk_and_ends_with_the_worker(store, told, tree):
    (tree / "b" / "run.json").write_text("{}")
    (tree / "deep").rename(tree / "d")
    told.tell_places()
    assert f"{tree}/b" in find(store, "")
    assert f"{tree}/b" not in find(store, "", runs=False)
    assert find(store, "deep") == []
    with store.begin() as connection:
        connection.execute(text("UPDATE ingest_worker SET seen_at = now() - interval '1 minute'"))
    assert find(store, "") == []  # what a dead worker saw helps nobody
    told.leave()
    with store.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ingest_place")) == 0


def test_two_workers_that_see_the_same_offer_it_once(store, told, tree):
    Upkeep(store, roots=[tree], concurrency=1).tell_places()
    with session_scope(store) as session:
        assert len(workers.list_workers(session)) == 2
    assert find(store, "a/run") == [f"{tree}/a/run"]


def test_only_those_who_may_load_are_told(store, told, tree):
    web = make_web(store)
    for field in ("jobs-location", "jobs-schedule-location", "jobs-watch-folder"):
        key = callback_key(web.app, f"{field}.data")
        answers = {
            role: web.logged_in(web.account(f"{role}-{field}@example.org", role)).call(
                key, {f"{field}.value": "a"}
            )
            for role in Role
        }
        assert answers[Role.VIEWER].status_code == 403
        assert tree.name not in answers[Role.VIEWER].text
        for role in (Role.MEMBER, Role.ADMIN):
            assert answers[role].status_code == 200
            assert str(tree) in str(answers[role].json)
        assert web.client().call(key, {f"{field}.value": "a"}).status_code == 401
