"""Uploads: whose they are, how large, what reaches the disk under which name."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from app.uploads import routes
from app.uploads.clearing import start_clearing
from app.uploads.names import MAX_DEPTH, safe_names
from app.uploads.settings import UploadSettings
from db.engine import session_scope
from db.errors import Conflict
from db.models import IngestLook, Upload
from db.permissions import Role
from db.queries.jobs import workers
from tests.app.web import BASE
from tests.full_disk import full_disk


@pytest.fixture
def root(web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder of uploads, which a worker that is alive reads; 3 MB for one, 5 MB for all."""
    folder = tmp_path / "runs" / "uploads"
    settings = UploadSettings(folder=folder, megabytes=3, all_megabytes=5)
    monkeypatch.setitem(web.app.server.extensions, routes.EXTENSION, settings)
    with session_scope(web.engine) as session:
        worker, _ = workers.add_worker(
            session, host="h", process=1, concurrency=1, roots=[str(folder.parent)]
        )
    yield folder
    with session_scope(web.engine) as session:
        workers.remove_worker(session, worker_id=worker)
        for table in (Upload, IngestLook):
            session.execute(delete(table))


def post(client, path: str, body: object = None):
    raw = isinstance(body, bytes)
    return client.http.post(
        f"/data/uploads{path}",
        data=body if raw else json.dumps(body),
        content_type="application/octet-stream" if raw else "application/json",
        base_url=BASE,
        headers={"Origin": BASE},
    )


def begin(client, *files: tuple[str, int], title: str = "mine"):
    return post(client, "", {"title": title, "files": [list(one) for one in files]})


def test_files_arrive_whole_under_names_of_the_server(web, clients, root) -> None:
    member = clients[Role.MEMBER]
    text = b"step,loss\n1,2\n"
    files = [("run/../../etc/metrics.csv", len(text)), ("run/a b/ü.txt", 0)]
    begun = begin(member, *files).json
    path = f"/{begun['upload']}"
    assert post(member, f"{path}/0?at=0", text[:5]).json == {"here": 5}
    # A piece that was sent twice, and one that leaves some out.
    for at in (0, 9):
        answer = post(member, f"{path}/0?at={at}", text[at:])
        assert (answer.status_code, answer.json["here"]) == (409, 5)
    assert post(member, f"{path}/complete").status_code == 409
    assert post(member, f"{path}/0?at=5", text[5:] + b"more").status_code == 409
    assert post(member, f"{path}/0?at=5", text[5:]).json == {"here": len(text)}
    assert post(member, f"{path}/2?at=0", b"x").status_code == 409
    assert not [one for one in root.iterdir() if not one.name.startswith(".")]
    done = post(member, f"{path}/complete").json
    (folder,) = root.iterdir()
    assert len(folder.name) == 32
    found = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    assert found == {"_./_./etc/metrics.csv", "a_b/_.txt"}
    assert (folder / "_./_./etc/metrics.csv").read_bytes() == text
    with session_scope(web.engine) as session:
        assert session.get(IngestLook, done["look"]).location == str(folder)
    # Asked twice, as where the answer was lost; and nothing more comes in.
    assert post(member, f"{path}/complete").status_code == 200
    assert post(member, f"{path}/0?at=0", text).status_code == 409


def test_a_full_disk_is_told_of_and_what_has_arrived_stays(web, clients, root) -> None:
    member, text = clients[Role.MEMBER], bytes(3_000)
    path = f"/{begin(member, ('a.csv', len(text))).json['upload']}"
    with full_disk(after=1_000):
        answer = post(member, f"{path}/0?at=0", text)
    assert answer.status_code == 507
    assert "cannot write the file (File too large). Ask whoever" in answer.json["error"]
    assert not [one for one in root.iterdir() if not one.name.startswith(".")]
    # There is room again: it goes on from where the file ends.
    here = post(member, f"{path}/0?at=0", text).json["here"]
    assert post(member, f"{path}/0?at={here}", text[here:]).json == {"here": len(text)}
    assert post(member, f"{path}/complete").status_code == 200


