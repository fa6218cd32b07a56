"""The database of a request: one that only reads sees one moment of it, over one connection."""

import pytest
from flask import Flask, g
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app import store
from db.engine import make_engine, session_scope


@pytest.fixture
def engine(app_engine: Engine) -> Engine:
    made = make_engine(app_engine.url.render_as_string(hide_password=False))
    yield made
    made.dispose()


def test_a_request_that_reads_sees_one_moment_and_gives_its_connection_back(engine):
    server = Flask("test")
    store.attach(server, engine)
    with server.test_request_context("/"):
        g.reads_only = True
        with store.transaction() as first:
            before = first.scalar(text("SELECT count(*) FROM audit"))
        with session_scope(engine) as other:
            other.execute(
                text("INSERT INTO audit (actor_name, action, target) VALUES ('', '', '')")
            )
        with store.transaction() as second:
            assert second is first
            assert second.scalar(text("SELECT count(*) FROM audit")) == before
        assert engine.pool.checkedout() == 1
    assert engine.pool.checkedout() == 0


def test_a_statement_that_fails_ends_the_moment_and_not_the_request(engine):
    server = Flask("test")
    store.attach(server, engine)
    with server.test_request_context("/"):
        g.reads_only = True
        with pytest.raises(SQLAlchemyError), store.transaction() as session:
            session.execute(text("SELECT 1 / 0"))
        with store.transaction() as session:
            assert session.scalar(text("SELECT 1")) == 1
    assert engine.pool.checkedout() == 0


def test_a_database_that_goes_after_the_last_question_takes_no_answer(engine):
    server = Flask("test")
    store.attach(server, engine)
    with server.test_request_context("/"):
        g.reads_only = True
        with store.transaction() as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
        with session_scope(engine) as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    assert engine.pool.checkedout() == 0
    with server.test_request_context("/"):
        g.reads_only = True
        with store.transaction() as session:
            assert session.scalar(text("SELECT 1")) == 1
