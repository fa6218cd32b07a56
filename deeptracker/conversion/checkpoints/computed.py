"""Weights that a network computes from parts: pruned, of weight norm, of spectral norm.

A checkpoint holds the parts. What the layer computes with is made of them, as torch does it when
the network is evaluated, under the name that the Recorder gives it.
"""

import re
from collections.abc import Mapping
from math import prod

import numpy as np

from deeptracker.conversion.checkpoints.contents import Array, some

# torch.nn.utils.parametrizations: <module>.parametrizations.<weight>.<part>
_PARAMETRIZED = re.compile(r"^(|.*\.)parametrizations\.([^.]+)\.((?:\d+\.)?[^.]+)$")
# torch.nn.utils.prune, weight_norm and spectral_norm, which put the part behind the name.
_HOOKED = re.compile(r"^(.+)_(orig|mask|g|v|u)$")
_Parts = dict[str, str]


def computed(arrays: Mapping[str, Array]) -> tuple[dict[str, Array], list[str]]:
    """Return arrays with weights in place of their parts, and what is to be said of them.

    `arrays` are of a network whose filters are the first axis, by name. Parts of which is not
    known what torch makes of them stay as they are, and that is said.
    """
    whole: dict[str, Array] = {}
    of: dict[str, str] = {}
    unknown: list[str] = []
    for name, parts in _parted(arrays).items():
        made = _weight({part: arrays[key] for part, key in parts.items()})
        if made is not None:
            whole[name] = made
            of |= dict.fromkeys(parts.values(), name)
        elif "original" in parts:
            unknown.append(parts["original"])
    said = []
    if whole:
        said.append(f"computed from their parts, as the network does: {some(list(whole))}")
    if unknown:
        said.append(
            "the network computes its weights from these in a way that the file does not tell; "
            f"they are recorded themselves: {some(unknown)}"
        )
    found = {}
    for name, array in arrays.items():
        called = of.get(name, name)
        found[called] = whole.get(called, array)
    return found, said


def _parted(arrays: Mapping[str, Array]) -> dict[str, _Parts]:
    """Return the parts of each weight that may be computed: what a part is, and its name."""
    found: dict[str, _Parts] = {}
    for name in arrays:
        if match := _PARAMETRIZED.match(name):
            found.setdefault(match[1] + match[2], {})[match[3]] = name
        elif match := _HOOKED.match(name):
            found.setdefault(match[1], {})[match[2]] = name
    return {name: parts for name, parts in found.items() if name not in arrays}


def _weight(parts: Mapping[str, Array]) -> Array | None:
    """Return the weight of its parts; None where they are not those of torch's."""
    with np.errstate(all="ignore"):
        match sorted(parts):
            case ["mask", "orig"] if parts["mask"].shape == parts["orig"].shape:
                return parts["orig"] * parts["mask"]
            case ["g", "v"]:
                return _of_length(parts["g"], parts["v"])
            case ["original0", "original1"]:
                return _of_length(parts["original0"], parts["original1"])
            case ["orig", "u", "v"]:
                return _of_norm_1(parts["orig"], parts["u"], parts["v"])
            case ["0._u", "0._v", "original"]:
                return _of_norm_1(parts["original"], parts["0._u"], parts["0._v"])
    return None


def _of_length(length: Array, direction: Array) -> Array | None:
    """Return weight norm's weight: the direction, by filters or as a whole of a given length."""
    one, axes = length.shape, tuple(range(direction.ndim))
    if length.ndim == direction.ndim:
        axes = tuple(axis for axis in axes if one[axis] == 1)
        fits = all(one[axis] in (1, direction.shape[axis]) for axis in range(direction.ndim))
    else:
        fits = length.ndim == 0
    if not fits or direction.ndim < 2 or len(axes) < direction.ndim - 1:
        return None
    norm = np.sqrt(np.square(direction, dtype=np.float64).sum(axis=axes, keepdims=True))
    return np.asarray(direction * (length / norm), direction.dtype)


def _of_norm_1(weight: Array, left: Array, right: Array) -> Array | None:
    """Return spectral norm's weight: divided by its greatest singular value, as torch found it."""
    for axis in range(weight.ndim):  # 1 of transposed convolutions, else 0
        rest = prod(weight.shape) // max(weight.shape[axis], 1)
        if left.shape == weight.shape[axis : axis + 1] and right.shape == (rest,):
            flat = np.moveaxis(weight, axis, 0).reshape(len(left), rest).astype(np.float64)
            return np.asarray(weight / (left @ flat @ right), weight.dtype)
    return None
