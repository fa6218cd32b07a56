"""Partitions are made and dropped while somebody reads these tables in another order."""

import threading

import pytest
from sqlalchemy import text

from db.engine import session_scope
from db.layout import LARGE
from db.partitions import drop_partitions, make_partitions, partition
from tests.jobs.conftest import wait_until

RUN = 9_999
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")


@pytest.mark.parametrize("act", [make_partitions, drop_partitions])
def test_neither_a_reader_nor_the_writer_is_ended_by_a_deadlock(store, act):
    if act is drop_partitions:
        with session_scope(store) as session:
            make_partitions(session, run_id=RUN)
    outcome = []

    def write():
        try:
            with session_scope(store) as session:
                outcome.append(act(session, run_id=RUN))
        except BaseException as error:
            outcome.append(error)

    writer = threading.Thread(target=write)
    first, *_, last = (table.name for table in LARGE)
    with store.connect() as watcher, store.connect() as reader:
        reader.execute(text(f"SELECT count(*) FROM {last}"))
        writer.start()
        wait_until(lambda: watcher.scalar(_WAITING) == 1)
        # The writer has the first of the tables and waits for the last, which the reader has.
        reader.execute(text(f"SELECT count(*) FROM {first}"))
        assert not outcome
        reader.rollback()
        writer.join(60)
        there = watcher.scalar(text("SELECT to_regclass(:name)"), {"name": partition(last, RUN)})
    assert outcome == [True if act is drop_partitions else None]
    assert (there is None) == (act is drop_partitions)
