"""A series of checkpoints: which there are, of which iteration, and the arrays in each."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from deeptracker.errors import LogError

_SAFETENSORS = ".safetensors"
_PICKLED = (".pt", ".pth", ".ckpt", ".bin")
_INDEX = ".index.json"
# Files beside a model that are none.
_OTHERS = ("optimizer", "scheduler", "training_args", "rng_state", "scaler", "random_states")
_STEP = re.compile(r"(?:step|iter(?:ation)?)[s=_-]*(\d+)", re.IGNORECASE)
_EPOCH = re.compile(r"epoch[s=_-]*(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
# What scripts put a state dictionary under, and what wrappers put before the names in it.
_STATES = ("state_dict", "model_state_dict", "model", "module", "net", "network", "params")
_WRAPPERS = ("module.", "_orig_mod.")


@dataclass(frozen=True)
class Checkpoint:
    """The files of one checkpoint. `number` counts iterations, or epochs where `by_epoch`."""

    number: int
    by_epoch: bool
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Return what to call it in a sentence."""
        return str(self.files[0])


@dataclass(frozen=True)
class Found:
    """The checkpoints of a folder, rising by number, and the names of those without a number."""

    checkpoints: tuple[Checkpoint, ...]
    unnumbered: tuple[str, ...]


def find_checkpoints(folder: Path) -> Found:
    """Return the checkpoints in a folder: files, or folders such as `checkpoint-500`.

    Raises LogError where two are of the same iteration.
    """
    found: dict[tuple[bool, int], Checkpoint] = {}
    unnumbered = []
    for entry in sorted(folder.iterdir()):
        files = _model_files(entry) if entry.is_dir() else _single(entry)
        if not files:
            continue
        clock = _clock(entry.name if entry.is_dir() else entry.stem)
        if clock is None:
            unnumbered.append(entry.name)
            continue
        if (other := found.get(clock)) is not None:
            raise LogError(
                entry,
                "",
                f"is of the same iteration as {other.files[0].name}; leave one of them in the "
                "folder",
            )
        found[clock] = Checkpoint(clock[1], clock[0], files)
    # Where some tell steps and others epochs, the steps are what can be compared.
    steps = [one for (by_epoch, _), one in found.items() if not by_epoch]
    kept = steps or list(found.values())
    unnumbered += [one.files[0].name for one in found.values() if one not in kept]
    return Found(tuple(sorted(kept, key=lambda one: one.number)), tuple(unnumbered))


def _clock(name: str) -> tuple[bool, int] | None:
    """Return what a name counts (True: epochs) and the number; None where it has none."""
    if found := _STEP.search(name):
        return False, int(found[1])
    if found := _EPOCH.search(name):
        return True, int(found[1])
    numbers = _NUMBER.findall(name)
    return (False, int(numbers[-1])) if numbers else None


def _single(path: Path) -> tuple[Path, ...]:
    known = path.suffix == _SAFETENSORS or path.suffix in _PICKLED
    return (path,) if known and not path.name.startswith(_OTHERS) else ()


def _model_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of the model in the folder of a checkpoint; its shards where it has some."""
    for index in sorted(folder.glob(f"*{_INDEX}")):
        return _shards(index)
    files = [path for path in sorted(folder.iterdir()) if _single(path)]
    safe = [path for path in files if path.suffix == _SAFETENSORS]
    return tuple(safe or files)


def _shards(index: Path) -> tuple[Path, ...]:
    try:
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        if not all(isinstance(name, str) and Path(name).name == name for name in names):
            raise LogError(index, "weight_map", "names a file outside its own folder")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise LogError(index, "weight_map", f"cannot be read ({error})") from error
    return tuple(index.parent / name for name in names)


def arrays_of(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """Return the floating-point arrays of a checkpoint by name, f4 or f8, in an order for people.

    Raises LogError where a file cannot be read, or holds more than weights.
    """
    found: dict[str, Tensor] = {}
    for path in checkpoint.files:
        found.update(_tensors(path))
    clean = {_bare(name): tensor for name, tensor in found.items() if tensor.is_floating_point()}
    ordered = _forward_order(clean) if checkpoint.files[0].suffix == _SAFETENSORS else clean
    return {name: _array(clean[name]) for name in ordered}


def _array(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor as numpy; bfloat16, float16 and the eight-bit kinds widened, exactly."""
    wide = tensor if tensor.dtype == torch.float64 else tensor.to(torch.float32)
    return np.asarray(wide.numpy())


def _bare(name: str) -> str:
    while (short := name.removeprefix(_WRAPPERS[0]).removeprefix(_WRAPPERS[1])) != name:
        name = short
    return name


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == _SAFETENSORS:
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise LogError(path, "", f"cannot be read ({error})") from error
    return _state(path, _loaded(path))


def _loaded(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch, zipfile and pickle each have their own
        raise LogError(
            path,
            "",
            "holds more than weights, or is damaged; where it was written, load it, keep its "
            "model.state_dict() and save that with safetensors.torch.save_file "
            f"({str(error).splitlines()[0] if str(error) else type(error).__name__})",
        ) from error


def _state(path: Path, loaded: Any) -> dict[str, Tensor]:
    for candidate in (loaded, *_parts(loaded)):
        if isinstance(candidate, Mapping):
            found = {str(n): t for n, t in candidate.items() if isinstance(t, Tensor)}
            if found:
                return found
    raise LogError(path, "", f"holds no state dictionary, neither as a whole nor as {_STATES}")


def _parts(loaded: Any) -> Sequence[Any]:
    return [loaded.get(name) for name in _STATES] if isinstance(loaded, Mapping) else []


def _forward_order(names: Mapping[str, object]) -> list[str]:
    """Return names as a network is passed; safetensors keeps them by the alphabet.

    Numbers count as numbers, what embeds comes first, and heads come last.
    """
    first, last = ("embed", "stem", "patch"), ("head", "classifier", "fc.", "score", "output")

    def key(name: str) -> tuple[Any, ...]:
        lower = name.lower()
        top = lower.split(".", 1)[0] + "."
        place = 2 if top.startswith(last) or lower.startswith("lm_head") else 1
        if any(word in lower for word in first):
            place = 0
        return place, [(int(p), "") if p.isdigit() else (-1, p) for p in re.split(r"(\d+)", name)]

    return sorted(names, key=key)
