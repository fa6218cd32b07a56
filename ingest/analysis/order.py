"""Orders of rows: by similarity, by peak anomaly, by final error, by name."""

import re
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from ingest.analysis.threads import one_thread

# Numbers of series that are compared one by one: twice those of 1,000 classes at 840 snapshots.
MOST_CELLS = 2_000_000
# Rows or columns below which a whole decomposition is as fast.
_FEW = 300
# After so many it does not settle: two directions are alike.
_RESTARTS = 30
ORDERS = ("similarity", "peak", "error", "name")


def similarity_order(series: NDArray[np.floating]) -> NDArray[np.int32]:
    """Return the rows of `series` [n, T] so that neighbours developed alike, the highest first.

    A one-dimensional embedding: the first principal coordinate of the filled series, its sign
    chosen so that it falls with the row mean. Ties keep the row order; the same input gives the
    same order. Correctness of images serves as well as errors of classes.
    """
    rows = len(series)
    series = coarse_if_many(series)
    filled = fill_gaps(series).astype(np.float64)
    level = filled.mean(axis=1) if filled.shape[1] else np.zeros(rows)
    centred = filled - filled.mean(axis=0) if rows else filled
    # Threads cost more than they gain where other work has the cores.
    with one_thread():
        coordinate = _first_coordinate(centred)
    if coordinate @ (level - level.mean() if rows else level) < 0:
        coordinate = -coordinate
    # Rounded, because equal rows must keep their order whatever the linear algebra does.
    coordinate = np.round(coordinate, 9)
    return np.lexsort((np.arange(rows), -coordinate)).astype(np.int32)


def _first_coordinate(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = centred.shape
    if rows < 2 or not columns or not np.any(np.abs(centred) > 1e-12):
        return np.zeros(rows)
    return np.asarray(centred @ _first_direction(centred))


def _first_direction(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector [T] along which the rows of [n, T] spread most.

    Of many numbers it is found by Lanczos' method, which takes an eighth of the time of a whole
    decomposition: the matrix of products is never made.
    """
    rows, columns = centred.shape
    if min(rows, columns) > _FEW:
        products = LinearOperator(
            (columns, columns), matvec=lambda x: centred.T @ (centred @ x), dtype=np.float64
        )
        start = np.random.default_rng(0).normal(size=columns)  # the same every time
        with suppress(ArpackError):
            return np.asarray(eigsh(products, k=1, v0=start, maxiter=_RESTARTS)[1][:, 0])
    if rows <= columns:
        _, vectors = eigh(centred @ centred.T, subset_by_index=[rows - 1, rows - 1])
        direction = centred.T @ vectors[:, 0]
        return np.asarray(direction / np.linalg.norm(direction))
    _, vectors = eigh(centred.T @ centred, subset_by_index=[columns - 1, columns - 1])
    return np.asarray(vectors[:, 0])


def peak_order(peak: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the rows by falling `peak` [n], ties in row order."""
    return np.argsort(-peak.astype(np.int64), kind="stable").astype(np.int32)


def final_error_order(error: NDArray[np.floating]) -> NDArray[np.int32]:
    """Return the rows of `error` [n, T] by falling last known error, unknown ones at the end."""
    final = np.full(len(error), np.nan)
    for column in range(error.shape[1] - 1, -1, -1):
        missing = np.isnan(final)
        if not missing.any():
            break
        final[missing] = error[missing, column]
    return np.argsort(np.where(np.isnan(final), np.inf, -final), kind="stable").astype(np.int32)


def name_order(names: Sequence[str]) -> NDArray[np.int32]:
    """Return the rows by name as people sort them: case aside, class 2 before class 10."""
    keys = [
        [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _parts(name)]
        for name in names
    ]
    return np.array(sorted(range(len(names)), key=lambda row: (keys[row], row)), dtype=np.int32)


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"(\d{1,18})", name.casefold()) if part]


def coarse(series: NDArray[np.floating], columns: int) -> NDArray[np.floating]:
    """Return `series` [n, T] with neighbouring snapshots averaged to at most `columns` columns."""
    snapshots = series.shape[1]
    if snapshots <= columns:
        return series
    starts = np.unique(np.linspace(0, snapshots, columns, endpoint=False).astype(int))
    known = ~np.isnan(series)
    # In f8: of large values, the sum of two f4 is none.
    total = np.add.reduceat(np.where(known, series, 0), starts, axis=1, dtype=np.float64)
    count = np.add.reduceat(known, starts, axis=1, dtype=np.float64)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean.astype(series.dtype, copy=False)


def coarse_if_many(series: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return `series` [n, T], `coarse` where it has more than MOST_CELLS numbers.

    So many classes at so many snapshots are grouped and ordered the same but for a few at the
    edges, and nobody waits for it.
    """
    if series.size <= MOST_CELLS:
        return series
    return coarse(series, max(64, MOST_CELLS // len(series)))


def fill_gaps(series: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return `series` [n, T] with gaps (NaN, Inf) drawn straight between neighbours in time.

    Ends are held; a row without any value takes the mean of the others (0 if there is none).
    """
    filled = np.array(series, dtype=np.float32)
    known = np.isfinite(filled)
    for row in np.flatnonzero(~known.all(axis=1) & known.any(axis=1)):
        at = np.flatnonzero(known[row])
        filled[row] = np.interp(np.arange(filled.shape[1]), at, filled[row, at])
    empty = ~known.any(axis=1)
    if empty.any():
        some = not empty.all()
        # In f8: rows are added one after the other, and 500,000 of them are too many for f4.
        filled[empty] = filled[~empty].mean(axis=0, dtype=np.float64) if some else 0.0
    return filled
