"""Rows are packed by one thread while another sends them: whole, in their order, or not at all."""

import threading

import numpy as np
import pytest
from sqlalchemy import text

from db.copy import Rows, blob, blobs, copy_ahead, int4, pack, stretches
from db.partitions import keep_in_pages, make_partitions, partition
from db.raw import raw_cursor

TABLES = ("first", "second", "third")


def groups(count, *, fail_at=None, packers=None):
    """Groups of two rows, the middle ones too large for a message."""
    for number in range(count):
        if packers is not None:
            packers.add(threading.current_thread())
        if number == fail_at:
            raise ZeroDivisionError
        size = 100_000 if number % 3 == 1 else 5
        values = [np.arange(place, place + size, dtype="f4") for place in (number, 7 * number)]
        yield pack([int4([2 * number, 2 * number + 1]), blobs(values, "f4")], (2,))


@pytest.fixture
def tables(session):
    """Three tables of the session's own."""
    for name in TABLES:
        session.execute(text(f"CREATE TEMP TABLE {name} (id int, data bytea) ON COMMIT DROP"))
    return session


def stored(session, name):
    with raw_cursor(session, binary=True) as cursor:
        return cursor.execute(f"SELECT id, data FROM {name} ORDER BY id").fetchall()


def test_several_tables_get_their_rows_from_another_thread(tables):
    packers = set()
    counts = (40, 0, 3)
    with raw_cursor(tables) as cursor:
        several = [
            Rows(name, ["id", "data"], groups(count, packers=packers))
            for name, count in zip(TABLES, counts, strict=True)
        ]
        copy_ahead(cursor, several)
    for name, count in zip(TABLES, counts, strict=True):
        rows = stored(tables, name)
        assert [row[0] for row in rows] == list(range(2 * count))
        for number, data in rows:
            begin = number // 2 if number % 2 == 0 else 7 * (number // 2)
            np.testing.assert_array_equal(np.frombuffer(data, "<f4")[:2], [begin, begin + 1])
    assert packers
    assert threading.current_thread() not in packers


def test_what_fails_in_packing_fails_in_sending(tables):
    with raw_cursor(tables) as cursor, pytest.raises(ZeroDivisionError):
        copy_ahead(cursor, [Rows("first", ["id", "data"], groups(60, fail_at=50))])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pack")]


def test_arrays_of_single_rows_are_packed_as_a_matrix_of_them():
    values = np.arange(12, dtype="f4").reshape(3, 4)
    numbers = int4(np.arange(3))
    one = pack([numbers, blobs(list(values), "f4")], (3,))
    assert bytes(one) == bytes(pack([numbers, blob(values, "f4")], (3,)))


@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_stretches_are_packed_as_the_arrays_that_they_make(dtype):
    # Rows of 3 classes over 4 snapshots, of which each has the images of all classes: [4, 3 x 2].
    values = np.arange(24, dtype=dtype).reshape(4, 6)
    by_class = values.reshape(4, 3, 2).transpose(1, 0, 2)
    numbers = int4(np.arange(3))
    one = pack([numbers, stretches(by_class, "u2")], (3,))
    assert bytes(one) == bytes(pack([numbers, blob(by_class.reshape(3, -1), "u2")], (3,)))


def test_rows_of_filters_may_fill_a_page(session):
    make_partitions(session, run_id=9_998)
    options = "SELECT reloptions FROM pg_class WHERE relname = :name"
    found = session.scalar(text(options), {"name": partition("filter_stat", 9_998)})
    assert found == ["toast_tuple_target=8160"]


@pytest.mark.parametrize(
    ("size", "kept"), [(7_000, True), (3_900, True), (5_000, False), (900, False), (9_000, False)]
)
def test_rows_of_results_stay_in_pages_that_they_fill(session, size, kept):
    make_partitions(session, run_id=9_997)
    keep_in_pages(session, run_id=9_997, table="class_result", size=size)
    options = "SELECT reloptions FROM pg_class WHERE relname = :name"
    found = session.scalar(text(options), {"name": partition("class_result", 9_997)})
    assert found == (["toast_tuple_target=8160"] if kept else None)


def test_a_run_without_partitions_has_no_pages_of_its_own(session):
    keep_in_pages(session, run_id=9_996, table="class_result", size=7_000)
    assert not session.scalar(text("SELECT to_regclass('class_result_run_9996')"))
