"""Which errors say that the database cannot work now: as a real server raises them."""

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from db.away import is_away, is_outage, is_unreachable, said_by_server
from db.engine import make_engine
from db.raw import raw_cursor
from tests import servers

# Statements, one after the other in one transaction, and what their error is.
OUTAGE, COME_AND_GO, FAULT = (True, True), (True, False), (False, False)
CASES = {
    "SELECT pg_terminate_backend(pg_backend_pid())": OUTAGE,
    "SET TRANSACTION READ ONLY; INSERT INTO ingest_worker DEFAULT VALUES": OUTAGE,
    "DO $$ BEGIN RAISE disk_full; END $$": OUTAGE,
    "DO $$ BEGIN RAISE too_many_connections; END $$": OUTAGE,
    "DO $$ BEGIN RAISE io_error; END $$": OUTAGE,
    "SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)": COME_AND_GO,
    "SET LOCAL lock_timeout = 10; DO $$ BEGIN RAISE lock_not_available; END $$": COME_AND_GO,
    "DO $$ BEGIN RAISE deadlock_detected; END $$": COME_AND_GO,
    "DO $$ BEGIN RAISE program_limit_exceeded; END $$": COME_AND_GO,
    "SELECT 1 / 0": FAULT,
    "SELECT FROM no_such_table": FAULT,
    "INSERT INTO ingest_worker DEFAULT VALUES": FAULT,
}


@pytest.fixture(scope="module")
def own(server_url, template_url):
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


def test_the_file_of_another_tool_is_no_database_of_ours(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/none/mlflow.db")
    with pytest.raises(OperationalError) as caught, engine.connect():
        pass
    assert not is_unreachable(caught.value)
    assert not is_away(caught.value)
    engine.dispose()


@pytest.mark.parametrize(("statements", "kind"), CASES.items())
@pytest.mark.parametrize("raw", [False, True], ids=["sqlalchemy", "psycopg"])
def test_as_the_server_raises_it(own, statements, kind, raw):
    with pytest.raises((SQLAlchemyError, psycopg.Error)) as caught:
        execute(own, statements, raw=raw)
    assert (is_away(caught.value), is_outage(caught.value)) == kind


def execute(engine, statements, *, raw):
    with Session(engine) as session:
        for statement in [statements] if "DO $$" in statements else statements.split(";"):
            if raw:
                with raw_cursor(session) as cursor:
                    cursor.execute(statement.encode())
            else:
                session.execute(text(statement))


def test_a_server_that_is_not_there_and_a_pool_that_is_empty(own):
    engine = make_engine("postgresql://postgres@127.0.0.1:1/none")
    with pytest.raises(SQLAlchemyError) as caught:
        engine.connect()
    assert (is_away(caught.value), is_outage(caught.value)) == OUTAGE
    # Nobody is told where the server is.
    assert said_by_server(caught.value) == "the database did not answer."
    small = create_engine(own.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with small.connect(), pytest.raises(SQLAlchemyError) as caught:
        small.connect()
    assert is_away(caught.value)
    small.dispose()


def test_a_connection_that_was_closed_under_a_transaction(own):
    with own.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.connection.driver_connection.close()
        with pytest.raises(SQLAlchemyError) as caught:
            connection.execute(text("SELECT 1"))
        assert (is_away(caught.value), is_outage(caught.value)) == OUTAGE
        with pytest.raises(SQLAlchemyError) as caught:
            connection.execute(text("SELECT 1"))
        assert (is_away(caught.value), is_outage(caught.value)) == OUTAGE
        connection.invalidate()


def test_what_the_server_said_is_told(own):
    with pytest.raises(SQLAlchemyError) as caught, own.begin() as connection:
        connection.execute(text("DO $$ BEGIN RAISE disk_full USING MESSAGE = 'no room'; END $$"))
    assert said_by_server(caught.value) == "the database said: no room."


def test_other_errors_are_none_of_the_databases():
    for error in (ValueError("x"), OSError("disk"), TimeoutError()):
        assert not is_away(error)
        assert not is_outage(error)
