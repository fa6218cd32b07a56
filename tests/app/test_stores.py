"""Another database behind the same address: nothing of the one before is shown or written to."""

import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from app import build
from app.ids import Shell
from app.linked_run import OtherRun, linked_run
from app.versions import short_uuid, version_token
from db import backup
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.runs import runs
from db.queries.store import store_key
from db.queries.team import saved_views
from tests import servers
from tests.app.web import BASE, Client, Web, callback_key, make_web
from tests.stored_runs import store_run


class Databases:
    """A server process on the database `name`, whose place another one can take."""

    def __init__(self, on: URL) -> None:
        self.on = on
        self.name = f"deeptracker_test_{uuid4().hex}"
        self.admin = create_engine(on, isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def url(self, name: str | None = None) -> str:
        return servers.plain(self.on.set(database=name or self.name))

    def run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))

    def put_in_place(self, other: str) -> None:
        """Let the database `other` be the one of the name, as after a restore."""
        servers.rename(self.on, {self.name: f"{self.name}_old", other: self.name})


@pytest.fixture
def databases(server_url: URL) -> Iterator[Databases]:
    found = Databases(server_url)
    yield found
    for name in (found.name, f"{found.name}_old", f"{found.name}_new"):
        found.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    found.admin.dispose()


def filled(databases: Databases, name: str, *, template: str, seed: int) -> str:
    """Make a database with one run, number 1 at version 1; return its URL."""
    databases.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine = make_engine(databases.url(name))
    with session_scope(engine) as session:
        assert store_run(session, seed=seed).run_id == 1
    engine.dispose()
    return databases.url(name)


@pytest.fixture
def swapped(databases: Databases, template_url: URL) -> Iterator["Swapped"]:
    """An application on a store, and another store that can take its place."""
    filled(databases, databases.name, template=str(template_url.database), seed=1)
    filled(databases, f"{databases.name}_new", template=str(template_url.database), seed=2)
    engine = make_engine(databases.url())
    yield Swapped(databases, make_web(engine))
    engine.dispose()


class Swapped:
    def __init__(self, databases: Databases, web: Web) -> None:
        self.databases = databases
        self.web = web
        self.member = web.account("ann@example.org", Role.MEMBER)
        self.client = web.logged_in(self.member)

    def swap(self) -> Client:
        """Put the other store in place; return a browser that is logged in there."""
        self.databases.put_in_place(f"{self.databases.name}_new")
        assert self.web.account("ann@example.org", Role.MEMBER) == self.member
        return self.web.logged_in(self.member)


NAMES = (
    "series",
    "class-error",
    "layer-profile?quantity=weight&statistic=std",
    "anomalies?k=2&m=1",
    "groups?clusters=2",
    "forgetting?list=forgotten",
    "class-images?class=1",
    "layer-rows?measure=weight&statistic=mean&from=0&to=9",
    "filter-series?filter=1,0&quantity=relative_change",
    "correlation?k=2&m=1&top=5",
    "cube-layers",
    "cube-order?order=error",
)


def answers(client: Client) -> dict[str, tuple[int, bytes, str | None]]:
    found = {}
    for name in NAMES:
        answer = client.get(f"/data/run/1/{name}")
        found[name] = (answer.status_code, answer.data, answer.headers.get("ETag"))
    return found


def test_each_of_the_answers_is_there(swapped):
    for name, (status, data, _) in answers(swapped.client).items():
        assert status == 200, (name, data)


def token_in(client: Client) -> str:
    return client.get("/data/run/1/state").json["version"]


def test_a_process_shows_the_numbers_of_the_store_that_is_there_now(swapped):
    before = answers(swapped.client)
    assert answers(swapped.client) == before
    token = token_in(swapped.client)
    after_client = swapped.swap()
    after = answers(after_client)
    fresh = make_web(make_engine(swapped.databases.url()))
    expected = answers(fresh.logged_in(swapped.member))
    fresh.engine.dispose()
    assert after == expected
    for name in NAMES:
        assert after[name][1:] != before[name][1:], name
        # A browser that kept the old answer is not told that it still holds.
        again = after_client.get(f"/data/run/1/{name}", headers={"If-None-Match": before[name][2]})
        assert (again.status_code, again.data) == after[name][:2]
    assert token_in(after_client) != token
    old = after_client.get(f"/data/run/1/series?v={token}")
    assert old.headers["Cache-Control"] == "private, no-cache"


def test_a_cookie_of_the_store_before_opens_nothing(swapped):
    assert swapped.client.get("/data/run/1/state").status_code == 200
    swapped.swap()
    assert swapped.client.get("/data/run/1/state").status_code == 401
    assert swapped.client.get("/account").status_code == 303


