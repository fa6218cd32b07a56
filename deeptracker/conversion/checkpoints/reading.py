"""A series of checkpoints: of which iteration each is, and the arrays in it.

One file a kind: safetensors is read here, all others in a process apart (apart.py, confined.py).
"""

import contextlib
import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from deeptracker.conversion.checkpoints import finding, kinds, safetensors_file
from deeptracker.conversion.checkpoints.apart import read_apart
from deeptracker.conversion.checkpoints.computed import computed
from deeptracker.conversion.checkpoints.contents import Contents, Facts
from deeptracker.conversion.checkpoints.finding import Checkpoint, Found
from deeptracker.conversion.checkpoints.names import forward_order, is_buffer, without_wrappers
from deeptracker.errors import LogError

__all__ = [
    "Checkpoint", "Contents", "Facts", "Found", "arrays_of", "contents_of", "facts_of",
    "find_checkpoints", "look_ahead",
]  # fmt: skip


def find_checkpoints(folder: Path) -> Found:
    """Return the checkpoints in a folder; see finding.find_checkpoints.

    Of those whose names have no number, the files tell the iteration: Lightning's `last.ckpt` does.
    """
    return finding.find_checkpoints(folder, facts_of)


def facts_of(path: Path) -> Facts:
    """Return what a file says beside its weights; LogError where it cannot be read."""
    return _stored(path, arrays=False).facts


def arrays_of(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """Return the floating-point arrays of a checkpoint by name, f4 or f8, in an order for people.

    Raises LogError where a file cannot be read, or holds more than weights.
    """
    return contents_of(checkpoint).arrays


def contents_of(checkpoint: Checkpoint) -> Contents:
    """Return the arrays of a checkpoint, as `arrays_of` does, and what it says beside them.

    Raises LogError where a file cannot be read, or holds more than weights.
    """
    found: dict[str, NDArray[Any]] = {}
    facts = Facts(remarks=list(checkpoint.remarks))
    sorted_by_name = True
    for path in checkpoint.files:
        part = _stored(path, arrays=True)
        if twice := found.keys() & part.arrays.keys():
            raise LogError(
                path,
                min(twice),
                f"is in another file of {path.parent.name} as well, as of a moving average, a "
                "second network, or a part of the same weight: name the one that is to be read in "
                'deeptracker.toml, as files = ["*/model.safetensors"]',
            )
        found.update(part.arrays)
        _add(facts, part.facts)
        sorted_by_name &= path.suffix == ".safetensors"
    whole, said = computed(without_wrappers(found))
    facts.remarks += said
    clean = {name: array for name, array in whole.items() if not is_buffer(name, array.shape)}
    names = forward_order(clean) if sorted_by_name else list(clean)
    return Contents({name: clean[name] for name in names}, facts)


def look_ahead(checkpoint: Checkpoint) -> None:
    """Have the system read the files of a checkpoint from disk while another one is worked on."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in checkpoint.files:
        with contextlib.suppress(OSError), path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


def _stored(path: Path, *, arrays: bool) -> Contents:
    kind = kinds.kind_of_folder(path) if path.is_dir() else kinds.kind_of_file(path)
    if kind != kinds.SAFETENSORS:
        return read_apart(path, kind or kinds.DCP, arrays=arrays)
    stored = safetensors_file.read(path)
    return Contents(safetensors_file.arrays(path, stored) if arrays else {}, stored.facts)


def _add(whole: Facts, part: Facts) -> None:
    """Take what another file of a checkpoint says."""
    if part.filter_axis is not None:
        whole.filter_axis = part.filter_axis
    whole.iteration = part.iteration if whole.iteration is None else whole.iteration
    whole.epoch = part.epoch if whole.epoch is None else whole.epoch
    whole.hyperparameters |= part.hyperparameters
    whole.remarks += [text for text in part.remarks if text not in whole.remarks]
