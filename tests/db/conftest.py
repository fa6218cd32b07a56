"""The run that the tests of the store ask for, among others: stored once, undone after each."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from db.engine import make_engine
from tests import servers
from tests.stored_runs import StoredRun, store_run


@pytest.fixture(scope="session")
def full(server_url: URL, template_url: URL) -> Iterator[tuple[Engine, list[StoredRun]]]:
    """A database with a run after two and before one, which each test finds as they were stored."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        with Session(engine) as session:
            stored = [
                store_run(session, seed=101),
                store_run(session, seed=102, layers=5, snapshots=9),
                store_run(session, seed=1),
                store_run(session, seed=2),
            ]
            session.commit()
        yield engine, stored
        engine.dispose()


@pytest.fixture
def noisy(
    request: pytest.FixtureRequest, noisy: tuple[Engine, tuple[StoredRun, StoredRun]]
) -> tuple[Engine, tuple[StoredRun, StoredRun]]:
    """The database with noise of a test: that with the run, where it asks for that."""
    if "run" not in request.fixturenames:
        return noisy
    engine, stored = request.getfixturevalue("full")
    return engine, (stored[0], stored[1])


@pytest.fixture
def engine(request: pytest.FixtureRequest, engine: Engine) -> Engine:
    """The engine of a test: on the database that holds the run, where it asks for that."""
    return request.getfixturevalue("full")[0] if "run" in request.fixturenames else engine


@pytest.fixture
def run(full: tuple[Engine, list[StoredRun]]) -> StoredRun:
    """A stored run, with runs before and after it."""
    return full[1][2]
