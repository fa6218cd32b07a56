"""The incremental search for flips equals the definition applied by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis.flips import FlipFinder, FlipState, class_error


def brute_flips(correct, t):
    """Return the flips of column `t` of a 0/1 matrix [N, T], by the plain definition."""
    found = []
    for image, row in enumerate(correct):
        if t == 0 or row[t] == row[t - 1]:
            continue
        before = 1
        while t - 1 - before >= 0 and row[t - 1 - before] == row[t - 1]:
            before += 1
        found.append((image, before, int(row[t])))
    return found


def brute_transitions(correct, t):
    if t == 0:
        return None
    pairs = [(int(row[t - 1]), int(row[t])) for row in correct]
    return tuple(pairs.count(pair) for pair in ((0, 1), (1, 0), (1, 1), (0, 0)))


@st.composite
def matrices(draw):
    images, snapshots = draw(st.integers(0, 12)), draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stay = draw(st.floats(0, 1))
    correct = np.zeros((images, snapshots), dtype=np.uint8)
    correct[:, 0] = rng.integers(0, 2, images)
    for t in range(1, snapshots):
        same = rng.random(images) < stay
        correct[:, t] = np.where(same, correct[:, t - 1], 1 - correct[:, t - 1])
    return correct


def steps_of(finder, correct):
    return [finder.add(column) for column in correct.T]


@given(matrices())
@settings(max_examples=150, deadline=None)
def test_flips_and_transitions_equal_the_definition(correct):
    for t, step in enumerate(steps_of(FlipFinder(), correct)):
        columns = (step.image.tolist(), step.before.tolist(), step.learned.tolist())
        found = list(zip(*columns, strict=True))
        assert found == brute_flips(correct, t)
        assert step.transitions == brute_transitions(correct, t)
        dtypes = (step.image.dtype, step.before.dtype, step.learned.dtype)
        assert dtypes == (np.int32, np.int32, np.uint8)


@given(matrices(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_search_that_was_interrupted_goes_on_as_if_it_was_not(correct, data):
    cut = data.draw(st.integers(1, correct.shape[1]))
    whole = FlipFinder()
    expected = steps_of(whole, correct)[cut:]
    first = FlipFinder()
    steps_of(first, correct[:, :cut])
    kept = FlipState(first.state.correct.copy(), first.state.length.copy())
    second = FlipFinder(kept)
    for found, wanted in zip(steps_of(second, correct[:, cut:]), expected, strict=True):
        np.testing.assert_array_equal(found.image, wanted.image)
        np.testing.assert_array_equal(found.before, wanted.before)
        np.testing.assert_array_equal(found.learned, wanted.learned)
        assert found.transitions == wanted.transitions
    np.testing.assert_array_equal(second.state.length, whole.state.length)
    np.testing.assert_array_equal(second.state.correct, whole.state.correct)


def test_another_number_of_images_is_refused():
    finder = FlipFinder()
    finder.add(np.ones(3, bool))
    with pytest.raises(ValueError, match="4 images follow 3"):
        finder.add(np.ones(4, bool))


def test_a_state_that_is_stored_is_not_changed_by_going_on():
    # It comes read-only from the store.
    state = FlipState(np.ones(2, np.uint8), np.full(2, 5, np.int32))
    state.correct.setflags(write=False)
    state.length.setflags(write=False)
    step = FlipFinder(state).add(np.array([True, False]))
    assert (step.image.tolist(), step.before.tolist()) == ([1], [5])
    assert state.length.tolist() == [5, 5]


def test_class_error_counts_wrong_images_and_is_nan_without_images():
    error = class_error(
        np.array([True, False, True, False, False]),
        class_size=np.array([3, 0, 1, 1, 0], np.int32),
    )
    np.testing.assert_array_equal(error, np.array([1 / 3, np.nan, 1, 1, np.nan], np.float32))
    none = class_error(np.zeros(0, np.bool_), class_size=np.zeros(2, np.int32))
    np.testing.assert_array_equal(none, np.full(2, np.nan, np.float32))
