"""PostgreSQL away while people browse: 503 in our words, and everything as before by itself."""

import contextlib
import signal
import threading
import time

import pytest
import requests
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from app.auth.cookie import cookie_name, sign_token
from app.auth.tokens import new_token
from app.config import AppSettings
from benchmarks.browser import serve
from db.engine import make_engine, session_scope
from db.queries.team import accounts, sessions
from ingest.pipeline import load_log
from tests import servers
from tests.app.web import make_web
from tests.faults.conftest import SOAK
from tests.jobs.conftest import wait_until

KEY = "the secret key of the tests of faults"
WORDS = "The database did not answer. Try again in a moment"


@pytest.fixture(scope="module")
def site(victim, victim_template, loaded):
    """A served application with one run; yields its address and a browser that is logged in."""
    with servers.database(victim.url, template=victim_template) as url:
        engine = make_engine(servers.plain(url))
        run_id = load_log(engine, loaded.path).run_id
        token, token_hash = new_token()
        with session_scope(engine) as session:
            account = accounts.add_account(session, email="ann@example.org", role="admin")
            sessions.add_session(
                session, account_id=account.id, token_hash=token_hash, user_agent="", address=""
            )
        engine.dispose()
        settings = AppSettings(secret_key=KEY)
        environment = {"DEEPTRACKER_SECRET_KEY": KEY}
        with (
            serve(servers.plain(url), environment=environment) as served,
            requests.Session() as browser,
        ):
            browser.cookies.set(cookie_name(settings), sign_token(settings, token))
            yield served.address, browser, run_id


def pages(address, run_id):
    data = f"{address}/data/run/{run_id}"
    return [f"{data}/state", f"{data}/series", f"{data}/class-error", f"{address}/run/{run_id}"]


def all_well(site):
    address, browser, run_id = site
    return all(browser.get(page).status_code == 200 for page in pages(address, run_id))


def cut(victim):
    admin = create_engine(victim.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    admin.dispose()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_or_stopped(victim, site, number):
    address, browser, run_id = site
    assert all_well(site)
    victim.end(number)
    try:
        for page in pages(address, run_id):
            answer = browser.get(page)
            assert answer.status_code == 503
            assert WORDS in answer.text
            assert "psycopg" not in answer.text
        assert requests.get(f"{address}/health").status_code in (200, 503)
    finally:
        victim.start()
    wait_until(lambda: all_well(site))
    # For good: no connection of before is left over.
    assert all(all_well(site) for _ in range(5))


@pytest.mark.parametrize("repeat", range(10 if SOAK else 2))
def test_connections_cut_while_many_browse(victim, site, repeat):
    address, browser, run_id = site
    found, over = [], threading.Event()

    def browse():
        while not over.is_set():
            found.append(browser.get(f"{address}/data/run/{run_id}/state"))

    readers = [threading.Thread(target=browse) for _ in range(4)]
    for reader in readers:
        reader.start()
    time.sleep(0.2)
    cut(victim)
    time.sleep(0.3)
    over.set()
    for reader in readers:
        reader.join()
    assert {answer.status_code for answer in found} <= {200, 503}
    assert all(WORDS in answer.text for answer in found if answer.status_code == 503)
    assert all_well(site)


def test_no_connection_is_free(victim, site):
    """All connections that the server allows are taken by others."""
    address, browser, run_id = site
    assert all_well(site)
    cut(victim)
    taken = []
    others = create_engine(victim.url, pool_size=0, isolation_level="AUTOCOMMIT")
    try:
        with contextlib.suppress(OperationalError):
            while len(taken) < 1_000:
                taken.append(others.connect())
        assert len(taken) < 1_000
        answer = browser.get(f"{address}/data/run/{run_id}/state")
        assert (answer.status_code, WORDS in answer.text) == (503, True)
    finally:
        for connection in taken:
            connection.close()
        others.dispose()
    wait_until(lambda: all_well(site))


def test_the_pool_is_exhausted(store):
    """All connections of our own process are taken by requests that do not end."""
    small = create_engine(store.url, pool_size=1, max_overflow=0, pool_timeout=0.2)
    web = make_web(small)
    client = web.logged_in(web.account("bo@example.org"))
    with small.connect():
        answer = client.get("/data/run/1/state")
        assert (answer.status_code, WORDS in answer.text) == (503, True)
    assert client.get("/data/run/1/state").status_code == 404
    small.dispose()
