"""A database that is away, as pages, callbacks and data say it; what may be asked again."""

import html
import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, InternalError

from app import errors, reading, store
from app.connection import AWAY, UNSURE
from app.reading import reading_keys
from app.shell import open_or_say_why
from app.views.account.ids import TOKEN_CHANGES
from app.views.alerts.ids import CHANGES as ALERTS
from app.views.findings.ids import CHANGES as FINDINGS
from app.views.jobs.ids import CHANGES as JOBS
from app.views.people.ids import CHANGES as PEOPLE
from benchmarks.outages import DatabaseProxy
from db.away import is_too_slow, is_unreachable
from db.engine import make_engine
from db.permissions import Role
from tests import servers
from tests.app.web import Client, Web, callback_key, make_web, server_callbacks
from tests.ports import free_port

PAGES = ["/", "/jobs", "/run/1/overview", "/account"]
DATA = ["/data/connection", "/data/run/1/state", "/data/run/1/series", "/data/annotations/mentions"]


@pytest.fixture
def proxy(server_url, template_url) -> Iterator[DatabaseProxy]:
    """A database of the test's own behind a proxy that can cut it off."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        proxy = DatabaseProxy(url, free_port())
        proxy.answer()
        yield proxy
        proxy.refuse()


@pytest.fixture
def away(proxy: DatabaseProxy) -> Iterator[Web]:
    """An application on it."""
    engine = make_engine(servers.plain(proxy.url))
    yield make_web(engine)
    engine.dispose()


@pytest.fixture
def member(away: Web) -> Client:
    return away.logged_in(away.account("member@example.org", Role.MEMBER))


def test_pages_callbacks_and_data_say_that_the_database_is_away_and_are_back_with_it(
    proxy, away, member
):
    callback = callback_key(away.app, "jobs-body.children")
    assert member.call(callback).status_code == 200
    proxy.refuse()
    for answer in [member.get(path) for path in DATA] + [member.call(callback)]:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.headers[AWAY] == "database"
        assert answer.json["error"].startswith("The database did not answer. Try again in a moment")
    for path in PAGES:
        answer = member.get(path)
        assert (answer.status_code, answer.headers[AWAY]) == (503, "database")
        assert "<h1>The database is not available</h1>" in answer.text
        # It opens by itself as soon as it can.
        assert '<meta http-equiv="refresh" content="2">' in answer.text
        assert "psycopg" not in answer.text
    # A form that was sent is not sent again by a page that loads itself.
    assert "refresh" not in member.log_in("member@example.org").text
    proxy.answer()
    assert member.call(callback).status_code == 200
    assert all(member.get(path).status_code == 200 for path in [*PAGES[:2], "/data/connection"])


def test_an_answer_tells_whether_a_part_may_have_been_stored(proxy, away, member):
    key = callback_key(away.app, TOKEN_CHANGES.by("make"))
    values = {"account-api-make.n_clicks": 1, "account-api-name.value": "x"}
    given = {"values": values, "triggered": "account-api-make.n_clicks"}
    assert member.call(key, **given).status_code == 200
    proxy.refuse()
    answer = member.call(key, **given)
    assert (answer.status_code, UNSURE in answer.headers) == (503, False)
    proxy.answer()
    assert member.call(key, **given).status_code == 200

    seen = []

    def cut(_connection):
        seen.append(1)
        if len(seen) == 1:  # the guard asks who it is without a transaction
            proxy.refuse()

    event.listen(away.engine, "commit", cut)
    answer = member.call(key, **given)
    assert (answer.status_code, answer.headers.get(UNSURE)) == (503, "1")


def test_whose_session_it_is(web, clients, people):
    for role, client in clients.items():
        assert client.get("/data/connection").json == {"account": people[role]}
    assert web.client().get("/data/connection").status_code == 401


def test_the_page_tells_whom_it_is_for_and_what_may_be_asked_again(web, clients, people):
    found = re.search(r'data-connection="([^"]*)"', clients[Role.MEMBER].get("/").text)
    facts = json.loads(html.unescape(found.group(1)))
    assert facts["account"] == people[Role.MEMBER]
    assert set(facts["reads"]) == reading_keys(web.app.server)


def test_what_asks_by_itself_may_be_asked_again(web):
    """Timers and addresses ask without a person: nobody could say whether to repeat them."""
    for key in server_callbacks(web.app):
        inputs = {spec["property"] for spec in web.app.callback_map[key]["inputs"]}
        if inputs & {"n_intervals", "pathname"}:
            assert key in reading_keys(web.app.server), key


@pytest.mark.parametrize(
    "output",
    [
        JOBS.by("load"), PEOPLE.by("invite"), "account-said.children", ALERTS.by("add"),
        FINDINGS.by("mute"), "findings-saved.children", "views-changed.data",
        "annotations-read.data", "alerts-read-done.data",
    ],
)  # fmt: skip
def test_what_writes_is_not_asked_again(web, output):
    found = [
        key for key in server_callbacks(web.app) if key.strip(".").split("...")[0] == str(output)
    ]
    assert found
    assert not set(found) & reading_keys(web.app.server)


def test_a_callback_that_reads_cannot_write(web):
    key = callback_key(web.app, "jobs-body.children")
    with web.app.server.test_request_context("/"):
        reading.enter(key)
        write = text("DELETE FROM saved_view WHERE false")
        with store.transaction() as session, pytest.raises(InternalError, match="read-only"):
            session.execute(write)
        with store.noting() as session:  # when something was used last may be noted
            session.execute(text("UPDATE saved_view SET used_at = now() WHERE false"))
    with web.app.server.test_request_context("/"):
        reading.enter(callback_key(web.app, PEOPLE.by("invite")))
        with store.transaction() as session:
            session.execute(text("UPDATE saved_view SET used_at = now() WHERE false"))


def test_a_page_that_fails_says_so_under_its_own_address(web, people, monkeypatch):
    from app import shell
    from app.auth.identity import Identity

    def fails(*_arguments):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(shell, "open_page", fails)
    identity = Identity(people[Role.ADMIN], "admin", "admin@example.org", "admin", b"")
    with web.app.server.test_request_context("/"):
        from flask import g

        g.identity = identity
        page = open_or_say_why((), "/jobs", "").body
    said = json.dumps(page.to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert "This page did not open" in said
    assert "its log has the details".lower() in said.lower()
    assert "secret" not in said


def test_which_errors_mean_that_it_is_away(server_url):
    plain = make_engine(servers.plain(server_url), statement_timeout_ms=500)

    def end(pid):
        with make_engine(servers.plain(server_url)).connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    def error_of(statement, *, kill=False):
        with plain.connect() as connection:
            if kill:
                end(connection.scalar(text("SELECT pg_backend_pid()")))
            with pytest.raises(DBAPIError) as caught:
                connection.execute(text(statement))
        return caught.value

    slow = error_of("SELECT pg_sleep(5)")
    assert (is_unreachable(slow), is_too_slow(slow)) == (False, True)
    assert "database query took too long" in errors.public_text(slow)
    wrong = error_of("SELECT 1 / 0")
    assert (is_unreachable(wrong), is_too_slow(wrong)) == (False, False)
    ended = error_of("SELECT 1", kill=True)
    assert (is_unreachable(ended), is_too_slow(ended)) == (True, False)
    gone = make_engine("postgresql://nobody:x@127.0.0.1:1/x")
    with pytest.raises(DBAPIError) as caught:
        gone.connect()
    assert is_unreachable(caught.value)
    plain.dispose()
