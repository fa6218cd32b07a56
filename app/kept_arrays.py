"""Arrays as the bytes that are kept in the store beside the first answers of a run, and back."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def archived(arrays: Mapping[str, Any]) -> bytes:
    """Return arrays and numbers by name as numpy's own archive."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def arrays_in(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive by name; a number is one without dimensions."""
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}
