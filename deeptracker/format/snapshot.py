"""One snapshot file: which arrays it holds, reading with every array checked, writing."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from deeptracker.errors import LogError, UnknownVersion
from deeptracker.format.entries import check_text
from deeptracker.format.files import atomic_write, read_limited
from deeptracker.format.manifest import Manifest
from deeptracker.format.names import (
    BAND_THRESHOLDS,
    BINS,
    FILTER_QUANTITIES,
    OPTIONAL_QUANTITIES,
    QUANTITIES,
    STATISTICS,
    VERSION,
)

MAX_ITERATION = 2**31 - 1
MAX_SCALARS = 1_000
MAX_SCALAR_VALUES = 4_000_000


@dataclass(frozen=True)
class Series:
    """A scalar since the previous snapshot: rising iterations i8 [n] and values f8 [n]."""

    iterations: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Snapshot:
    """What was recorded at one sampled iteration.

    Arrays, with L layers, S statistics, B bins, F filters, N images of the manifest:
    `statistics` f4 [L, S] by quantity (NaN: not defined, or the weights themselves are not
    finite), `histogram` u4 [L, B] by quantity, `bands` f4 [L, 7] (shares 0..1), `filters` f4 [F]
    by filter quantity (NaN: no previous snapshot, no gradient, or not finite), `prediction`
    u2 or i4 [N], `probability` f2 [N] of the true class (NaN where the network gave none); both
    None where the run validates nothing. `epoch` may be a fraction, NaN: not known;
    `recorded_at` is in seconds since 1970 (UTC).
    """

    iteration: int
    epoch: float
    recorded_at: float
    statistics: Mapping[str, NDArray[np.float32]]
    histogram: Mapping[str, NDArray[np.uint32]]
    bands: NDArray[np.float32]
    filters: Mapping[str, NDArray[np.float32]]
    prediction: NDArray[np.integer[Any]] | None = None
    probability: NDArray[np.float16] | None = None
    scalars: Mapping[str, Series] = field(default_factory=dict)


def prediction_dtype(classes: int) -> np.dtype[Any]:
    """Return the dtype of predicted classes: u2 up to 65,536 classes, else i4."""
    return np.dtype("<u2" if classes <= 2**16 else "<i4")


def _required(manifest: Manifest) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Return dtype and shape of every array that a snapshot MUST have."""
    layers, images = len(manifest.layers), len(manifest.images.class_id)
    f4 = np.dtype("<f4")
    arrays: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    for quantity in QUANTITIES:
        arrays[f"statistics.{quantity}"] = (f4, (layers, len(STATISTICS)))
        arrays[f"histogram.{quantity}"] = (np.dtype("<u4"), (layers, BINS))
    arrays["bands"] = (f4, (layers, len(BAND_THRESHOLDS)))
    for name in FILTER_QUANTITIES:
        arrays[f"filter.{name}"] = (f4, (manifest.filters,))
    if images:
        arrays["prediction"] = (prediction_dtype(len(manifest.classes)), (images,))
        arrays["probability"] = (np.dtype("<f2"), (images,))
    return arrays


def write_snapshot(path: Path, manifest: Manifest, snapshot: Snapshot) -> None:
    """Write `snapshot` to `path`, complete or not at all.

    Raises LogError where an array does not fit the manifest, OSError where the disk is full.
    """
    arrays = _arrays(snapshot)
    for name, (dtype, shape) in _required(manifest).items():
        _check(path, name, arrays.get(name), dtype, shape)
    metadata = {
        "version": str(VERSION),
        "run": manifest.run,
        "iteration": str(snapshot.iteration),
        "epoch": repr(float(snapshot.epoch)),
        "recorded_at": repr(float(snapshot.recorded_at)),
    }
    atomic_write(path, save(arrays, metadata))


def _arrays(snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"bands": snapshot.bands}
    arrays |= {f"statistics.{name}": value for name, value in snapshot.statistics.items()}
    arrays |= {f"histogram.{name}": value for name, value in snapshot.histogram.items()}
    arrays |= {f"filter.{name}": value for name, value in snapshot.filters.items()}
    if snapshot.prediction is not None and snapshot.probability is not None:
        arrays["prediction"] = snapshot.prediction
        arrays["probability"] = snapshot.probability
    for name, series in snapshot.scalars.items():
        arrays[f"scalar.{name}.iterations"] = series.iterations
        arrays[f"scalar.{name}.values"] = series.values
    return {name: np.ascontiguousarray(value) for name, value in arrays.items()}