def test_an_upload_that_is_completed_twice_at_once(web, clients, people, root) -> None:
    """As where the first answer takes longer than somebody between us and the browser waits."""
    member, text = clients[Role.MEMBER], b"step,loss\n1,2\n"
    names = [(f"part {n}/metrics.csv", len(text)) for n in range(150)]
    upload = begin(member, *names).json["upload"]
    for number in range(len(names)):
        post(member, f"/{upload}/{number}?at=0", text)
    browsers = [web.logged_in(people[Role.MEMBER]) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda browser: post(browser, f"/{upload}/complete"), browsers))
    assert [answer.status_code for answer in done] == [200] * 4
    (folder,) = root.iterdir()
    found = [one for one in folder.rglob("*") if one.is_file()]
    assert len(found) == len(names)
    assert {one.read_bytes() for one in found} == {text}


def test_an_upload_is_its_owners(web, clients, root) -> None:
    begun = begin(clients[Role.ADMIN], ("a.csv", 3)).json
    for path in ("/0?at=0", "/complete", "/delete"):
        assert post(clients[Role.MEMBER], f"/{begun['upload']}{path}", b"abc").status_code == 403
    assert begin(clients[Role.VIEWER], ("a.csv", 3)).status_code == 403
    assert post(clients[Role.ADMIN], f"/{begun['upload']}/delete").status_code == 200
    assert list(root.iterdir()) == []
    assert post(clients[Role.ADMIN], f"/{begun['upload']}/0?at=0", b"abc").status_code == 404


def test_limits_and_what_is_in_the_way(web, clients, root, monkeypatch) -> None:
    member, mb = clients[Role.MEMBER], 2**20
    assert "at most 3 MB" in begin(member, ("a", 2 * mb), ("b", 2 * mb)).json["error"]
    for files in ([], [["a"]], [["a", -1]], [["a", "1"]], [["a", True]], "a", None):
        assert post(member, "", {"files": files}).status_code == 409
    assert begin(member, *((f"{at}", 0) for at in range(5_001))).status_code == 409
    first = begin(member, ("a", 3 * mb)).json["upload"]
    assert "5 MB together" in begin(member, ("b", 3 * mb)).json["error"]
    # What was given up goes when the next one begins.
    with session_scope(web.engine) as session:
        old = func.now() - func.make_interval(0, 0, 0, 0, 7)
        session.execute(update(Upload).where(Upload.id == first).values(created_at=old))
    assert begin(member, ("b", 3 * mb)).status_code == 200
    with session_scope(web.engine) as session:
        assert session.scalars(select(Upload.id)).all() != [first]
    assert len(list(root.iterdir())) == 1
    elsewhere = UploadSettings(folder=root.parent.parent / "other", megabytes=3)
    monkeypatch.setitem(web.app.server.extensions, routes.EXTENSION, elsewhere)
    assert "Set DEEPTRACKER_UPLOADS" in begin(member, ("b", 1)).json["error"]
    off = UploadSettings(folder=root, megabytes=0)
    monkeypatch.setitem(web.app.server.extensions, routes.EXTENSION, off)
    assert begin(member, ("b", 0)).status_code == 409


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_names_are_harmless_and_apart(names: list[str]) -> None:
    try:
        found = safe_names(names)
    except Conflict:
        return  # too deep, or a file called like a folder
    assert len({one.lower() for one in found}) == len(names)
    for one in found:
        parts = one.split("/")
        assert len(parts) <= MAX_DEPTH
        for part in parts:
            assert part.isascii()
            assert part.isprintable()
            assert not part.startswith((".", "-"))
            assert 0 < len(part) <= 110


def test_a_common_folder_is_left_out() -> None:
    assert safe_names(["run/a.csv", "run/b/c.csv"]) == ["a.csv", "b/c.csv"]
    assert safe_names(["x/A.csv", "x/a.csv"]) == ["A.csv", "a.csv_2"]
    with pytest.raises(Conflict):
        safe_names(["a", "a/b"])


def test_what_is_due_goes_without_another_upload(web, clients, root) -> None:
    member = clients[Role.MEMBER]
    old, new = (begin(member, ("a.csv", 3)).json["upload"] for _ in range(2))
    with session_scope(web.engine) as session:
        ago = func.now() - timedelta(hours=7)
        session.execute(update(Upload).where(Upload.id == old).values(created_at=ago))
        gone, kept = (session.get_one(Upload, one).folder for one in (old, new))
    stop = start_clearing(web.app.server, seconds=0.05)
    try:
        until = time.monotonic() + 20
        while (root / f".{gone}.parts").exists() and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        stop.set()
    assert not (root / f".{gone}.parts").exists()
    assert (root / f".{kept}.parts").exists()
