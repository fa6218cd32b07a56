"""The arrays of a log of any version as this version knows them: columns by name, gaps as NaN."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format.manifest import Contents, Manifest
from deeptracker.format.names import (
    BAND_THRESHOLDS,
    FILTER_QUANTITIES,
    OPTIONAL_QUANTITIES,
    QUANTITIES,
    STATISTICS,
)
from deeptracker.format.snapshot import prediction_dtype

Arrays = Mapping[str, NDArray[Any]]

_OURS = Contents()


def known_arrays(arrays: Arrays, manifest: Manifest) -> dict[str, NDArray[Any]]:
    """Return the arrays of a snapshot file in the order and with the columns of this version.

    What the log has besides is left out; a statistic, a band or a filter quantity that it lacks
    is NaN. A quantity that it lacks, and a histogram of other bins, is absent.
    """
    found = {name: array for name, array in arrays.items() if "." not in name}
    has = manifest.contents
    for quantity in (*QUANTITIES, *OPTIONAL_QUANTITIES):
        if (table := arrays.get(f"statistics.{quantity}")) is not None:
            found[f"statistics.{quantity}"] = _columns(table, has.statistics, STATISTICS)
        if (counts := arrays.get(f"histogram.{quantity}")) is not None and has.edges == _OURS.edges:
            found[f"histogram.{quantity}"] = counts
    found["bands"] = _columns(arrays["bands"], has.bands, BAND_THRESHOLDS)
    for name in FILTER_QUANTITIES:
        array = arrays.get(f"filter.{name}")
        if array is None:
            array = np.full(manifest.filters, np.nan, np.float32)
        found[f"filter.{name}"] = array
    if "prediction" in found:
        dtype = prediction_dtype(len(manifest.classes))
        found["prediction"] = found["prediction"].astype(dtype, copy=False)
    return found


def _columns(table: NDArray[Any], there: Sequence[Any], known: Sequence[Any]) -> NDArray[Any]:
    if tuple(there) == tuple(known):
        return table
    place = {name: column for column, name in enumerate(there)}
    found = np.full((len(table), len(known)), np.nan, dtype=table.dtype)
    for column, name in enumerate(known):
        if name in place:
            found[:, column] = table[:, place[name]]
    return found
