"""The fixtures keep their promises: commits are undone, noise is there, copies are migrated."""

import pytest
from sqlalchemy import create_engine, func, select

from db.migrate import is_current
from db.models import Run, layer_stat
from tests.stored_runs import store_run


@pytest.fixture
def committed(engine):
    """The runs that are there for good: other files may leave some, whatever ran before."""
    with engine.connect() as connection:
        return set(connection.scalars(select(Run.id)))


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_session_commits_is_undone(session, engine, committed, turn):
    assert set(session.scalars(select(Run.id))) == committed
    store_run(session, seed=turn)
    session.commit()
    session.rollback()
    assert len(set(session.scalars(select(Run.id))) - committed) == 1
    with engine.connect() as connection:
        assert set(connection.scalars(select(Run.id))) == committed


def test_noise_fills_the_tables_with_other_runs(session, noise):
    runs = session.scalars(select(layer_stat.c.run_id).distinct())
    assert set(runs) == {run.run_id for run in noise}


def test_a_database_of_ones_own_is_migrated_and_empty(database_url):
    engine = create_engine(database_url)
    assert is_current(engine)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Run)) == 0
    engine.dispose()
