"""Two people at once: what one deletes or changes while the other's request is under way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, delete, event, select
from sqlalchemy.orm import Session

from app.auth import arrival, passwords
from app.views.findings.ids import Item
from db.engine import make_engine, session_scope
from db.models import AccountSession, Annotation, Run
from db.permissions import Role
from db.queries.team import accounts, annotations, sessions
from db.queries.team.annotation_rows import Target
from tests.app.web import BASE, PASSWORD, callback_key
from tests.stored_runs import store_run

NEW = "quite another phrase"


@pytest.fixture
def other(web):
    """The connections of another process."""
    url = web.engine.url.render_as_string(hide_password=False)
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def run_id(web) -> int:
    with Session(web.engine) as session:
        stored = store_run(session, seed=5, snapshots=3)
        session.commit()
    return stored.run_id


@contextmanager
def before_insert(engine: Engine, table: str, act: Callable[[], None]) -> Iterator[None]:
    """Do something once, as soon as a statement of the engine is about to insert into a table."""
    done = []

    def hook(_connection, _cursor, statement, *_rest):
        if statement.startswith(f"INSERT INTO {table} ") and not done:
            done.append(True)
            act()

    event.listen(engine, "before_cursor_execute", hook)
    yield
    event.remove(engine, "before_cursor_execute", hook)
    assert done


def test_a_run_that_is_deleted_while_it_is_marked(web, clients, other, run_id):
    def purge():
        with session_scope(other) as session:
            session.execute(delete(Run).where(Run.id == run_id))

    with before_insert(web.engine, "good_run", purge):
        answer = clients[Role.ADMIN].click({"run": run_id, "type": str(Item.MARK)})
    assert "Somebody has deleted what this is about in the meantime." in answer.text


def test_an_annotation_that_is_deleted_while_it_is_answered(web, clients, people, other, run_id):
    """The deletion is not committed yet when the answer comes, which waits and is told."""
    one = {"run_id": run_id, "by": people[Role.ADMIN]}
    with session_scope(other) as session:
        key = annotations.create(session, **one, target=Target("run"), body="why?")
    answers = []

    def answer():
        path = f"/data/run/{run_id}/annotations/{key}/replies"
        http = clients[Role.MEMBER].http
        answers.append(
            http.post(path, json={"text": "since"}, base_url=BASE, headers={"Origin": BASE})
        )

    with session_scope(other) as session:
        annotations.remove(session, annotation_id=key, **one)
        answering = threading.Thread(target=answer)
        answering.start()
        answering.join(0.5)
        assert answering.is_alive()
    answering.join(30)
    assert answers[0].status_code == 404
    assert f"There is no annotation {key}" in answers[0].json["error"]
    with session_scope(other) as session:
        assert session.scalar(select(Annotation.id).where(Annotation.id == key)) is None


def change_password(engine: Engine, account_id: int) -> None:
    with session_scope(engine) as session:
        accounts.set_password_hash(
            session, account_id=account_id, password_hash=passwords.hash_password(NEW)
        )
        sessions.revoke_sessions(session, account_id=account_id)


def deactivate(engine: Engine, account_id: int) -> None:
    with session_scope(engine) as session:
        accounts.set_active(session, account_id=account_id, active=False)
        sessions.revoke_sessions(session, account_id=account_id)


@pytest.mark.usefixtures("no_attempts")
@pytest.mark.parametrize("act", [change_password, deactivate])
@pytest.mark.parametrize(("module", "step"), [(passwords, "matches"), (arrival, "new_token")])
def test_a_password_that_is_changed_while_somebody_logs_in_with_it(
    web, other, monkeypatch, request, act, module, step
):
    """All sessions of the account are over then: none may begin with what it was."""
    email = f"{abs(hash(request.node.name))}@example.org"
    account_id = web.account(email)
    real = getattr(module, step)

    def and_meanwhile(*given):
        found = real(*given)
        act(other, account_id)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(module, step, and_meanwhile)
        answer = web.client().log_in(email)
    assert answer.status_code == 403
    assert "Wrong e-mail address or password." in answer.text
    with session_scope(other) as session:
        if act is deactivate:
            accounts.set_active(session, account_id=account_id, active=True)
        query = select(AccountSession).where(
            AccountSession.account_id == account_id, AccountSession.revoked_at.is_(None)
        )
        assert session.scalars(query).all() == []


@pytest.mark.usefixtures("no_attempts")
def test_a_password_that_two_change_at_once(web, other, monkeypatch):
    """Who had the old one, too, and is later, does not take the place of the new one."""
    account_id = web.account("two-at-once@example.org")
    client = web.logged_in(account_id)
    values = {
        "account-save.n_clicks": 1,
        "account-present.value": PASSWORD,
        "account-chosen.value": "the later of the two",
        "account-again.value": "the later of the two",
    }
    real = passwords.hash_password

    def and_meanwhile(password):
        monkeypatch.setattr(passwords, "hash_password", real)
        change_password(other, account_id)
        return real(password)

    monkeypatch.setattr(passwords, "hash_password", and_meanwhile)
    key = callback_key(web.app, "account-said.children")
    said = client.update(key, values, triggered="account-save.n_clicks")
    assert said["account-said"]["children"] == "The current password is wrong."
    assert web.client().log_in("two-at-once@example.org", NEW).status_code == 303
