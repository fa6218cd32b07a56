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
def full(server_url: URL, template_url: URL) -> Iterator[tuple[Engine, StoredRun]]:
    """A database with a run between others, which each test finds as it was stored."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        with Session(engine) as session:
            for seed, size in ((101, {}), (102, {"layers": 5, "snapshots": 9})):
                store_run(session, seed=seed, **size)
            stored = store_run(session, seed=1)
            store_run(session, seed=2)
            session.commit()
        yield engine, stored
        engine.dispose()


@pytest.fixture
def engine(request: pytest.FixtureRequest, engine: Engine) -> Engine:
    """The engine of a test: on the database that holds the run, where it asks for that."""
    return request.getfixturevalue("full")[0] if "run" in request.fixturenames else engine


@pytest.fixture
def run(full: tuple[Engine, StoredRun]) -> StoredRun:
    """A stored run, with runs before and after it."""
    return full[1]
