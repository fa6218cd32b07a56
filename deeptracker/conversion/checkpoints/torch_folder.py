"""Folders of torch.distributed.checkpoint (DCP), put together from the parts of all processes.

Called in a process apart; see apart.py. Its `.metadata` is a pickle that torch's own careful
unpickler refuses; here it is read by one that knows the few classes of plain data that are in it.
"""

import io
import pickle
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributed.checkpoint import filesystem, metadata

from deeptracker.conversion.checkpoints.contents import (
    Array,
    Piece,
    Stored,
    check_sizes,
    whole_number,
)
from deeptracker.conversion.checkpoints.kinds import size_on_disk
from deeptracker.conversion.checkpoints.torch_file import STATES, load, widened
from deeptracker.errors import LogError

_METADATA = ".metadata"
_MOST_METADATA = 256 * 2**20
_KNOWN = {
    metadata.__name__: (
        "Metadata", "TensorStorageMetadata", "TensorProperties", "ChunkStorageMetadata",
        "BytesStorageMetadata", "MetadataIndex", "StorageMeta", "_MEM_FORMAT_ENCODING",
    ),
    filesystem.__name__: ("_StorageInfo",),
    "torch.serialization": ("_get_layout",),
    "torch": ("Size", *(n for n in dir(torch) if isinstance(getattr(torch, n), torch.dtype))),
    "collections": ("OrderedDict",),
}  # fmt: skip
_STEPS = ("global_step", "step", "iteration", "iter", "epoch")


def _nowhere(*_: str) -> str:
    return ""


