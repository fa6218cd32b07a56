"""Files of safetensors: every number exactly, without numpy's or torch's knowing its kind."""

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from deeptracker.conversion.checkpoints.contents import Array, Facts, Piece, Stored
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
_PLAIN = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


def read(path: Path) -> Stored:
    """Return what a file holds; LogError where it is torn, damaged or hostile."""
    start, header = _header(path)
    texts = header.pop("__metadata__", None) or {}
    stored = Stored(facts=_facts(texts))
    left: dict[str, list[str]] = {}
    for name, entry in header.items():
        kind, shape = entry["dtype"], tuple(entry["shape"])
        if kind == "F8_E8M0" or (len(shape) > 1 and name.rpartition(".")[2] in SCALES):
            left.setdefault("scales", []).append(name)
        elif (widen := _widening(kind)) is not None:
            begin, end = (start + at for at in entry["data_offsets"])
            stored.pieces[name] = Piece(
                shape, kind == "F64", partial(_read, path, name, begin, end, shape, widen)
            )
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
            f"weights of few bits are recorded without their scales ({_some(names)}): compare "
            "their changes, not their sizes"
        )
    for kind, names in sorted(left.items()):
        facts.remarks.append(f"left out, no floating-point numbers but {kind}: {_some(names)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 2:,} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _widening(kind: str) -> Callable[[Array], Array] | None:
    """Return what makes f4 or f8 [n] of the bytes u1 of a kind; None where it is no such number."""
    if kind in _PLAIN:
        return partial(_plain, _PLAIN[kind])
    if kind == "BF16":
        return _brain
    if kind == "F4":
        return _four
    return partial(_eight, kind) if kind in _BYTES else None


def _plain(code: str, raw: Array) -> Array:
    numbers = raw.view(code)
    return numbers.astype("<f4") if code == "<f2" else numbers


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


def _read(
    path: Path,
    name: str,
    begin: int,
    end: int,
    shape: tuple[int, ...],
    widen: Callable[[Array], Array],
) -> Array:
    raw = np.empty(end - begin, dtype=np.uint8)
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(begin)
            done = 0
            while done < raw.size and (taken := file.readinto(raw.data[done:])):
                done += taken
    except OSError as error:
        raise LogError(path, name, f"cannot be read ({error.strerror})") from error
    if done < raw.size:
        raise LogError(path, name, "is cut off: the file became shorter while it was read")
    return widen(raw).reshape(shape)
