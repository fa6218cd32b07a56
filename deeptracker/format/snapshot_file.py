"""One snapshot file: which arrays it holds; read with every array checked, written whole."""

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format import ranges
from deeptracker.format.container import Container, unpack
from deeptracker.format.entries import MAX_TIME, check_name
from deeptracker.format.files import read_limited
from deeptracker.format.known import known_arrays
from deeptracker.format.manifest import Contents, Manifest
from deeptracker.format.origin import (
    check_origin,
    check_rising,
    generation_of,
    iteration_of,
    number_of,
    write_recorded,
)
from deeptracker.format.snapshot import MAX_ITERATION, Series, Snapshot, prediction_dtype

MAX_SCALARS = 1_000
MAX_SCALAR_VALUES = 4_000_000
# What a file may hold beside its required arrays: scalars, and arrays of newer writers.
MAX_BESIDES = 128 * 2**20

# Dtype and shape.
Kind = tuple[np.dtype[Any], tuple[int, ...]]

_F4 = np.dtype("<f4")
_PREFIX = "scalar."
_SUFFIXES = (".iterations", ".values")


def arrays_of(manifest: Manifest) -> Mapping[str, Kind]:
    """Return dtype and shape of every array that a snapshot of this run may have, but scalars."""
    images = len(manifest.images.class_id)
    dtype = _stored_prediction(manifest)
    return _arrays_of(manifest.contents, len(manifest.layers), manifest.filters, images, dtype)


@lru_cache(maxsize=16)
def _arrays_of(
    has: Contents, layers: int, filters: int, images: int, prediction: np.dtype[Any]
) -> Mapping[str, Kind]:
    """Return the same, made once for all snapshots of a run."""
    arrays: dict[str, Kind] = {}
    for quantity in (*has.quantities, *has.optional):
        arrays[f"statistics.{quantity}"] = (_F4, (layers, len(has.statistics)))
    for quantity in has.quantities:
        arrays[f"histogram.{quantity}"] = (np.dtype("<u4"), (layers, len(has.edges) + 1))
    arrays["bands"] = (_F4, (layers, len(has.bands)))
    for name in has.filters:
        arrays[f"filter.{name}"] = (_F4, (filters,))
    if images:
        arrays["prediction"] = (prediction, (images,))
        arrays["probability"] = (np.dtype("<f2"), (images,))
    return MappingProxyType(arrays)


def required_arrays(manifest: Manifest) -> dict[str, Kind]:
    """Return dtype and shape of every array that a snapshot MUST have."""
    may_lack = {f"statistics.{name}" for name in manifest.contents.optional}
    if manifest.version > 1:
        # A validation that failed once, or is rarer than the statistics, is not there.
        may_lack |= {"prediction", "probability"}
    return {name: kind for name, kind in arrays_of(manifest).items() if name not in may_lack}


def _stored_prediction(manifest: Manifest) -> np.dtype[Any]:
    classes = len(manifest.classes)
    # In version 1 there was no class 65,535 to be kept free.
    return prediction_dtype(classes - 1 if manifest.version == 1 else classes)


def write_snapshot(path: Path, manifest: Manifest, snapshot: Snapshot) -> None:
    """Write `snapshot` to `path`, complete or not at all.

    Raises LogError, which names the array, where a reader would refuse it; OSError where the disk
    is full.
    """
    texts = {"epoch": repr(float(snapshot.epoch))}
    write_recorded(path, manifest, snapshot, _arrays(path, snapshot), texts, parse_snapshot)


def _arrays(path: Path, snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"bands": snapshot.bands}
    arrays |= {f"statistics.{name}": value for name, value in snapshot.statistics.items()}
    arrays |= {f"histogram.{name}": value for name, value in snapshot.histogram.items()}
    arrays |= {f"filter.{name}": value for name, value in snapshot.filters.items()}
    if snapshot.prediction is not None:
        arrays["prediction"] = snapshot.prediction
    if snapshot.probability is not None:
        arrays["probability"] = snapshot.probability
    for name, series in snapshot.scalars.items():
        check_name(path, f"{_PREFIX}{name}", name)
        arrays[f"{_PREFIX}{name}.iterations"] = series.iterations
        arrays[f"{_PREFIX}{name}.values"] = series.values
    return arrays


def read_snapshot(path: Path, manifest: Manifest) -> Snapshot:
    """Read and check one snapshot file; unknown arrays are ignored.

    Raises LogError, which names the array, for a torn file, a missing or misshapen array, another
    run's snapshot.
    """
    return parse_snapshot(path, read_limited(path, most_bytes(manifest)), manifest)


def most_bytes(manifest: Manifest) -> int:
    """Return how large a snapshot file of this run may be."""
    shapes = arrays_of(manifest).values()
    expected = sum(math.prod(shape) * dtype.itemsize for dtype, shape in shapes)
    return 2 * expected + MAX_BESIDES


def parse_snapshot(path: Path, data: bytes, manifest: Manifest) -> Snapshot:
    """Return what the bytes of a snapshot file say; `path` is only named in errors, see above."""
    container = unpack(path, data)
    check_origin(container, manifest)
    required = required_arrays(manifest)
    wanted = {
        name: kind
        for name, kind in arrays_of(manifest).items()
        if name in required or name in container.names
    }
    for name, other in (("prediction", "probability"), ("probability", "prediction")):
        if name in container.names and name not in wanted:
            raise LogError(path, name, "is there, but the manifest has no images")
        if name in wanted and other not in wanted:
            raise LogError(path, other, f"is missing, though {name} is there")
    arrays = known_arrays(
        {name: container.array(name, *kind) for name, kind in wanted.items()}, manifest
    )
    ranges.check(path, arrays, manifest)

    def family(prefix: str) -> dict[str, NDArray[Any]]:
        return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}

    return Snapshot(
        iteration=iteration_of(container),
        epoch=number_of(container, "epoch", unknown=True),
        recorded_at=number_of(container, "recorded_at", most=MAX_TIME, unknown=True),
        statistics=family("statistics."),
        histogram=family("histogram."),
        bands=arrays["bands"],
        filters=family("filter."),
        prediction=arrays.get("prediction"),
        probability=arrays.get("probability"),
        scalars=_scalars(container),
        generation=generation_of(container),
    )


def _scalars(container: Container) -> dict[str, Series]:
    names = {
        array[len(_PREFIX) : -len(suffix)]
        for array in container.names
        for suffix in _SUFFIXES
        if array.startswith(_PREFIX)
        and array.endswith(suffix)
        and len(array) >= len(_PREFIX) + len(suffix)
    }
    if len(names) > MAX_SCALARS:
        raise LogError(
            container.path, "scalar", f"has {len(names)} names; {MAX_SCALARS} are allowed"
        )
    return {name: _series(container, name) for name in sorted(names)}


def _series(container: Container, name: str) -> Series:
    path, field = container.path, f"{_PREFIX}{name}"
    check_name(path, field, name)
    length = math.prod(container.shape(f"{field}.values"))
    if length > MAX_SCALAR_VALUES:
        raise LogError(path, f"{field}.values", f"has more than {MAX_SCALAR_VALUES} values")
    values = container.array(f"{field}.values", np.dtype("<f8"), (length,))
    iterations = container.array(f"{field}.iterations", np.dtype("<i8"), (length,))
    if length:
        check_rising(path, f"{field}.iterations", iterations, 0, MAX_ITERATION)
    return Series(iterations, values)
