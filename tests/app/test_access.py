"""Every route and callback against whoever comes with what is not theirs, or not true."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, update

from app.auth.cookie import cookie_name, sign_token
from app.auth.tokens import hash_token, new_token
from app.views.account.ids import END
from db.engine import session_scope
from db.errors import Forbidden
from db.models import Account, AccountSession
from db.permissions import Role
from db.queries.runs import run_upkeep
from db.queries.team import sessions
from tests.app.test_guard import ADDRESSES, CALLBACK, PRIVATE, ask
from tests.app.web import BASE, make_web, server_callbacks
from tests.stored_runs import store_run

MONTHS_AGO = datetime(2026, 1, 3, tzinfo=UTC)


def methods(web, rule: str) -> set[str]:
    return {
        method
        for found in web.app.server.url_map.iter_rules()
        if found.rule == rule
        for method in (found.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }


def with_cookie(web, value: str):
    client = web.client()
    client.http.set_cookie(cookie_name(web.settings), value, domain="127.0.0.1")
    return client


def with_session(web, account_id: int, **columns):
    """Return the browser of an account, whose session then is changed."""
    token, token_hash = new_token()
    with session_scope(web.engine) as session:
        sessions.add_session(
            session, account_id=account_id, token_hash=token_hash, user_agent="x", address="::1"
        )
        mine = AccountSession.token_hash == token_hash
        session.execute(update(AccountSession).where(mine).values(**columns))
    return with_cookie(web, sign_token(web.settings, token))


def of_nobody(web, account_id):
    return with_cookie(web, sign_token(web.settings, new_token()[0]))


def of_another_key(web, account_id):
    token, token_hash = new_token()
    with session_scope(web.engine) as session:
        sessions.add_session(
            session, account_id=account_id, token_hash=token_hash, user_agent="x", address="::1"
        )
    return with_cookie(web, sign_token(web.settings.on(secret_key="z" * 40), token))


def changed_by_a_letter(web, account_id):
    client = web.logged_in(account_id)
    name = cookie_name(web.settings)
    value = client.http.get_cookie(name, domain="127.0.0.1").value
    return with_cookie(web, ("A" if value[0] != "A" else "B") + value[1:])


def expired(web, account_id):
    return with_session(web, account_id, expires_at=func.now() - timedelta(seconds=1))


def revoked(web, account_id):
    return with_session(web, account_id, revoked_at=func.now())


def deactivated(web, account_id):
    gone = web.account(f"gone-{new_token()[0][:8]}@access.example", Role.ADMIN)
    client = web.logged_in(gone)
    with session_scope(web.engine) as session:
        session.execute(update(Account).where(Account.id == gone).values(active=False))
    return client


@pytest.mark.parametrize(
    "made", [of_nobody, of_another_key, changed_by_a_letter, expired, revoked, deactivated]
)
def test_a_cookie_that_does_not_hold_opens_nothing(web, people, made):
    client = made(web, people[Role.ADMIN])
    for rule in PRIVATE:
        for method in methods(web, rule):
            for path in ADDRESSES[rule]:
                status = ask(client, path, method).status_code
                assert status in (303, 401), (method, path, status)
    for key in server_callbacks(web.app):
        assert client.call(key).status_code == 401, key


def test_what_other_sites_send_changes_nothing_and_what_they_ask_they_may_not_read(web, clients):
    client = clients[Role.ADMIN]
    evil = {"Origin": "https://evil.example"}
    tried = 0
    for rule, addresses in ADDRESSES.items():
        for method in methods(web, rule):
            for path in addresses:
                answer = client.http.open(path, method=method, base_url=BASE, headers=evil)
                assert method == "GET" or answer.status_code == 403, (method, path)
                assert not [h for h in answer.headers if h[0].startswith("Access-Control-")], path
                tried += method != "GET"
    assert tried > 10
    for key in server_callbacks(web.app):
        body = {"output": key, "outputs": [], "inputs": [], "state": [], "changedPropIds": []}
        answer = client.http.post(CALLBACK, json=body, base_url=BASE, headers=evil)
        assert answer.status_code == 403, key


@pytest.fixture(scope="module")
def gone(web, people):
    """The ids of a run that never was, one in the trash, and one that was deleted for good."""
    with session_scope(web.engine) as session:
        trashed = store_run(session, seed=81, trashed_at=MONTHS_AGO).run_id
        purged = store_run(session, seed=82, trashed_at=MONTHS_AGO).run_id
    with session_scope(web.engine) as session:
        run_upkeep.purge(session, run_id=purged)
    return [999_999, trashed, purged]


def test_runs_that_are_gone_are_gone_everywhere(web, clients, gone):
    client = clients[Role.ADMIN]
    served = web.app.server.extensions["deeptracker.data"]
    names = [*served.matrices, *served.states]
    assert len(names) > 20
    for run_id in gone:
        for rule, addresses in ADDRESSES.items():
            if "<int:run_id>" not in rule:
                continue
            paths = [path.replace("/1", f"/{run_id}", 1) for path in addresses]
            if rule == "/data/run/<int:run_id>/<name>":
                paths += [f"/data/run/{run_id}/{name}" for name in names]
            for path in paths:
                for method in methods(web, rule):
                    answer = client.http.open(
                        path, method=method, base_url=BASE, headers={"Origin": BASE}, json={}
                    )
                    # 400: the body or an argument is looked at first.
                    assert answer.status_code in (400, 404), (method, path, answer.status_code)
        assert client.get(f"/data/compare/scalar-names?runs={run_id}").status_code == 404


def test_nobody_ends_the_session_of_another(web, people):
    victim = web.logged_in(people[Role.VIEWER])
    value = victim.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    token_hash = hash_token(value.rpartition(".")[0]).hex()
    button = {"session": token_hash, "type": END}
    assert web.logged_in(people[Role.ADMIN]).click(button).status_code == 200
    assert victim.get("/account").status_code == 200
    assert victim.click(button).status_code == 200
    assert victim.get("/account").status_code == 303


def test_what_the_store_forbids_is_403(app_engine):
    web = make_web(app_engine)
    web.app.server.view_functions["api.page"] = _forbidden
    client = web.logged_in(web.account("forbidden@access.example", Role.ADMIN))
    answer = client.get("/api")
    assert (answer.status_code, "Not yours." in answer.text) == (403, True)


def _forbidden():
    raise Forbidden("Not yours.")


WORTHLESS = [
    2**31, -1, 1.5, True, "", "x", "\x00", "1; DROP TABLE run", "../../etc/passwd", "9" * 400,
    [], [None], [[]], {}, {"id": {}}, [{"run": "x"}], {"classes": ["a"], "cursor": -5},
]  # fmt: skip


def test_no_callback_stumbles_over_what_a_browser_sends(web, clients, app_run, caplog):
    """Whatever comes is answered, or refused in words that somebody has thought of."""
    caplog.set_level(logging.ERROR, "app.errors")
    client = clients[Role.ADMIN]
    stumbled = []
    for key in server_callbacks(web.app):
        entry = web.app.callback_map[key]
        names = [f"{spec['id']}.{spec['property']}" for spec in [*entry["inputs"], *entry["state"]]]
        plain = [name for name in names if not name.startswith("{")]
        for value in WORTHLESS:
            triggered = plain[0] if plain else None
            answer = client.call(key, dict.fromkeys(plain, value), triggered=triggered)
            assert answer.status_code < 500, (key, value)
            if caplog.records:
                stumbled.append((key, value, str(caplog.records[0].exc_info[1])[:200]))
                caplog.clear()
    assert stumbled == []