def page_of(client: Client) -> str:
    """Return what a page that is loaded now says of itself."""
    found = re.search(r'<meta name="deeptracker-page" content="([^"]+)">', client.get("/").text)
    assert found
    return found[1]


def test_every_answer_says_build_and_store(swapped):
    said = page_of(swapped.client)
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]{12}", said)
    key = callback_key(swapped.web.app, f"{Shell.PAGE}.children")
    for answer in (
        swapped.client.get("/data/run/1/state"),
        swapped.client.get("/data/run/1/series"),
        swapped.client.get("/data/run/9/series"),
        swapped.client.get("/_dash-layout"),
        swapped.client.call(key, {f"{Shell.LOCATION}.pathname": "/"}),
    ):
        assert answer.headers[build.ANSWERS] == said
    # Strangers learn nothing of it.
    for path in ("/login", "/data/run/1/state", "/health"):
        assert build.ANSWERS not in swapped.web.client().get(path).headers
    after = swapped.swap()
    own, other = said.split("-"), page_of(after).split("-")
    assert (own[0], own[1]) != (other[0], other[1])
    assert own[0] == other[0]


def test_a_page_of_another_store_neither_reads_nor_writes(swapped):
    stale = {build.ASKS: page_of(swapped.client), "Origin": BASE}
    assert swapped.client.get("/data/run/1/state", headers=stale).status_code == 200
    after = swapped.swap()
    key = callback_key(swapped.web.app, f"{Shell.PAGE}.children")
    note = {"text": "for run 1 of the other store", "tag": "", "target": {"kind": "run"}}
    attempts = [
        after.get("/data/run/1/state", headers=stale),
        after.get("/data/run/1/series", headers=stale),
        after.http.post("/data/run/1/annotations/new", json=note, base_url=BASE, headers=stale),
        after.http.post(
            "/_dash-update-component", json={"output": key}, base_url=BASE, headers=stale
        ),
    ]
    for answer in attempts:
        assert answer.status_code == 409
        assert "another database" in answer.json["error"]
    with session_scope(swapped.web.engine) as session:
        assert session.execute(text("SELECT count(*) FROM annotation")).scalar_one() == 0
    fresh = {**stale, build.ASKS: page_of(after)}
    answer = after.http.post("/data/run/1/annotations/new", json=note, base_url=BASE, headers=fresh)
    assert answer.status_code < 300, answer.text
    # Of an older build, on this store: that one may go on until it is reloaded.
    older = {**stale, build.ASKS: "0" * 12 + fresh[build.ASKS][12:]}
    assert after.get("/data/run/1/state", headers=older).status_code == 200


def test_a_database_without_our_schema_is_said_to_be_so(swapped, template_url):
    swapped.databases.run(f"DROP DATABASE {swapped.databases.name}_new")
    swapped.databases.run(f"CREATE DATABASE {swapped.databases.name}_new")
    swapped.databases.put_in_place(f"{swapped.databases.name}_new")
    for path in ("/data/run/1/state", "/data/run/1/series", "/account"):
        answer = swapped.client.get(path)
        assert answer.status_code == 503
        assert "not of the version that this server needs" in answer.text
    assert swapped.client.get("/ready").json["schema"] == "not current"


def test_a_copy_that_goes_on_by_itself_is_another_store(databases, template_url):
    """CREATE DATABASE ... TEMPLATE copies the id: the server's number of the database differs."""
    filled(databases, databases.name, template=str(template_url.database), seed=1)
    databases.run(f"CREATE DATABASE {databases.name}_new TEMPLATE {databases.name}")
    keys, tokens = [], []
    for name in (databases.name, f"{databases.name}_new"):
        engine = make_engine(databases.url(name))
        with session_scope(engine) as session:
            keys.append(session.scalar(select(store_key())))
            tokens.append(version_token(runs.this_version(session, run_id=1)))
        engine.dispose()
    assert len(set(keys)) == 2
    assert len(set(tokens)) == 2


