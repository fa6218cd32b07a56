"""The first connections of a web process: open before anybody asks, or no trouble to anybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from app.warming import CONNECTIONS, start_warming
from db.engine import make_engine, read_scope
from tests.stored_runs import StoredRun


def test_pages_find_as_many_connections_open(app_engine: Engine, app_run: StoredRun):
    engine = make_engine(app_engine.url.render_as_string(hide_password=False))
    made: list[object] = []
    event.listen(engine, "connect", lambda connection, _record: made.append(connection))
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        start_warming(engine).join()
        assert len(made) == CONNECTIONS
        assert sum("manifest" in one for one in statements) >= CONNECTIONS
        with ExitStack() as pages:
            for _ in range(CONNECTIONS):
                pages.enter_context(read_scope(engine)).execute(text("SELECT 1"))
        assert len(made) == CONNECTIONS
    finally:
        engine.dispose()


def test_a_store_without_runs_has_them_too(empty_engine: Engine):
    start_warming(empty_engine).join()
    assert empty_engine.pool.checkedin() == CONNECTIONS


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def test_a_database_that_is_away_is_no_error(capfd: pytest.CaptureFixture[str]):
    away = make_engine("postgresql://nobody:x@127.0.0.1:1/x")
    start_warming(away).join()
    assert capfd.readouterr().err == ""
