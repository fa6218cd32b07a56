"""When layers converge: the iteration from which the change of each stays below a limit."""

import numpy as np
from numpy.typing import NDArray

NEVER = -1


def settled_from(
    change: NDArray[np.floating],
    iterations: NDArray[np.integer],
    *,
    limit: float,
    of_peak: bool = False,
) -> NDArray[np.int32]:
    """Return the iteration from which each row of `change` [N, T] stays at most `limit`, i4 [N].

    NEVER (-1) where its last value is above the limit, or is not known: NaN and Inf count as above.
    With `of_peak` the limit is a share of the row's own largest finite value, so that layers of
    different sizes of change can be compared. A row that never changes converged at the first.
    """
    rows, columns = change.shape
    if not columns:
        return np.full(rows, NEVER, np.int32)
    bound = np.full(rows, float(limit))
    if of_peak:
        finite = np.where(np.isfinite(change), change, -np.inf)
        bound = limit * np.maximum(finite.max(axis=1), 0.0)
    with np.errstate(invalid="ignore"):
        above = ~(change <= bound[:, None])
    # The column after the last one that is above.
    last = columns - np.argmax(above[:, ::-1], axis=1)
    first = np.where(above.any(axis=1), last, 0)
    settled = np.where(first < columns, iterations[np.minimum(first, columns - 1)], NEVER)
    return settled.astype(np.int32)
