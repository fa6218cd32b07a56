"""Files of torch.save, Lightning's too, as weights alone. Called in a process apart: apart.py."""

import argparse
import collections
import datetime
import pathlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

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
from deeptracker.errors import LogError

# What scripts put a state dictionary under.
STATES = ("state_dict", "model_state_dict", "model", "module", "net", "network", "params")
_SETTINGS = ("hyper_parameters", "hparams", "args", "config", "train_args")
_STEPS = ("global_step", "global_steps", "step", "iteration", "iter")  # "steps": DeepSpeed
# What counts places and what masks them, which is no weight in few bits.
_INDICES = (torch.int64, torch.bool)
_MAKE_NUMBER, _MAKE_ARRAY = np.float64(0).__reduce__()[0], np.zeros(0).__reduce__()[0]


def _as_dict(*_: Any) -> dict[Any, Any]:
    return collections.OrderedDict()


def _as_list(*_: Any) -> list[Any]:
    return []


# Plain data that torch does not expect beside weights; none of it runs code when it is made.
_HARMLESS: list[Any] = [
    (_as_dict, "collections.defaultdict"), (_as_list, "collections.deque"),
    argparse.Namespace, frozenset, slice, list, dict,
    datetime.datetime, datetime.date, datetime.timedelta, datetime.timezone,
    pathlib.PosixPath, pathlib.PurePosixPath,
    np.dtype, np.ndarray,
    # What makes a number and an array of numpy; the release before 2 calls the module otherwise.
    *(
        (make, f"numpy.{module}.multiarray.{name}")
        for make, name in ((_MAKE_NUMBER, "scalar"), (_MAKE_ARRAY, "_reconstruct"))
        for module in ("_core", "core")
    ),
    *(type(np.dtype(code)) for code in "?bhilqBHILQefdSU"),
]  # fmt: skip
_UNKNOWN = re.compile(r"GLOBAL (\S+) was not an allowed global|unsupported (?:class|global) (\S+)")
_REMEDY = (
    "where it was written, load it, keep its model.state_dict() and save that with "
    "safetensors.torch.save_file"
)


def read(path: Path) -> Stored:
    """Return the state dictionary of a file; LogError where it holds more than weights."""
    loaded = load(path, path, mapped=_check_zip(path))
    stored = Stored(facts=_facts(loaded))
    name, state = _state(path, loaded, stored.facts)
    if "param_shapes" in loaded and not all(tensor.numel() for tensor in state.values()):
        raise LogError(
            path,
            name,
            "holds no numbers: DeepSpeed (ZeRO stage 3) keeps them among its optimizer's; put them "
            "together with the zero_to_fp32.py that it left in the folder above",
        )
    stored.pieces = pieces_of(path, state, stored.facts)
    check_sizes(path, stored.pieces, path.stat().st_size)
    if name:
        _tell_others(loaded, name, stored.facts)
    return stored


def load(path: Path, source: Any, *, mapped: bool = False, what: str = "") -> Any:
    """Return what a file (or an open part of one) holds, by the unpickler that only knows data.

    Raises LogError; `what` is the entry that it is about.
    """
    try:
        with torch.serialization.safe_globals(_HARMLESS):
            return torch.load(source, map_location="cpu", weights_only=True, mmap=mapped or None)
    except Exception as error:  # torch, zipfile and pickle each have their own
        text = str(error)
        if match := _UNKNOWN.search(text):
            problem = f"holds more than weights: a {match[1] or match[2]}"
        elif isinstance(error, MemoryError) or "can't allocate" in text:
            problem = "needs more memory than its size allows"
        else:
            # torch says at length what else one could do; its reason stands at the end.
            reason = text.rpartition("WeightsUnpickler error:")[2].strip() or type(error).__name__
            problem = f"holds more than weights, or is damaged ({reason.splitlines()[0][:150]})"
        raise LogError(path, what, f"{problem}; {_REMEDY}") from error


