"""Orders of rows put like beside like, are repeatable and bear gaps."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis import order


def test_a_shuffled_gradient_is_put_in_order():
    time = np.linspace(0, 1, 40)
    sorted_rows = np.stack([1 - time * slope for slope in np.linspace(0, 1, 25)])
    shuffle = np.random.default_rng(1).permutation(25)
    got = order.similarity_order(sorted_rows[shuffle])
    assert shuffle[got].tolist() == list(range(25))  # the highest error first


@given(st.integers(0, 9), st.integers(0, 12), st.integers(0, 999), st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_similarity_order_is_a_repeatable_permutation(rows, columns, seed, missing):
    rng = np.random.default_rng(seed)
    series = rng.integers(0, 2, (rows, columns)).astype(float)
    series[rng.random(series.shape) < missing] = np.nan
    got = order.similarity_order(series)
    assert sorted(got.tolist()) == list(range(rows))
    np.testing.assert_array_equal(got, order.similarity_order(series))


def test_equal_rows_keep_their_order():
    assert order.similarity_order(np.ones((5, 8))).tolist() == [0, 1, 2, 3, 4]


def test_more_rows_than_snapshots():
    rows = np.repeat(np.linspace(1, 0, 20)[:, None], 3, axis=1)
    assert order.similarity_order(rows).tolist() == list(range(20))


def test_final_error_takes_the_last_known_value_and_puts_unknown_last():
    nan = np.nan
    error = np.array([[0.1, 0.2], [0.9, nan], [nan, nan], [0.0, 0.9]])
    assert order.final_error_order(error).tolist() == [1, 3, 0, 2]
    assert order.final_error_order(np.zeros((2, 0))).tolist() == [0, 1]


def test_peak_order_falls():
    assert order.peak_order(np.array([1, 5, 5, 0])).tolist() == [1, 2, 0, 3]


def test_names_sort_as_people_sort_them():
    names = ["class 10", "Class 2", "<script>", "狗", "class 10", ""]
    got = [names[row] for row in order.name_order(names)]
    assert got == ["", "<script>", "Class 2", "class 10", "class 10", "狗"]


def test_gaps_are_bridged_and_ends_held():
    nan = np.nan
    filled = order.fill_gaps(np.array([[nan, 1, nan, 3, nan], [nan] * 5, [5.0] * 5]))
    np.testing.assert_allclose(filled[0], [1, 1, 2, 3, 3])
    np.testing.assert_allclose(filled[1], [3, 3, 3.5, 4, 4])


def test_many_rows_are_in_the_order_of_the_whole_decomposition(monkeypatch):
    rng = np.random.default_rng(2)
    level = np.cumsum(rng.normal(0, 0.02, (400, 350)), axis=1)
    rows = np.concatenate([level, level[:5]])
    got = order.similarity_order(rows)
    monkeypatch.setattr(order, "_FEW", 10_000)
    np.testing.assert_array_equal(got, order.similarity_order(rows))
