"""Counts of wrong images: they give back what is stored bit by bit, and add up."""

import numpy as np
import pytest

from ingest.analysis.class_errors import count_errors
from ingest.analysis.flip_index import validated_snapshots
from ingest.analysis.flips import class_error


def stored(seed, *, gap):
    """Errors f4 [C, T] as a load makes them, of classes of 0 to 300 images; and their sizes."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, 301, 12).astype(np.int32)
    sizes[3] = 0
    correct = random.random((20, sizes.sum())) < 0.3
    columns = [class_error(one, class_size=sizes) for one in correct]
    error = np.stack(columns, axis=1)
    if gap:
        error[:, [0, 7]] = np.nan
    return error, sizes


@pytest.mark.parametrize("gap", [False, True], ids=["all validated", "gaps"])
@pytest.mark.parametrize("at_once", [1, 7, 20])
def test_they_are_what_is_stored(gap, at_once):
    error, sizes = stored(at_once, gap=gap)
    blocks = [error[:, at : at + at_once] for at in range(0, 20, at_once)]
    found = count_errors(blocks, sizes)
    assert np.array_equal(found.error(), error, equal_nan=True)
    assert found.error().dtype == np.float32
    assert np.array_equal(found.error(7), error[:, 7], equal_nan=True)
    assert np.array_equal(found.error(slice(3, 9)), error[:, 3:9], equal_nan=True)
    mask = validated_snapshots(error)
    assert (found.validated is None) == (mask is None)
    assert mask is None or np.array_equal(found.validated, mask)
    with_images = sizes > 0
    for at, right in enumerate(found.right()):
        wrong = np.rint(error[with_images, at] * sizes[with_images])
        assert right == (-1 if np.isnan(wrong).any() else sizes.sum() - wrong.sum())


def test_a_run_that_was_never_validated():
    sizes = np.array([2, 3], np.int32)
    for error in (np.full((2, 4), np.nan, np.float32), np.zeros((0, 4), np.float32)):
        found = count_errors([error], sizes)
        assert np.isnan(found.error()).all()
        assert found.error().shape == (2, 4)
        assert found.validated is None
        assert not found.known.any()
        assert found.right().tolist() == [-1] * 4


def test_no_classes_and_no_snapshots():
    assert count_errors([np.zeros((0, 3), np.float32)], np.zeros(0, np.int32)).wrong.shape == (0, 3)
    assert count_errors([], np.array([5], np.int32)).wrong.shape == (1, 0)
