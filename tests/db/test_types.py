"""Arrays and documents come back from their columns as they were put in, or are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, literal, select, text
from sqlalchemy.exc import StatementError

from db.queries.runs import runs
from db.types import NumpyArray, _storable
from tests.stored_runs import store_run


def through_the_server(session, kind: NumpyArray, value):
    return session.scalar(select(literal(value, kind)))


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i4", "i8", "f2", "f4", "f8"])
def test_arrays_come_back_in_little_endian_order(session, dtype):
    value = np.frombuffer(np.random.default_rng(1).bytes(80), np.dtype(dtype).newbyteorder(">"))
    found = through_the_server(session, NumpyArray(dtype), value.astype(dtype))
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, value)
    assert not found.flags.writeable


def test_an_empty_array_is_not_null(session):
    assert through_the_server(session, NumpyArray("f4"), np.zeros(0, "f4")).shape == (0,)
    assert through_the_server(session, NumpyArray("f4"), None) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.zeros((2, 2), "f4"), "one dimension"),
        (np.zeros(3, "f4"), "expected 4 values, got 3"),
        (np.zeros(4, "f8"), "Cannot cast"),
        (np.zeros(4, "i4"), "Cannot cast"),
    ],
)
def test_a_wrong_array_is_refused(session, value, why):
    with pytest.raises(StatementError, match=why):
        through_the_server(session, NumpyArray("f4", 4), value)


def test_stored_bytes_of_a_wrong_length_are_refused(session):
    for data in ("\\x00", "\\x0000000000"):
        query = text(f"SELECT '{data}'::bytea AS data").columns(column("data", NumpyArray("f4", 4)))
        with pytest.raises(ValueError, match=r"buffer size|expected 4"):
            session.scalar(query)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i4", "i8", "f2", "f4", "f8"])
def test_sql_written_by_hand_can_read_arrays(session, dtype):
    values = np.frombuffer(np.random.default_rng(2).bytes(4000), "<" + dtype)
    if dtype[0] == "f":
        about = np.finfo(dtype)
        edges = [0, -0.0, np.nan, np.inf, -np.inf, 1, about.max, about.smallest_subnormal]
        values = np.concatenate([values, np.array(edges, "<" + dtype)])
    elif dtype == "i8":
        values = values >> 11  # a double has 53 bits
    query = text("SELECT unpack(:data, :dtype)")
    found = session.scalar(query, {"data": values.tobytes(), "dtype": dtype})
    with np.errstate(invalid="ignore"):  # signalling NaN among the random bytes
        np.testing.assert_array_equal(np.array(found), values.astype("f8"))


@pytest.mark.parametrize(("data", "dtype"), [(b"123", "f4"), (b"1234", "f5"), (b"1", "x")])
def test_unpack_refuses_what_it_cannot_read(session, data, dtype):
    with pytest.raises(Exception, match=r"none of u1|no whole number|invalid input"):
        session.scalar(text("SELECT unpack(:data, :dtype)"), {"data": data, "dtype": dtype})


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud83d", "\N{REPLACEMENT CHARACTER}"),
        ("\N{GRINNING FACE} <b>", "\N{GRINNING FACE} <b>"),
        ([1, (2.5, None)], [1, [2.5, None]]),
    ],
)
def test_documents_hold_what_json_cannot(session, value, stored):
    run = store_run(session, seed=1, snapshots=0, hyperparameters={"a": value, "b\0": {"c": value}})
    session.expire_all()
    found = runs.get_run(session, run_id=run.run_id).hyperparameters
    assert found == {"a": stored, "b\N{REPLACEMENT CHARACTER}": {"c": stored}}


@given(st.text(st.characters(codec=None), max_size=20))
def test_any_text_can_be_stored(value):
    _storable(value).encode()
    assert "\0" not in _storable(value)
