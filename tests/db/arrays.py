"""Comparing an array with what it must be, its type and layout included."""

import numpy as np


def same(got: np.ndarray, expected: np.ndarray, dtype: str) -> None:
    assert got.dtype == np.dtype(dtype)
    assert got.dtype.isnative
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, expected)
