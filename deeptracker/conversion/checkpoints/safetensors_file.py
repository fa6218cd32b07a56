"""Files of safetensors: every number exactly, without numpy's or torch's knowing its kind."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from io import FileIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from deeptracker.conversion.checkpoints.contents import Array, Facts, some, tell_left_out
from deeptracker.conversion.checkpoints.names import SCALES, is_buffer
from deeptracker.errors import LogError

_MAX_HEADER = 100 * 2**20  # that of the library
# Kinds of one byte a number, whose 256 values torch knows.
_BYTES = {
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
}
# The magnitudes of four bits: one of sign, two of exponent, one of fraction (E2M1 of OCP MX 1.0).
_FOUR_BITS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_KNOWN = ("F64", "F32", "F16", "BF16", "F4", *_BYTES)


@dataclass(frozen=True)
class Numbers:
    """One array that can be read: `fill(file, into)` reads its numbers into f4 or f8 [n]."""

    shape: tuple[int, ...]
    wide: bool
    fill: Callable[[FileIO, Array], None]


@dataclass
class Opened:
    """A file as its header tells."""

    pieces: dict[str, Numbers] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)


def read(path: Path) -> Opened:
    """Return what a file holds; LogError where it is torn, damaged or hostile."""
    start, header = _header(path)
    texts = header.pop("__metadata__", None) or {}
    stored = Opened(facts=_facts(texts))
    left: dict[str, list[str]] = {}
    for name, entry in header.items():
        kind, shape = entry["dtype"], tuple(entry["shape"])
        if kind == "F8_E8M0" or (len(shape) > 1 and name.rpartition(".")[2] in SCALES):
            left.setdefault("scales", []).append(name)
        elif kind in _KNOWN:
            begin, end = (start + at for at in entry["data_offsets"])
            fill = partial(_fill, path, name, begin, end - begin, kind)
            stored.pieces[name] = Numbers(shape, kind == "F64", fill)
        elif len(shape) > 1 and not is_buffer(name, shape):
            left.setdefault(kind, []).append(name)
    _say(stored.facts, left)
    return stored


def _header(path: Path) -> tuple[int, dict[str, Any]]:
    """Return where the arrays begin, and what the header says; the library has checked it all."""
    try:
        with safe_open(path, framework="pt"):
            pass
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            return 8 + length, json.loads(file.read(min(length, _MAX_HEADER)))
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise LogError(path, "", f"cannot be read; it is torn or damaged ({error})") from error


def _facts(texts: dict[str, Any]) -> Facts:
    """Return what the texts of a file say: save_model of safetensors names tied weights there."""
    facts = Facts()
    for name, kept in texts.items():
        if name in ("step", "global_step", "iteration") and kept.isdecimal():
            facts.iteration = int(kept[:15])
        elif name == "epoch" and kept.isdecimal():
            facts.epoch = int(kept[:15])
        elif "." in name and "." in kept:
            facts.remarks.append(f"{name} is the same weight as {kept}, which is recorded")
    return facts


def _say(facts: Facts, left: dict[str, list[str]]) -> None:
    """Say what was not taken."""
    if names := left.pop("scales", None):
        facts.remarks.append(
            f"weights of few bits are recorded without their scales ({some(names)}): compare "
            "their changes, not their sizes"
        )
    tell_left_out(facts, left)


def _widening(kind: str) -> Callable[[Array], Array] | None:
    """Return what makes f4 [n] of the bytes u1 of a kind; None where they are f4 or f8 already."""
    if kind == "F16":
        return lambda raw: raw.view("<f2")
    if kind == "BF16":
        return _brain
    if kind == "F4":
        return _four
    return partial(_eight, kind) if kind in _BYTES else None


def _brain(raw: Array) -> Array:
    wide = raw.view("<u2").astype("<u4")
    wide <<= 16
    return wide.view("<f4")


def _eight(kind: str, raw: Array) -> Array:
    return _values(kind)[raw]


@cache
def _values(kind: str) -> Array:
    every = torch.arange(256, dtype=torch.uint8).view(_BYTES[kind])
    return np.asarray(every.to(torch.float32).numpy())


def _four(raw: Array) -> Array:
    """Return two numbers a byte, the lower half of its bits first."""
    codes = np.stack([raw & 15, raw >> 4], axis=-1).reshape(-1)
    magnitudes = np.array(_FOUR_BITS, dtype="<f4")[codes & 7]
    return np.where(codes & 8, -magnitudes, magnitudes)


def arrays(path: Path, stored: Opened) -> dict[str, Array]:
    """Return all arrays of a file that `read` has opened; LogError where it cannot be read.

    They lie in one piece of memory, which the system has back as a whole.
    """
    room = {wide: _room(stored, wide) for wide in (False, True)}
    found, used = {}, {False: 0, True: 0}
    try:
        with path.open("rb", buffering=0) as file:
            for name, piece in stored.pieces.items():
                start, size = used[piece.wide], prod(piece.shape)
                used[piece.wide] = start + size
                into = room[piece.wide][start : start + size]
                piece.fill(file, into)
                found[name] = into.reshape(piece.shape)
    except OSError as error:
        raise LogError(path, name, f"cannot be read ({error.strerror})") from error
    return found


def _room(stored: Opened, wide: bool) -> Array:
    sizes = (prod(piece.shape) for piece in stored.pieces.values() if piece.wide == wide)
    return np.empty(sum(sizes), dtype="<f8" if wide else "<f4")


def _fill(
    path: Path, name: str, begin: int, size: int, kind: str, file: FileIO, into: Array
) -> None:
    """Read numbers into an array [n]."""
    widen = _widening(kind)
    raw = into.view(np.uint8) if widen is None else np.empty(size, dtype=np.uint8)
    file.seek(begin)
    done = 0
    while done < size and (taken := file.readinto(raw.data[done:])):
        done += taken
    if done < size:
        raise LogError(path, name, "is cut off: the file became shorter while it was read")
    if widen is not None:
        into[:] = widen(raw)
