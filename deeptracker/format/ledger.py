"""The batch ledger of one iteration: its file, read with every array checked, written whole."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format.container import Container, unpack
from deeptracker.format.entries import MAX_TIME
from deeptracker.format.files import read_limited
from deeptracker.format.manifest import Manifest
from deeptracker.format.origin import (
    check_origin,
    check_rising,
    generation_of,
    iteration_of,
    number_of,
    write_recorded,
)
from deeptracker.format.snapshot import MAX_ITERATION

MAX_LEDGER = 16 * 2**20
MAX_STEPS = 1_000
# Why batches were kept: the training loss jumped, or was NaN or infinite; a step had images several
# times.
JUMP, NOT_FINITE, COPIES = "jump", "not finite", "copies"
REASONS = (JUMP, NOT_FINITE, COPIES)
NO_LABEL = -1

_STEPS = {"iteration": "<i8", "loss": "<f8", "size": "<i4"}
_IMAGES = {"index": "<i8", "loss": "<f4", "usual": "<f4", "label": "<i4"}


@dataclass(frozen=True)
class Ledger:
    """Which training images made the K steps around an iteration, n images in all.

    Of the steps: `step_iteration` i8 [K], rising, among them `iteration`; `step_loss` f8 [K], the
    training loss (NaN: it was, or is not known); `step_size` i4 [K], how many images each had. Of
    the images, step after step: `index` i8 [n], their places in the training set; `loss` f4 [n]
    (NaN: it was, or was not given); `usual` f4 [n], their loss in the batches before (NaN: not
    seen before); `label` i4 [n], class numbers (-1: not given). `reason` is one of REASONS;
    `recorded_at` is in seconds since 1970 (UTC).
    """

    iteration: int
    reason: str
    recorded_at: float
    step_iteration: NDArray[np.int64]
    step_loss: NDArray[np.float64]
    step_size: NDArray[np.int32]
    index: NDArray[np.int64]
    loss: NDArray[np.float32]
    usual: NDArray[np.float32]
    label: NDArray[np.int32]
    generation: int = 0


def write_ledger(path: Path, manifest: Manifest, ledger: Ledger) -> int:
    """Write `ledger` to `path`, complete or not at all; return its size in bytes.

    Raises LogError, which names the array, where a reader would refuse it; OSError where the disk
    is full.
    """
    arrays: dict[str, NDArray[Any]] = {
        f"step.{name}": getattr(ledger, f"step_{name}").astype(dtype, copy=False)
        for name, dtype in _STEPS.items()
    }
    for name, dtype in _IMAGES.items():
        arrays[f"image.{name}"] = getattr(ledger, name).astype(dtype, copy=False)
    return write_recorded(path, manifest, ledger, arrays, {"reason": ledger.reason}, parse_ledger)


def read_ledger(path: Path, manifest: Manifest) -> Ledger:
    """Read and check one file; unknown arrays are ignored, LogError names what is wrong."""
    return parse_ledger(path, read_limited(path, MAX_LEDGER), manifest)


def parse_ledger(path: Path, data: bytes, manifest: Manifest) -> Ledger:
    """Return what the bytes of a file say; `path` is only named in errors, see above."""
    container = unpack(path, data)
    check_origin(container, manifest)
    steps = _family(container, "step.", _STEPS)
    images = _family(container, "image.", _IMAGES)
    reason = container.texts.get("reason", "")
    found = Ledger(
        iteration=iteration_of(container),
        # A newer writer may know others; to this reader the loss jumped.
        reason=reason if reason in REASONS else JUMP,
        recorded_at=number_of(container, "recorded_at", most=MAX_TIME),
        **{f"step_{name}": array for name, array in steps.items()},
        **images,
        generation=generation_of(container),
    )
    _check(path, found)
    return found


def _family(container: Container, prefix: str, dtypes: dict[str, str]) -> dict[str, NDArray[Any]]:
    """Return arrays [n] of one length, by their names without the prefix."""
    shape = container.shape(f"{prefix}{next(iter(dtypes))}")
    if len(shape) != 1:
        name = f"{prefix}{next(iter(dtypes))}"
        raise LogError(container.path, name, f"has shape {list(shape)}, expected one dimension")
    return {
        name: container.array(f"{prefix}{name}", np.dtype(dtype), shape)
        for name, dtype in dtypes.items()
    }


def _check(path: Path, ledger: Ledger) -> None:
    steps, sizes = ledger.step_iteration, ledger.step_size
    if len(steps) > MAX_STEPS:
        raise LogError(path, "step.iteration", f"has more than {MAX_STEPS} steps")
    if ledger.iteration not in steps:
        raise LogError(path, "step.iteration", f"must hold {ledger.iteration}")
    check_rising(path, "step.iteration", steps, 0, MAX_ITERATION)
    if int(sizes.min()) < 1 or int(sizes.sum(dtype=np.int64)) != len(ledger.index):
        raise LogError(path, "step.size", f"must be at least 1, and {len(ledger.index)} in all")
    if int(ledger.index.min()) < 0:
        raise LogError(path, "image.index", "must not be negative")
    if int(ledger.label.min()) < NO_LABEL:
        raise LogError(path, "image.label", f"must not be below {NO_LABEL}, which is: not given")