def test_a_restored_backup_counts_to_no_old_address(
    databases, template_url, empty_database_url, tmp_path
):
    """The moment of the backup, then two futures that count the same versions."""
    url = filled(databases, databases.name, template=str(template_url.database), seed=1)
    web = make_web(make_engine(url))
    ann = web.account("ann@example.org")
    client = web.logged_in(ann)
    with session_scope(web.engine) as session:
        view = saved_views.keep_view(
            session, account_id=ann, run_id=1, page="layers", query="cursor=10"
        )
    backup.back_up(tmp_path / "b", url=url)
    backup.restore(tmp_path / "b", url=empty_database_url)
    restored = make_web(make_engine(empty_database_url))
    # The same moment has another address, another ETag, and who was logged in logs in anew.
    cookie = client.http.get_cookie("deeptracker", domain="127.0.0.1")
    stranger = restored.client()
    stranger.http.set_cookie("deeptracker", cookie.value, domain="127.0.0.1")
    assert stranger.get("/data/run/1/state").status_code == 401
    again = restored.logged_in(ann)
    assert token_in(again) != token_in(client)
    etags = {c.get("/data/run/1/series").headers["ETag"] for c in (client, again)}
    assert len(etags) == 2
    # What people made is there, and links to its runs hold.
    assert again.get(f"/v/{view}").headers["Location"] == f"/run/1/layers?view={view}"
    with session_scope(restored.engine) as session:
        found = runs.get_run(session, run_id=1)
        assert linked_run(session, 1, short_uuid(found.uuid)).id == 1
    for one in (web, restored):
        one.engine.dispose()


def test_unused_links_end_with_a_restore(databases, template_url, empty_database_url, tmp_path):
    from app.auth.links import make_link

    url = filled(databases, databases.name, template=str(template_url.database), seed=1)
    web = make_web(make_engine(url))
    with session_scope(web.engine) as session:
        link = make_link(session, account_id=web.account("bo@example.org"), address="")
    assert web.client().get(link).status_code == 200
    backup.back_up(tmp_path / "b", url=url)
    backup.restore(tmp_path / "b", url=empty_database_url)
    restored = make_web(make_engine(empty_database_url))
    assert restored.client().get(link).status_code == 410
    for one in (web, restored):
        one.engine.dispose()


class TestLinks:
    """An address says which run it is about, beside the number."""

    @pytest.fixture
    def two(self, databases, template_url) -> Iterator[Web]:
        filled(databases, databases.name, template=str(template_url.database), seed=1)
        engine = make_engine(databases.url())
        with session_scope(engine) as session:
            store_run(session, seed=2)
        yield make_web(engine)
        engine.dispose()

    def uuids(self, web: Web) -> list[str]:
        with session_scope(web.engine) as session:
            return [short_uuid(runs.get_run(session, run_id=one).uuid) for one in (1, 2)]

    def opened(self, web: Web, path: str, search: str) -> str:
        client = web.logged_in(web.account(f"{uuid4().hex}@example.org", Role.ADMIN))
        key = callback_key(web.app, f"{Shell.PAGE}.children")
        return json.dumps(
            client.update(
                key, {f"{Shell.LOCATION}.pathname": path, f"{Shell.LOCATION}.search": search}
            )
        )

    def test_a_link_opens_its_run(self, two):
        first, _ = self.uuids(two)
        for search in ("", f"?of={first}", f"?pins=10&of={first}", "?of=", "?of=nonsense"):
            page = self.opened(two, "/run/1/overview", search)
            assert "overview-classes" in page
            assert f'"data-of": "{first}"' in page

    def test_another_run_of_that_number_is_not_shown(self, two):
        page = self.opened(two, "/run/1/overview", "?pins=10&of=0123abcd")
        assert "overview-classes" not in page
        assert "made for another run than run 1" in page
        assert "That run is not here" in page

    def test_the_run_is_found_under_its_number_here(self, two):
        _, second = self.uuids(two)
        for path in ("/run/1/layers", "/run/77/layers", "//run/1/layers"):
            page = self.opened(two, path, f"?pins=10&of={second}")
            assert "layers-" not in page
            assert f'"href": "/run/2/layers?pins=10&of={second}"' in page

    def test_compare_leaves_out_what_the_link_is_not_about(self, two):
        first, second = self.uuids(two)
        good = self.opened(two, "/compare", f"?runs=1,2&of={first},{second}")
        assert "made for another run" not in good
        assert "compare-scalars" in good
        page = self.opened(two, "/compare", f"?runs=1,2&of={first},0123abcd")
        assert "made for another run than run 2" in page
        assert "compare-scalars" not in page
        assert "One run is chosen" in page

    def test_of_many_with_one_beginning_none_is_guessed(self, two):
        with session_scope(two.engine) as session:
            session.execute(
                text("UPDATE run SET uuid = overlay(uuid::text placing 'abcdef01' from 1)::uuid")
            )
            with pytest.raises(OtherRun) as caught:
                linked_run(session, 9, "abcdef01")
            assert [run.id for run in caught.value.here] == [1, 2]
