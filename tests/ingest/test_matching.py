"""Filters are matched as exhaustive search and scipy do; a permutation is found again."""

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from ingest.analysis.matching import assignment, courses, match_courses


def test_the_pairs_have_the_greatest_sum_of_all() -> None:
    rng = np.random.default_rng(1)
    for count in (1, 2, 6):
        alike = rng.normal(size=(count, count)).astype(np.float32)
        rows = np.arange(count)
        best = max(permutations(range(count)), key=lambda one: alike[rows, list(one)].sum())
        assert assignment(alike).tolist() == list(best)
    assert assignment(np.zeros((0, 0), np.float32)).tolist() == []


@pytest.mark.parametrize("kind", ["much alike", "equal", "apart"])
def test_many_are_assigned_as_by_scipy(kind: str) -> None:
    rng = np.random.default_rng(2)
    alike = rng.random((150, 150), np.float32)
    if kind == "much alike":
        alike = 1 - alike / 50
    elif kind == "equal":
        alike = np.round(alike * 3)
    rows, columns = linear_sum_assignment(alike, maximize=True)
    found = assignment(alike)
    assert sorted(found) == list(range(150))
    own = alike[rows, found].sum(dtype=np.float64)
    assert own == pytest.approx(alike[rows, columns].sum(dtype=np.float64), abs=1e-6)


def test_a_permutation_is_found_and_said() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(size=(3, 20, 12)).astype(np.float32)
    order = rng.permutation(20)
    second = np.empty_like(first)
    # What all filters do alike, and how large a statistic is, do not tell them apart.
    second[:, order] = 5 * first + rng.normal(size=(3, 1, 12)).astype(np.float32)
    found = match_courses(first, second)
    np.testing.assert_array_equal(found.partner, order)
    np.testing.assert_allclose(found.similarity, 1, atol=1e-5)
    assert found.mutual.all()
    assert found.moved == (order != np.arange(20)).sum()
    assert (found.next_best < 0.9).all()


def test_a_course_is_what_a_plain_loop_says() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(2, 5, 3)).astype(np.float32)
    values[0, 1, 2] = np.nan
    values[1, :, 0] = 7  # all filters alike: it says nothing
    expected = np.zeros((5, 6))
    for q in range(2):
        for t in range(3):
            column = values[q, :, t]
            known = np.isfinite(column)
            deviation = column[known].std()
            for f in range(5):
                if known[f] and deviation:
                    expected[f, q * 3 + t] = (column[f] - column[known].mean()) / deviation
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(courses(values), expected, atol=1e-5)


def test_what_cannot_be_matched_is_refused_and_what_is_not_known_has_no_course() -> None:
    with pytest.raises(ValueError, match="cannot be matched"):
        match_courses(np.zeros((1, 2, 3)), np.zeros((1, 3, 3)))
    nothing = np.full((1, 2, 3), np.nan, np.float32)
    found = match_courses(nothing, nothing)
    assert found.similarity.tolist() == [0, 0]
    lone = match_courses(np.ones((1, 1, 3)), np.ones((1, 1, 3)))
    assert np.isnan(lone.next_best).all()