class _Unpickler(pickle.Unpickler):
    """Knows the classes of `_KNOWN`, and no other."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "pathlib":
            return _nowhere  # the folder that it was written to
        if name not in _KNOWN.get(module, ()):
            raise pickle.UnpicklingError(f"names {module}.{name}, which no such file does")
        return super().find_class(module, name)


def read(path: Path) -> Stored:
    """Return the weights of a folder; LogError where it is incomplete, damaged or hostile."""
    found = _metadata(path / _METADATA)
    places: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for index, info in found.storage_data.items():
        places[index.fqn].append((index, info))
    names = _weights(found)
    stored = Stored()
    for key, name in names.items():
        entry = found.state_dict_metadata[key]
        wide = entry.properties.dtype == torch.float64
        shape = tuple(int(length) for length in entry.size)
        stored.pieces[name] = Piece(shape, wide, partial(_joined, path, key, entry, places[key]))
    if not stored.pieces:
        raise LogError(path / _METADATA, "", "names no weights")
    check_sizes(path / _METADATA, stored.pieces, size_on_disk(path))
    _read_steps(path, found, places, stored)
    return stored


def _metadata(path: Path) -> Any:
    """Return the directory of all parts, checked as far as it is used."""
    try:
        if path.stat().st_size > _MOST_METADATA:
            raise LogError(path, "", "is larger than such a file can be")
        found = _Unpickler(io.BytesIO(path.read_bytes())).load()
        if not isinstance(found, metadata.Metadata) or not isinstance(found.storage_data, dict):
            raise TypeError("it is no directory of a checkpoint")
        for entry in found.state_dict_metadata.values():
            if isinstance(entry, metadata.TensorStorageMetadata):
                _check_tensor(entry)
        for index, info in found.storage_data.items():
            if not (
                isinstance(index.fqn, str) and Path(info.relative_path).name == info.relative_path
            ):
                raise ValueError("it names a file outside its own folder")
            if info.offset < 0 or info.length < 0:
                raise ValueError("a part begins before its file")
    except LogError:
        raise
    except Exception as error:  # whatever a damaged pickle leads to
        raise LogError(path, "", f"is damaged, or of another release ({error})") from error
    return found


def _check_tensor(entry: Any) -> None:
    if not isinstance(entry.properties.dtype, torch.dtype):
        raise TypeError("a tensor has no type")
    for chunk in entry.chunks:
        for offset, length, whole in zip(chunk.offsets, chunk.sizes, entry.size, strict=True):
            if not 0 <= offset <= offset + length <= whole:
                raise ValueError("a part of a tensor lies outside of it")


def _weights(found: Any) -> dict[str, str]:
    """Return the keys of weights and their names: the parts of their paths below what they are of.

    The keys are dotted, as the names in a state dictionary are; the true paths are kept beside.
    """
    paths = found.planner_data if isinstance(found.planner_data, Mapping) else {}
    every = {
        key: tuple(map(str, paths.get(key, (key,))))
        for key, entry in found.state_dict_metadata.items()
        if isinstance(entry, metadata.TensorStorageMetadata)
        and entry.properties.dtype.is_floating_point
    }
    for depth in (1, 2):  # {"model": ...} or {"app": {"model": ...}}
        for state in STATES:
            below = {k: p[depth:] for k, p in every.items() if p[depth - 1 : depth] == (state,)}
            if below and all(below.values()):
                return {key: ".".join(path) for key, path in below.items()}
    rest = {k: p for k, p in every.items() if not p[0].startswith(("optim", "opt_", "lr_sched"))}
    prefixed = [k for k in rest if k.split(".", 1)[0] in STATES and "." in k]
    if len(prefixed) == len(rest):
        return {key: key.split(".", 1)[1] for key in rest}
    return {key: ".".join(path) for key, path in rest.items()}


def _joined(path: Path, key: str, entry: Any, places: list[tuple[Any, Any]]) -> Array:
    """Return a tensor from its parts; LogError where one is missing."""
    wide = entry.properties.dtype == torch.float64
    whole = np.empty(tuple(entry.size), dtype=np.float64 if wide else np.float32)
    starts = {tuple(index.offset or (0,) * whole.ndim): info for index, info in places}
    filled = 0
    for chunk in entry.chunks:
        info = starts.get(tuple(chunk.offsets))
        if info is None:
            raise LogError(path / _METADATA, key, "has no place for a part of the tensor")
        part = _part(path, key, info)
        if not isinstance(part, Tensor) or part.shape != chunk.sizes:
            raise LogError(path / info.relative_path, key, "holds another tensor than it should")
        at = tuple(slice(o, o + n) for o, n in zip(chunk.offsets, chunk.sizes, strict=True))
        whole[at] = widened(part)
        filled += part.numel()
    if filled != whole.size:
        raise LogError(path / _METADATA, key, "has parts that do not make up the tensor")
    return whole


def _part(path: Path, key: str, info: Any) -> Any:
    file = path / info.relative_path
    if getattr(info, "transform_descriptors", None):
        raise LogError(file, key, "is compressed; save the checkpoint without extensions")
    try:
        if not file.is_file():
            raise LogError(file, key, "is not there; the folder is incomplete")
        with file.open("rb") as opened:
            if file.resolve().parent != path.resolve():
                raise LogError(file, key, "leads out of its folder")
            if info.offset + info.length > file.stat().st_size:
                raise LogError(file, key, "is cut off; the folder is incomplete")
            opened.seek(info.offset)
            return load(file, io.BytesIO(opened.read(info.length)), what=key)
    except OSError as error:
        raise LogError(file, key, f"cannot be read ({error.strerror})") from error


def _read_steps(path: Path, found: Any, places: Mapping[str, list[Any]], stored: Stored) -> None:
    """Take the iteration and the epoch, which are small files of their own within the parts."""
    for key, entry in found.state_dict_metadata.items():
        last = key.rpartition(".")[2]
        if last not in _STEPS or key.startswith("optim") or not places[key]:
            continue
        if isinstance(entry, metadata.BytesStorageMetadata):
            number = whole_number(_part(path, key, places[key][0][1]))
        elif tuple(entry.size) == ():
            part = _part(path, key, places[key][0][1])
            number = whole_number(part.item() if isinstance(part, Tensor) else None)
        else:
            continue
        if last == "epoch":
            stored.facts.epoch = number
        elif stored.facts.iteration is None:
            stored.facts.iteration = number