def _check_zip(path: Path) -> bool:
    """Say whether a file is a zip; LogError where its directory does not fit its bytes."""
    if not zipfile.is_zipfile(path):
        return False
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise LogError(path, "", f"is damaged ({error})") from error
    if any(one.filename.partition("/")[2].startswith("code/") for one in entries):
        raise LogError(path, "", f"is a program of TorchScript, not weights alone; {_REMEDY}")
    packed = [one.filename for one in entries if one.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise LogError(path, packed[0], "is compressed, which torch.save never does")
    if sum(one.file_size for one in entries) > size:
        raise LogError(path, "", f"claims entries larger than its {size:,} bytes; it is damaged")
    return True


def pieces_of(path: Path, state: Mapping[str, Tensor], facts: Facts) -> dict[str, Piece]:
    """Return the floating-point tensors of a state dictionary; LogError where one repeats itself.

    A tensor of few bytes may claim any shape by stepping 0 from number to number. Of others, such
    as quantised weights, `facts` have a remark.
    """
    found = {}
    left: dict[str, list[str]] = {}
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            if tensor.ndim > 1 and tensor.dtype not in _INDICES:
                left.setdefault(str(tensor.dtype).removeprefix("torch."), []).append(name)
            continue
        if tensor.layout != torch.strided or tensor.device.type != "cpu":
            raise LogError(path, name, f"is no plain array of numbers but {tensor.layout}")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise LogError(path, name, "claims more numbers than the file holds")
        wide = tensor.dtype == torch.float64
        found[name] = Piece(tuple(tensor.shape), wide, partial(widened, tensor))
    tell_left_out(facts, left)
    return found


def widened(tensor: Tensor) -> Array:
    """Return a tensor as numpy; bfloat16, float16 and the eight-bit kinds widened, exactly."""
    tensor = tensor.detach()
    wide = tensor if tensor.dtype == torch.float64 else tensor.to(torch.float32)
    return np.asarray(wide.numpy(), order="C")  # ascontiguousarray makes [1] of a single number


def _state(path: Path, loaded: Any, facts: Facts) -> tuple[str, dict[str, Tensor]]:
    """Return a state dictionary and what it is kept under, "" for the whole."""
    for name, candidate in (("", loaded), *_parts(loaded)):
        if isinstance(candidate, Mapping):
            found = {str(n): t for n, t in candidate.items() if isinstance(t, Tensor)}
            if any(tensor.ndim for tensor in found.values()):
                return name, found
    if several := _networks(loaded):
        names = ", ".join(several)
        facts.remarks.append(
            f"the networks in a file ({names}) are recorded as one, by their names"
        )
        return "", {
            f"{name}.{inner}": tensor for name, part in several.items() for inner, tensor in part
        }
    raise LogError(path, "", f"holds no state dictionary, neither as a whole nor as {STATES}")


def _networks(loaded: Any) -> dict[str, list[tuple[str, Tensor]]]:
    """Return the state dictionaries of a file that has one for each network, as of a GAN."""
    found: dict[str, list[tuple[str, Tensor]]] = {}
    for name, part in loaded.items() if isinstance(loaded, Mapping) else ():
        if isinstance(part, Mapping) and "optim" not in str(name).lower():
            own = [(str(key), value) for key, value in part.items() if isinstance(value, Tensor)]
            if any(tensor.ndim > 1 for _, tensor in own):
                found[str(name)] = own
    return found


def _parts(loaded: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(loaded, Mapping):
        yield from ((name, loaded.get(name)) for name in STATES)


def _tell_others(loaded: Mapping[str, Any], taken: str, facts: Facts) -> None:
    """Say which other networks a file holds, such as a moving average."""
    for name, part in loaded.items():
        if name == taken or not isinstance(part, Mapping) or "optim" in str(name):
            continue
        if any(isinstance(value, Tensor) and value.ndim > 1 for value in part.values()):
            facts.remarks.append(f"of two networks in a file, {taken} is recorded, not {name}")


def _facts(loaded: Any) -> Facts:
    facts = Facts()
    if not isinstance(loaded, Mapping):
        return facts
    for name in _SETTINGS:
        if loaded.get(name) is not None:
            add_hyperparameters(facts, loaded[name])
    steps = (whole_number(loaded.get(name)) for name in _STEPS)
    facts.iteration = next((step for step in steps if step), None)
    facts.epoch = whole_number(loaded.get("epoch"))
    return facts
