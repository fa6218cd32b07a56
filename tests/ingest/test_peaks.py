"""The most changed filters equal a plain sort of all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis.peaks import find_peaks, largest


def brute(values, limit):
    numbered = [(i, v) for i, v in enumerate(values.tolist()) if v == v]
    return [i for i, _ in sorted(numbered, key=lambda pair: (-pair[1], pair[0]))][:limit]


# Few different values, so that ties stand across the limit.
VALUES = st.lists(
    st.sampled_from([0.0, -0.0, 1.0, 2.0, 0.5, float("nan"), float("inf")]), max_size=60
)


@given(VALUES, st.integers(1, 20))
@settings(max_examples=200, deadline=None)
def test_largest_equals_a_plain_sort(values, limit):
    array = np.array(values, np.float32)
    assert largest(array, limit=limit).tolist() == brute(array, limit)


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.999, 1.0])
def test_largest_of_many_equals_a_plain_sort(missing):
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=3_000), 2).astype(np.float32)  # with many ties
    values[rng.random(len(values)) < missing] = np.nan
    assert largest(values, limit=20).tolist() == brute(values, 20)


def test_peaks_name_layer_and_filter_within_it():
    values = np.array([1, 5, np.nan, 5, 2], np.float32)
    peaks = find_peaks(values, offsets=np.array([0, 2, 3, 5]), limit=3)
    assert peaks.layer_id.tolist() == [0, 2, 2]
    assert peaks.filter.tolist() == [1, 0, 1]
    assert peaks.value.tolist() == [5, 5, 2]


def test_without_values_there_are_no_peaks():
    peaks = find_peaks(np.full(4, np.nan, np.float32), offsets=np.array([0, 4]))
    assert len(peaks.value) == len(peaks.layer_id) == len(peaks.filter) == 0
