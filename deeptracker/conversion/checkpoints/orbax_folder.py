"""Folders of Orbax (JAX, Flax), read by tensorstore alone. Called in a process apart; see apart.py.

`_METADATA` has the true keys of every array: in the store, a key with a dot and one within another
look alike.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.conversion.checkpoints.contents import (
    Array,
    Piece,
    Stored,
    check_sizes,
    tell_left_out,
    whole_number,
)
from deeptracker.conversion.checkpoints.kernels import filters_first, shape_of_filters_first
from deeptracker.conversion.checkpoints.kinds import orbax_tree, size_on_disk
from deeptracker.errors import LogError
from deeptracker.extras import needed

with needed("orbax", "reading folders of Orbax"):
    import tensorstore

_METADATA = "_METADATA"
_MOST_METADATA = 256 * 2**20
# What training keeps beside its parameters, and the names that only hold them.
_OTHERS = ("opt_state", "optimizer", "opt", "rng", "batch_stats", "ema")
_HOLDERS = ("params", "model", "state", "train_state")
_STEPS = ("step", "global_step", "iteration")
# What stands after the name of an array in Flax's newer modules.
_VALUES = ("value", "raw_value")


def read(path: Path) -> Stored:
    """Return the parameters in a folder; LogError where it is incomplete, damaged or hostile."""
    tree = orbax_tree(path)
    if tree is None:
        raise LogError(path, "", "is no folder of Orbax")
    _refuse_links(tree)
    document = _metadata(tree / _METADATA)
    stored = Stored()
    stored.facts.filter_axis = 0
    left: dict[str, list[str]] = {}
    for keys, kind in _keys(tree, document):
        if len(keys) == 1 and keys[0] in _STEPS:
            stored.facts.iteration = whole_number(_opened(tree, document, keys).read().result())
        elif ("Array" in kind or kind == "np.ndarray") and not set(keys) & set(_OTHERS):
            _take(tree, document, keys, stored, left)
    tell_left_out(stored.facts, left)
    if not stored.pieces:
        raise LogError(tree / _METADATA, "", "names no parameters with two axes or more")
    check_sizes(tree, stored.pieces, size_on_disk(tree))
    return stored


def _refuse_links(tree: Path) -> None:
    for one in tree.rglob("*"):
        if one.is_symlink() and not one.resolve().is_relative_to(tree.resolve()):
            raise LogError(one, "", "leads out of its folder")


def _metadata(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_METADATA:
            raise ValueError("it is larger than such a file can be")
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict):
            raise TypeError("it is no object")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise LogError(path, "", f"cannot be read ({error})") from error
    return found


def _keys(tree: Path, document: dict[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return the path to every leaf and its kind."""
    try:
        return [
            (
                tuple(str(key["key"]) for key in entry["key_metadata"]),
                str(entry["value_metadata"]["value_type"]),
            )
            for entry in document["tree_metadata"].values()
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise LogError(tree / _METADATA, "tree_metadata", f"is damaged ({error})") from error


def _take(
    tree: Path,
    document: dict[str, Any],
    keys: tuple[str, ...],
    stored: Stored,
    left: dict[str, list[str]],
) -> None:
    """Take an array of two axes or more; in `left` those of whole numbers, such as quantised."""
    array = _opened(tree, document, keys)
    kind = np.dtype(array.dtype.numpy_dtype)
    if kind.kind in "iu" and len(array.shape) > 1:
        left.setdefault(kind.name, []).append(_name(keys))
    if not (kind.kind == "f" or "float" in kind.name) or len(array.shape) < 2:
        return
    name = _name(keys)
    shape = shape_of_filters_first(tuple(array.shape), name)
    read_it = partial(_numbers, tree, name, array)
    stored.pieces[name] = Piece(shape, kind == np.float64, read_it)


def _name(keys: tuple[str, ...]) -> str:
    kept = list(keys)
    while len(kept) > 1 and kept[0] in _HOLDERS:
        del kept[0]
    while len(kept) > 1 and kept[-1] in _VALUES:
        del kept[-1]
    return ".".join(kept)


def _opened(tree: Path, document: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """Open an array in the one store or folder that is expected, whatever the folder says."""
    name = ".".join(keys)
    base = tree.resolve().as_posix() + "/"
    if document.get("use_ocdbt", False):
        store: dict[str, Any] = {"driver": "ocdbt", "base": f"file://{base}", "path": f"{name}/"}
    else:
        store = {"driver": "file", "path": f"{base}{name}/"}
    driver = "zarr3" if document.get("use_zarr3") else "zarr"
    try:
        return tensorstore.open({"driver": driver, "kvstore": store}, open=True, read=True).result()
    except (ValueError, OSError, RuntimeError, OverflowError) as error:
        raise _damaged(tree, name, error) from error


def _numbers(tree: Path, name: str, array: Any) -> Array:
    try:
        found = np.asarray(array.read().result())
    except (ValueError, OSError, RuntimeError) as error:
        raise _damaged(tree, name, error) from error
    turned = filters_first(found, name)
    kind = np.float64 if found.dtype == np.float64 else np.float32
    return np.ascontiguousarray(turned.astype(kind))


def _damaged(tree: Path, name: str, error: Exception) -> LogError:
    return LogError(tree, name, f"cannot be read; it is incomplete or damaged ({error!s:.200})")
