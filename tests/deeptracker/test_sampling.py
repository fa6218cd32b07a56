"""Which iterations are snapshots."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeptracker.errors import RecordingError
from deeptracker.format import Sampling
from deeptracker.sampling import SamplingRule


def test_a_fixed_grid():
    rule = SamplingRule(every=5)
    assert [i for i in range(1, 21) if rule.due(i)] == [5, 10, 15, 20]
    assert math.isnan(rule.epoch(5))
    assert rule.for_manifest(100) == Sampling(5, None, 100)


@given(st.integers(1, 200), st.data())
def test_so_many_an_epoch_are_even_and_end_with_it(iterations, data):
    count = data.draw(st.integers(1, iterations))
    rule = SamplingRule(per_epoch=count, iterations_per_epoch=iterations)
    due = [i for i in range(1, 3 * iterations + 1) if rule.due(i)]
    assert len(due) == 3 * count
    assert {iterations, 2 * iterations, 3 * iterations} <= set(due)
    gaps = {b - a for a, b in itertools.pairwise(due)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1
    every = rule.for_manifest(None).every
    assert every == (iterations // count if iterations % count == 0 else None)
    assert rule.epoch(2 * iterations) == 2.0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "either every= .* or per_epoch="),
        ({"every": 5, "per_epoch": 2, "iterations_per_epoch": 9}, "either"),
        ({"every": 0}, "every must be a whole number of at least 1, not 0"),
        ({"every": 2.5}, "every must be a whole number"),
        ({"per_epoch": 3}, "needs iterations_per_epoch"),
        ({"per_epoch": 30, "iterations_per_epoch": 9}, "an epoch has only 9 iterations"),
    ],
)
def test_what_cannot_be_is_named(arguments, text):
    with pytest.raises(RecordingError, match=text):
        SamplingRule(**arguments)
