"""Last and best values of runs, their difference to a baseline, and groups by a setting."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis.compare import extremes, setting_groups
from ingest.analysis.outcomes import best_of, change, last_of, less_is_better

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)


@settings(max_examples=50)
@given(st.lists(NUMBERS))
def test_last_and_best_are_those_of_a_plain_loop(values):
    last, least, greatest = math.nan, math.nan, math.nan
    for value in values:
        if not math.isnan(value):
            last = value
        if math.isfinite(value):
            least = value if math.isnan(least) else min(least, value)
            greatest = value if math.isnan(greatest) else max(greatest, value)
    array = np.array(values, np.float64)
    assert np.array_equal(last_of(array), last, equal_nan=True)
    assert np.array_equal(best_of(array, less=True), least, equal_nan=True)
    assert np.array_equal(best_of(array, less=False), greatest, equal_nan=True)


@pytest.mark.parametrize(
    ("value", "base", "less", "by", "share", "better"),
    [
        (0.2, 0.4, True, -0.2, -0.5, True),
        (0.6, 0.4, True, 0.2, 0.5, False),
        (0.6, 0.4, False, 0.2, 0.5, True),
        (0.6, 0.4, None, 0.2, 0.5, None),
        (1.0, 0.0, True, 1.0, None, False),
        (-1.0, -2.0, True, 1.0, 0.5, False),
        (0.4, 0.4, True, 0.0, 0.0, None),
    ],
)
def test_a_change_says_how_much_and_whether_that_is_better(value, base, less, by, share, better):
    found = change(value, base, less=less)
    assert found is not None
    assert found.by == pytest.approx(by)
    assert found.share == (None if share is None else pytest.approx(share))
    assert found.better is better


def test_nothing_is_said_of_what_is_not_finite():
    assert change(math.nan, 1.0, less=True) is None
    assert change(1.0, math.inf, less=True) is None


@pytest.mark.parametrize(
    ("name", "less"),
    [("validation_loss", True), ("val/accuracy", False), ("learning_rate", None)],
)
def test_what_is_better_follows_from_the_name(name, less):
    assert less_is_better(name) is less


SETTINGS = [
    {"rate": 0.1, "width": 8, "seed": 1, "tags": []},
    {"rate": 0.01, "width": 16, "seed": 2, "tags": ["a", "b"]},
    {"rate": 0.1, "width": 8, "seed": 3, "tags": []},
    {"rate": 0.001, "seed": 4, "tags": []},
]


def test_groups_by_a_setting_stand_in_the_order_of_its_values():
    assert setting_groups(SETTINGS, "rate") == (
        [2, 1, 2, 0],
        ["rate 0.001", "rate 0.01", "rate 0.1"],
    )
    assert setting_groups(SETTINGS, "width") == (
        [0, 1, 0, 2],
        ["width 8", "width 16", "width not set"],
    )
    # Without a name: the first that differs, is no seed, and has a value twice.
    assert setting_groups(SETTINGS) == setting_groups(SETTINGS, "rate")
    assert setting_groups(SETTINGS[:1]) == ([0], ["rate 0.1"])


def test_extremes_are_those_of_at_least_two_runs():
    rng = np.random.default_rng(0)
    values = np.where(rng.random((4, 3, 50)) < 0.5, np.nan, rng.random((4, 3, 50)))
    found = extremes(values)
    for place in np.ndindex(3, 50):
        known = [one for one in values[(slice(None), *place)] if not np.isnan(one)]
        low, high = (min(known), max(known)) if len(known) > 1 else (np.nan, np.nan)
        assert np.array_equal([found.low[place], found.high[place]], [low, high], equal_nan=True)
