"""An application on a database of its own, and an account of every role."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from db.engine import make_engine, session_scope
from db.models import LoginAttempt
from db.permissions import Role
from tests import servers
from tests.app.web import Client, Web, make_web
from tests.stored_runs import StoredRun, store_run


@pytest.fixture(scope="session")
def app_engine(server_url: URL, template_url: URL) -> Iterator[Engine]:
    """An engine on the database of the applications under test; what they commit stays."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def app_run(app_engine: Engine) -> StoredRun:
    """A run in the applications' database."""
    with Session(app_engine) as session:
        run = store_run(session, seed=7)
        session.commit()
    return run


@pytest.fixture(scope="session")
def web(app_engine: Engine, app_run: StoredRun) -> Web:
    """The application."""
    return make_web(app_engine)


@pytest.fixture(scope="session")
def people(web: Web) -> dict[Role, int]:
    """The id of an account of every role."""
    return {role: web.account(f"{role}@example.org", role) for role in Role}


@pytest.fixture
def clients(web: Web, people: dict[Role, int]) -> dict[Role, Client]:
    """A logged-in browser of every role."""
    return {role: web.logged_in(account_id) for role, account_id in people.items()}


@pytest.fixture
def no_attempts(app_engine: Engine) -> None:
    """Forget the attempts to log in of other tests: all come from one address."""
    with session_scope(app_engine) as session:
        session.execute(delete(LoginAttempt))
