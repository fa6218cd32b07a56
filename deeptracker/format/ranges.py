"""Which values the arrays of a snapshot may hold: what cannot be is refused before it is stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.catalogue import FILTERS, LAYER_STATISTICS
from deeptracker.errors import LogError
from deeptracker.format.manifest import Manifest
from deeptracker.format.names import QUANTITIES, STATISTICS
from deeptracker.format.snapshot import is_no_prediction

Arrays = Mapping[str, NDArray[Any]]

# Largest value of the columns that cannot be negative, and those that count parameters.
_COLUMNS = {one.name: one.most for one in LAYER_STATISTICS if one.most is not None}
_COUNTS = tuple(one.name for one in LAYER_STATISTICS if one.format == "integer")


def check(path: Path, arrays: Arrays, manifest: Manifest) -> None:
    """Raise LogError, which names the array, where a value cannot be. NaN passes everywhere."""
    _check_layers(path, arrays, manifest)
    _within(path, "bands", arrays["bands"], 1.0)
    for one in FILTERS:
        if one.most is not None:
            _within(path, f"filter.{one.name}", arrays[f"filter.{one.name}"], one.most)
    if "prediction" in arrays:
        # NaN: a network that diverged gives no probability.
        _within(path, "probability", arrays["probability"], 1.0)
        prediction, classes = arrays["prediction"], len(manifest.classes)
        named = prediction
        if manifest.version > 1:
            named = prediction[~is_no_prediction(prediction)]
        if len(named) and (int(named.max()) >= classes or int(named.min()) < 0):
            raise LogError(path, "prediction", f"names a class outside 0..{classes - 1}")


def _check_layers(path: Path, arrays: Arrays, manifest: Manifest) -> None:
    parameters = np.array([layer.parameters for layer in manifest.layers], np.float64)
    for name, array in arrays.items():
        family, _, quantity = name.partition(".")
        if family == "statistics":
            for column, most in _COLUMNS.items():
                _within(path, f"{name}[{column}]", array[:, STATISTICS.index(column)], most)
            # Activations are as many as the images make them.
            limit = parameters if quantity in QUANTITIES else np.full_like(parameters, np.inf)
            for column in _COUNTS:
                counts = array[:, STATISTICS.index(column)]
                # A count is stored in float32, which rounds large ones.
                _within(path, f"{name}[{column}]", counts, limit.astype(np.float32))
        elif family == "histogram":
            _within(path, name, array.sum(axis=1, dtype=np.uint64), parameters)


def _within(path: Path, name: str, values: NDArray[Any], most: float | NDArray[Any]) -> None:
    wrong = (values < 0) | (values > most)
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        limit = np.broadcast_to(most, values.shape).flat[index]
        raise LogError(
            path, name, f"is {values.flat[index]} at place {index}; allowed are 0 to {limit:g}"
        )
