"""The fixtures keep their promises: commits are undone, noise is there, copies are migrated."""

import pytest
from sqlalchemy import create_engine, func, select

from db.migrate import is_current
from db.models import Run, layer_stat
from tests.stored_runs import store_run


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_session_commits_is_undone(session, turn):
    assert session.scalar(select(func.count()).select_from(Run)) == 0
    store_run(session, seed=turn)
    session.commit()
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Run)) == 1


def test_noise_fills_the_tables_with_other_runs(session, noise):
    runs = session.scalars(select(layer_stat.c.run_id).distinct())
    assert set(runs) == {run.run_id for run in noise}


def test_a_database_of_ones_own_is_migrated_and_empty(database_url):
    engine = create_engine(database_url)
    assert is_current(engine)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Run)) == 0
    engine.dispose()
