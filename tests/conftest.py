"""What tests on every level share: a database, a session whose commits are undone, noise."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from db.engine import make_engine
from tests import large_tables, servers
from tests.stored_runs import StoredRun, store_run

pytest_plugins = ["tests.recorded_runs"]

# The same examples in every run, others by `make soak`: what a new one finds must not stop somebody
# else's change. Of time nothing is said, for other tests keep the machine busy meanwhile. What a
# fixture gives is for all examples of a test.
settings.register_profile(
    "ours",
    derandomize=os.environ.get("DEEPTRACKER_SOAK") != "1",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ours")

# Folders and files whose tests take long, the longest first. Those that run a worker in the process
# of the test come before Playwright has an event loop in it.
_LONG = ("test_walk_of_a_statistic.py", "packaging", "faults", "jobs", "app", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that all processes of the tests end at about the same time."""
    here = Path(__file__).parent
    rank = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(here).parts[0], len(rank)))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Look for garbage neither while all is imported, nor ever after in what was: it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def joining() -> Iterator[list[str]]:
    """The statements so far that nodes refuse or are slow at; see large_tables."""
    with pytest.MonkeyPatch.context() as patch, large_tables.watched(patch) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_join_of_large_and_small(joining: list[str]) -> Iterator[None]:
    before = len(joining)
    yield
    assert joining[before:] == [], "a large table stands alone: docs/many-nodes.md"


@pytest.fixture(scope="session")
def server_url() -> Iterator[URL]:
    """The server of this test session (of each worker of it, where tests run in parallel)."""
    with servers.server() as url:
        yield url


@pytest.fixture(scope="session")
def template_url(server_url: URL) -> Iterator[URL]:
    """The migrated, empty database that all others are copies of; nothing may connect to it."""
    with servers.migrated(server_url) as url:
        yield url


@pytest.fixture
def empty_database_url(server_url: URL) -> Iterator[str]:
    """A database of the test's own without any migration."""
    with servers.database(server_url) as url:
        yield servers.plain(url)


@pytest.fixture
def database_url(server_url: URL, template_url: URL) -> Iterator[str]:
    """A migrated database of the test's own, as DATABASE_URL: for tests with other processes."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        yield servers.plain(url)


@pytest.fixture(scope="session")
def engine(server_url: URL, template_url: URL) -> Iterator[Engine]:
    """An engine on the one database that all tests with a `session` share."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def noisy(
    server_url: URL, template_url: URL
) -> Iterator[tuple[Engine, tuple[StoredRun, StoredRun]]]:
    """A database with two runs that each test finds as they were stored."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        with Session(engine) as session:
            one = store_run(session, seed=101)
            other = store_run(session, seed=102, layers=5, snapshots=9)
            session.commit()
        yield engine, (one, other)
        engine.dispose()


@pytest.fixture
def session(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Session]:
    """A session within an outer transaction: all it did, commits too, is undone after the test.

    It is on a database with `noise`, where the test asks for that.
    """
    if "noise" in request.fixturenames:
        engine = request.getfixturevalue("noisy")[0]
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def noise(noisy: tuple[Engine, tuple[StoredRun, StoredRun]]) -> tuple[StoredRun, StoredRun]:
    """Two runs that have nothing to do with the test's own, stored before them.

    Their names and iterations overlap with those of any run.
    """
    return noisy[1]
