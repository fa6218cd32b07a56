"""Values within values: the parts of a row by their paths, and objects that name their kind."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from deeptracker.conversion.collected import Histogram

Path = tuple[str, ...]
_MAX_DEPTH = 100


def leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield the parts of a value with their paths; ValueError where it is nested too deeply."""
    if len(path) > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if not isinstance(value, dict):
        yield path, value
        return
    for name, inner in value.items():
        yield from leaves((*path, str(name)), inner)


def owners(row: Mapping[Path, Any]) -> dict[Path, str]:
    """Return the paths of the objects in a row, which have a part `_type`, and their kinds."""
    return {path[:-1]: kind for path, kind in row.items() if _names_kind(path, kind)}


def _names_kind(path: Path, kind: Any) -> bool:
    return len(path) > 1 and path[-1] == "_type" and isinstance(kind, str)


def histogram_of(row: Mapping[Path, Any], owner: Path) -> Histogram | None:
    """Return the histogram of rising bins at a path, None where it is none."""
    try:
        bins = np.array(row.get((*owner, "bins")), np.float64)
        values = np.array(row.get((*owner, "values")), np.float64)
    except (TypeError, ValueError):
        return None
    fits = bins.ndim == values.ndim == 1 and len(bins) == len(values) + 1 and len(values) > 0
    if not fits or not np.isfinite(bins).all() or not (np.diff(bins) > 0).all():
        return None
    return Histogram(bins, values)
