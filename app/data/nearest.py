"""The snapshot that an iteration is nearest to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def nearest(iterations: NDArray[np.integer[Any]], wanted: int) -> int:
    """Return the place of the snapshot nearest to an iteration, of at least one [T]."""
    return int(np.argmin(np.abs(iterations.astype(np.int64) - wanted)))
