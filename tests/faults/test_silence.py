"""A database that takes connections and says nothing: answers come in bounded time all the same."""

import threading
import time

import pytest
import requests

from app.auth.cookie import cookie_name, sign_token
from app.auth.tokens import new_token
from app.config import AppSettings
from benchmarks import outages
from db.engine import session_scope
from db.patience import PING_SECONDS
from db.queries.team import accounts, sessions
from tests import warm
from tests.jobs.conftest import wait_until
from tests.ports import free_port

# One that waits for an answer of its connection, and then for another connection: 12 s, and what a
# busy machine adds.
LONGEST_SECONDS = 30


@pytest.fixture(scope="module")
def key() -> str:
    return "the secret key of the tests of silence"


def test_a_silent_database_is_said_to_be_away_and_nothing_hangs(store, key):
    token, token_hash = new_token()
    with session_scope(store) as session:
        account = accounts.add_account(session, email="ann@example.org", role="admin")
        sessions.add_session(
            session, account_id=account.id, token_hash=token_hash, user_agent="", address=""
        )
    settings = AppSettings(secret_key=key)
    environment = {"DEEPTRACKER_SECRET_KEY": key}
    with (
        outages.serve(
            store.url,
            port=free_port(),
            database_port=free_port(),
            environment=environment,
            start=warm.start,
        ) as site,
        requests.Session() as browser,
    ):
        browser.cookies.set(cookie_name(settings), sign_token(settings, token))

        def ask(path):
            began = time.monotonic()
            status = browser.get(f"{site.address}{path}", timeout=60).status_code
            return status, time.monotonic() - began

        assert ask("/data/connection")[0] == 200
        site.database.fall_silent()
        found = []
        # As many at once as the server has threads, three times.
        for _ in range(3):
            readers = [
                threading.Thread(target=lambda: found.append(ask("/data/connection")))
                for _ in range(8)
            ]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
        assert {status for status, _ in found} == {503}
        assert max(seconds for _, seconds in found) < LONGEST_SECONDS
        assert ask("/health")[1] < PING_SECONDS  # it asks no database
        status, seconds = ask("/run/1/overview")
        assert (status, seconds < LONGEST_SECONDS) == (503, True)
        site.database.answer()
        wait_until(lambda: ask("/data/connection")[0] == 200)
