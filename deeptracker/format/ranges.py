"""Which values the arrays of a snapshot may hold: what cannot be is refused before it is stored."""

from collections.abc import Mapping
from functools import lru_cache
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
        # Most often all have one, and need no copy to be told.
        if manifest.version > 1 and not (len(named) and 0 <= named.min() <= named.max() < classes):
            named = prediction[~is_no_prediction(prediction)]
        if len(named) and (int(named.max()) >= classes or int(named.min()) < 0):
            raise LogError(path, "prediction", f"names a class outside 0..{classes - 1}")


def _check_layers(path: Path, arrays: Arrays, manifest: Manifest) -> None:
    parameters = np.array([layer.parameters for layer in manifest.layers], np.float64)
    for name, array in arrays.items():
        family, _, quantity = name.partition(".")
        if family == "statistics":
            limit = parameters if quantity in QUANTITIES else None
            if _fit(array, limit):
                continue
            for column, most in _COLUMNS.items():
                _within(path, f"{name}[{column}]", array[:, STATISTICS.index(column)], most)
            for column in _COUNTS:
                counts = array[:, STATISTICS.index(column)]
                _within(path, f"{name}[{column}]", counts, _most_counted(len(array), limit))
        elif family == "histogram":
            _within(path, name, array.sum(axis=1, dtype=np.uint64), parameters)


def _fit(table: NDArray[np.float32], parameters: NDArray[np.float64] | None) -> bool:
    """Return whether all columns of a table of statistics are within their limits."""
    counted = None if parameters is None else parameters.tobytes()
    least, most = _limits(table.shape, counted)
    return not ((table < least) | (table > most)).any()


@lru_cache(maxsize=16)
def _limits(
    shape: tuple[int, int], counted: bytes | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the least and largest values of a table, made once for all snapshots of a run.

    `counted` are the bytes of the parameters of its layers.
    """
    parameters = None if counted is None else np.frombuffer(counted, np.float64)
    least = np.full(shape[1], -np.inf, np.float32)
    most = np.full(shape, np.inf, np.float32)
    least[[STATISTICS.index(name) for name in (*_COLUMNS, *_COUNTS)]] = 0
    for column, limit in _COLUMNS.items():
        most[:, STATISTICS.index(column)] = limit
    for column in _COUNTS:
        most[:, STATISTICS.index(column)] = _most_counted(shape[0], parameters)
    return least, most


def _most_counted(layers: int, parameters: NDArray[np.float64] | None) -> NDArray[np.float32]:
    """Return how much may be counted in each layer; of activations as many as images make."""
    if parameters is None:
        return np.full(layers, np.inf, np.float32)
    # A count is stored in float32, which rounds large ones.
    return parameters.astype(np.float32)


def _plain(values: NDArray[Any], most: float) -> bool:
    """Return whether all floats are from 0 to `most`; some that are may be said not to be.

    Without a sign, floats have the order of their bits, and NaN is above all of them.
    """
    bits = np.dtype(f"<u{values.itemsize}")
    highest = np.array(most, values.dtype).view(bits)
    return bool(values.view(bits).max(initial=0) <= highest)


def _within(path: Path, name: str, values: NDArray[Any], most: float | NDArray[Any]) -> None:
    if isinstance(most, float) and values.flags.c_contiguous and _plain(values, most):
        return
    wrong = (values < 0) | (values > most)
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        limit = np.broadcast_to(most, values.shape).flat[index]
        raise LogError(
            path, name, f"is {values.flat[index]} at place {index}; allowed are 0 to {limit:g}"
        )