def read_snapshot(path: Path, manifest: Manifest) -> Snapshot:
    """Read and check one snapshot file; unknown arrays are ignored.

    Raises UnknownVersion for another version of the format, LogError, which names the array, for
    anything else: a torn file, a missing or misshapen array, another run's snapshot.
    """
    required = _required(manifest)
    expected = sum(math.prod(shape) * dtype.itemsize for dtype, shape in required.values())
    data = read_limited(path, 4 * expected + 256 * 2**20)
    metadata = _metadata(path, data)
    try:
        arrays = load(data)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise LogError(path, "", f"is damaged or no snapshot ({error})") from error
    _check_version(path, metadata)
    if metadata.get("run") != manifest.run:
        raise LogError(path, "run", f"is {metadata.get('run')!r}, not the run of the manifest")
    checked = {
        name: _check(path, name, arrays.get(name), dtype, shape)
        for name, (dtype, shape) in required.items()
    }
    _check_predictions(path, checked, manifest)
    _check_bands(path, checked["bands"])
    quantities = QUANTITIES + _optional(path, arrays, manifest, checked)
    return Snapshot(
        iteration=_iteration(path, metadata),
        epoch=_number(path, metadata, "epoch"),
        recorded_at=_number(path, metadata, "recorded_at", finite=True),
        statistics={name: checked[f"statistics.{name}"] for name in quantities},
        histogram={name: checked[f"histogram.{name}"] for name in QUANTITIES},
        bands=checked["bands"],
        filters={name: checked[f"filter.{name}"] for name in FILTER_QUANTITIES},
        prediction=checked.get("prediction"),
        probability=checked.get("probability"),
        scalars=_scalars(path, arrays),
    )


def _metadata(path: Path, data: bytes) -> dict[str, str]:
    """Return the text entries of the header; safetensors checks the rest of the file."""
    try:
        length = int.from_bytes(data[:8], "little")
        if len(data) < 8 or length > len(data) - 8:
            raise ValueError("the file ends within its header")
        header = json.loads(data[8 : 8 + length])
        metadata = header["__metadata__"]
        return {str(key): str(value) for key, value in metadata.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LogError(path, "header", f"is damaged or of no snapshot ({error})") from error


def _check_version(path: Path, metadata: Mapping[str, str]) -> None:
    found = metadata.get("version")
    if found != str(VERSION):
        raise UnknownVersion(
            path, "version", f"is {found!r}, but this DeepTracker reads version {VERSION}"
        )


def _check(
    path: Path, name: str, array: NDArray[Any] | None, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    if array is None:
        raise LogError(path, name, "is missing")
    if array.dtype != dtype:
        raise LogError(path, name, f"has dtype {array.dtype}, expected {dtype}")
    if array.shape != shape:
        raise LogError(
            path, name, f"has shape {list(array.shape)}, expected {list(shape)} by the manifest"
        )
    return array


def _check_predictions(path: Path, arrays: Mapping[str, NDArray[Any]], manifest: Manifest) -> None:
    if "prediction" not in arrays:
        return
    prediction, probability = arrays["prediction"], arrays["probability"]
    classes = len(manifest.classes)
    if int(prediction.max()) >= classes or int(prediction.min()) < 0:
        raise LogError(path, "prediction", f"names a class outside 0..{classes - 1}")
    # NaN passes: a network that diverged gives no probability.
    if bool(((probability < 0) | (probability > 1)).any()):
        raise LogError(path, "probability", "has values outside 0..1")


def _check_bands(path: Path, bands: NDArray[np.float32]) -> None:
    if bool(((bands < 0) | (bands > 1)).any()):
        raise LogError(path, "bands", "has shares outside 0..1")


def _optional(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    manifest: Manifest,
    checked: dict[str, NDArray[Any]],
) -> tuple[str, ...]:
    found = tuple(name for name in OPTIONAL_QUANTITIES if f"statistics.{name}" in arrays)
    for name in found:
        key = f"statistics.{name}"
        shape = (len(manifest.layers), len(STATISTICS))
        checked[key] = _check(path, key, arrays[key], np.dtype("<f4"), shape)
    return found


def _iteration(path: Path, metadata: Mapping[str, str]) -> int:
    text = metadata.get("iteration", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MAX_ITERATION:
        raise LogError(path, "iteration", f"{text[:40]!r} is no whole number up to {MAX_ITERATION}")
    return int(text)


def _number(path: Path, metadata: Mapping[str, str], name: str, *, finite: bool = False) -> float:
    try:
        value = float(metadata[name])
    except (KeyError, ValueError) as error:
        raise LogError(path, name, "is missing or no number") from error
    if math.isinf(value) or (finite and math.isnan(value)):
        raise LogError(path, name, "is not finite")
    return value


def _scalars(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Series]:
    suffix = ".values"
    names = [n[7 : -len(suffix)] for n in arrays if n.startswith("scalar.") and n.endswith(suffix)]
    if len(names) > MAX_SCALARS:
        raise LogError(path, "scalar", f"has {len(names)} names; {MAX_SCALARS} are allowed")
    found = {}
    for name in sorted(names):
        field_name = f"scalar.{name}"
        check_text(path, field_name, name)
        values = arrays[f"{field_name}{suffix}"]
        _check(path, f"{field_name}{suffix}", values, np.dtype("<f8"), (len(values.reshape(-1)),))
        iterations = _check(
            path,
            f"{field_name}.iterations",
            arrays.get(f"{field_name}.iterations"),
            np.dtype("<i8"),
            values.shape,
        )
        if len(values) > MAX_SCALAR_VALUES:
            raise LogError(path, field_name, f"has more than {MAX_SCALAR_VALUES} values")
        if len(values) and (
            int(iterations[0]) < 0
            or int(iterations[-1]) > MAX_ITERATION
            or bool((np.diff(iterations) <= 0).any())
        ):
            raise LogError(path, f"{field_name}.iterations", "must rise within 0..2**31 - 1")
        found[name] = Series(iterations, values)
    return found
