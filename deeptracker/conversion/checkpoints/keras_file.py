"""Keras's files: `.keras`, `.weights.h5`, and the older `.h5`, with filters turned to the front.

Called in a process apart; see apart.py.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.conversion.checkpoints.contents import (
    Array,
    Facts,
    Piece,
    Stored,
    add_hyperparameters,
    check_sizes,
    tell_left_out,
    whole_number,
)
from deeptracker.conversion.checkpoints.kernels import filters_first, shape_of_filters_first
from deeptracker.errors import LogError
from deeptracker.extras import needed

with needed("keras-files", "reading files of Keras"):
    import h5py

_WEIGHTS = "model.weights.h5"
_MOST_ENTRIES = 10_000
_MOST_TEXT = 16 * 2**20
_DEEPEST = 40
_MOST_OBJECTS = 200_000
# Arrays of layers of several; the log's names of the others' are `kernel`.
_NAMES = {
    "separable": ("depthwise_kernel", "pointwise_kernel"),
    "cell": ("kernel", "recurrent_kernel"),
}
# Of two axes in attention and in normalisation over several.
_NO_LAYERS = ("bias", "gamma", "beta")
_GROUPS = ("layers", "vars", "_layers", "model_weights")


def read_zip(path: Path) -> Stored:
    """Return what a `.keras` file holds."""
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if (
                len(entries) > _MOST_ENTRIES
                or sum(one.file_size for one in entries) > 8 * size + 2**20
            ):
                raise LogError(path, "", "claims entries larger than such a file can hold")
            weights = archive.read(_WEIGHTS)
            config = archive.getinfo("config.json")
            text = archive.read(config) if config.file_size <= _MOST_TEXT else b"{}"
    except (
        zipfile.BadZipFile,
        OSError,
        KeyError,
        ValueError,
        NotImplementedError,
        EOFError,
    ) as error:
        raise LogError(path, "", f"is no file of Keras, or is damaged ({error})") from error
    stored = _read(path, io.BytesIO(weights), len(weights))
    _add_settings(stored.facts, text)
    return stored


def read_hdf5(path: Path) -> Stored:
    """Return what a `.weights.h5` or an older `.h5` file holds."""
    return _read(path, path, path.stat().st_size)


def _read(path: Path, source: Any, size: int) -> Stored:
    stored = Stored(facts=Facts(filter_axis=0))
    try:
        file = h5py.File(source, "r")
        left: dict[str, list[str]] = {}
        for _, name, kind, dataset in sorted(_datasets(path, file)):
            if dataset.dtype.kind in "iu" and dataset.ndim > 1:  # quantised
                left.setdefault(dataset.dtype.name, []).append(name)
            _take(path, stored, name, kind, dataset)
        tell_left_out(stored.facts, left)
        stored.facts.iteration = _iteration(file)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, RecursionError) as error:
        raise LogError(path, "", f"is no file of Keras, or is damaged ({error})") from error
    check_sizes(path, stored.pieces, size)
    return stored


def _datasets(path: Path, file: Any) -> Iterator[tuple[int, str, str, Any]]:
    """Yield the place of an array among all, its name, the class of its layer, and itself.

    The places, where they were written, rise in the order of the layers; those of an older file do
    not, but its configuration tells. Links of all kinds but the plain one are refused: they may
    lead out of the file, or round in circles.
    """
    classes = _classes(file)
    order = {name: place for place, name in enumerate(classes)}
    waiting, seen = [(file, "", "", 0)], 0
    while waiting:
        group, name, kind, depth = waiting.pop()
        for key in group:
            seen += 1
            if seen > _MOST_OBJECTS or depth > _DEEPEST:
                raise LogError(path, name, "holds more than a file of Keras does")
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise LogError(path, f"{name}.{key}", "is a link, which no file of Keras has")
            if key.startswith("optimizer"):
                continue
            entry = group[key]
            if isinstance(entry, h5py.Dataset):
                _check(path, f"{name}.{key}", entry)
                layer = name.rpartition(".")[2]
                place = order.get(layer, h5py.h5o.get_info(entry.id).addr)
                yield place, _joined(name, _array_name(kind, key)), classes.get(layer, kind), entry
            else:
                below = _joined(name, _own(key, entry))
                waiting.append((entry, below, _kind(kind, key), depth + 1))


def _classes(file: Any) -> dict[str, str]:
    """Return the classes of layers by name, in their order, which an older file tells."""
    text = file.attrs.get("model_config", "{}")
    found: dict[str, str] = {}
    waiting: list[Any] = [json.loads(text)] if len(text) <= _MOST_TEXT else []
    while waiting:
        entry = waiting.pop()
        config = entry.get("config") if isinstance(entry, dict) else None
        if isinstance(config, dict) and isinstance(config.get("name"), str):
            found[config["name"]] = str(entry.get("class_name"))
            waiting += reversed(config.get("layers") or [])
    return found


def _check(path: Path, name: str, dataset: Any) -> None:
    if dataset.is_virtual or dataset.external:
        raise LogError(path, name, "has its numbers in another file, which no file of Keras has")


def _own(key: str, group: Any) -> str:
    """Return what a layer is called, which its variables say; "" for what only holds others."""
    if key in _GROUPS:
        return ""
    name = group["vars"].attrs.get("name") if isinstance(group.get("vars"), h5py.Group) else None
    return name if isinstance(name, str) and name else key


def _joined(above: str, own: str) -> str:
    # The older files repeat the name of a layer in that of its variables.
    if own and above.rpartition(".")[2] == own:
        return above
    return ".".join(filter(None, (above, own.replace("/", "."))))


def _kind(above: str, key: str) -> str:
    """Return the class of a layer: its group is called so, with a number after it."""
    if key in _GROUPS:
        return above
    return re.sub(r"_\d+$", "", key) if key != "cell" else "cell"


def _array_name(kind: str, key: str) -> str:
    number = int(key) if key.isdecimal() and len(key) < 6 else None
    if number is None:
        return key.partition(":")[0]
    heads = kind in ("query_dense", "key_dense", "value_dense")
    default = ("kernel", "bias") if heads else ("kernel",)
    names = next((names for word, names in _NAMES.items() if word in kind), default)
    return names[number] if number < len(names) else key


def _take(path: Path, stored: Stored, name: str, kind: str, dataset: Any) -> None:
    """Take an array of two axes or more."""
    if dataset.dtype.kind not in "fV" or dataset.ndim < 2 or not dataset.size:
        return
    if name.rpartition(".")[2] in _NO_LAYERS:
        return
    if dataset.dtype.kind == "V":
        stored.facts.remarks.append(f"left out, of a kind that HDF5 does not know: {name}")
        return
    words, wide = f"{kind} {name}", dataset.dtype.itemsize > 4
    shape = shape_of_filters_first(dataset.shape, words)
    stored.pieces[name] = Piece(shape, wide, partial(_numbers, path, name, dataset, words))


def _numbers(path: Path, name: str, dataset: Any, words: str) -> Array:
    try:
        found = np.asarray(dataset[()])
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise LogError(path, name, f"cannot be read; it is damaged ({error})") from error
    turned = filters_first(found, words)
    return np.ascontiguousarray(turned, dtype=np.float64 if found.itemsize > 4 else np.float32)


def _iteration(file: Any) -> int | None:
    """Return how many steps the optimizer took, where it was saved, too."""
    for place in ("optimizer/vars/0", "optimizer_weights/adam/iteration"):
        entry = file.get(place)
        if isinstance(entry, h5py.Dataset) and entry.shape == () and not entry.external:
            return whole_number(entry[()])
    return None


def _add_settings(facts: Facts, text: bytes) -> None:
    """Take what the configuration says of the optimizer."""
    try:
        compiled = json.loads(text).get("compile_config") or {}
        optimizer = compiled.get("optimizer") or {}
        add_hyperparameters(facts, optimizer.get("config") or {})
        add_hyperparameters(facts, {"optimizer": optimizer.get("class_name")})
    except (ValueError, AttributeError, RecursionError):
        facts.remarks.append("config.json could not be read: hyperparameters are missing")
