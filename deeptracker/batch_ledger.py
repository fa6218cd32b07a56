"""The batch ledger: which images made the last steps; written when the training loss jumps."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.format import JUMP, NO_LABEL, Ledger
from deeptracker.loss_jumps import Copies, LossJumps
from deeptracker.validation_labels import is_texts

# Steps before and after one whose loss jumps.
BEFORE, AFTER = 32, 8
# Of a run, over all its resumes.
MOST_FILES, MOST_BYTES = 64, 64 * 2**20
# Of a step: so many fit into a file with all steps around.
MOST_IMAGES = 16_384
# Images whose usual loss is remembered: those of a lower place in the training set.
MOST_REMEMBERED = 2**23

# Writes a file, and says how large it is; None: it could not be written.
Write = Callable[[Ledger], int | None]
OnOdd = Callable[[str, str], None]


@dataclass
class _Step:
    """A step on its way from the device: parts of index, loss and label, a part for each batch."""

    iteration: int
    parts: list[tuple[Any, Any, Any]]
    loss: Any
    # An event of the GPU; None: nothing of the step was on one.
    arrived: Any = None

    @property
    def is_there(self) -> bool:
        """Say whether all of it is on the CPU."""
        return self.arrived is None or bool(self.arrived.query())


@dataclass(frozen=True)
class _Kept:
    """A step that has arrived; arrays as those of Ledger."""

    iteration: int
    loss: float
    index: NDArray[np.int64]
    losses: NDArray[np.float32]
    usual: NDArray[np.float32]
    label: NDArray[np.int32]


@dataclass
class _Usual:
    """The usual loss of each training image: half of the last one, a quarter of that before, ..."""

    of: NDArray[np.float32] = field(default_factory=lambda: np.full(1024, np.nan, np.float32))

    def look_up(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the usual losses f4 [n] of images; NaN: not seen before, or not remembered."""
        found = np.full(len(index), np.nan, np.float32)
        known = index < len(self.of)
        found[known] = self.of[index[known]]
        return found

    def remember(
        self, index: NDArray[np.int64], usual: NDArray[np.float32], loss: NDArray[np.float32]
    ) -> None:
        """Take over the losses of a batch; `usual` is what was known of its images."""
        fits = np.isfinite(loss) & (index < MOST_REMEMBERED)
        if not fits.any():
            return
        index, usual, loss = index[fits], usual[fits], loss[fits]
        top = int(index.max())
        if top >= len(self.of):
            larger = np.full(min(MOST_REMEMBERED, 2 * top + 1), np.nan, np.float32)
            larger[: len(self.of)] = self.of
            self.of = larger
        self.of[index] = np.where(np.isnan(usual), loss, (usual + loss) / 2)


class BatchLedger:
    """Keeps the batches of the last steps, and hands them to `write` when the loss jumps.

    Losses that are on a GPU are carried over beside the training, which waits for none.
    `files` and `size` (bytes) are what the run has already; `on_odd` is told what cannot be kept.
    """

    def __init__(self, write: Write, on_odd: OnOdd, *, files: int, size: int) -> None:
        self._write, self._on_odd = write, on_odd
        self._files, self._bytes = files, size
        self._jumps, self._copies, self._usual = LossJumps(), Copies(), _Usual()
        self._parts: list[tuple[Any, Any, Any]] = []
        self._waiting: deque[_Step] = deque()
        self._ring: deque[_Kept] = deque(maxlen=BEFORE + 1 + AFTER)
        # The jump that was seen last (iteration, reason), and the steps that still belong to it.
        self._jump: tuple[int, str] | None = None
        self._left, self._written = 0, 0
        # Whether something of the step under way is on its way from a GPU.
        self._from_gpu = False

    def add(self, indices: Any, losses: Any, labels: Any) -> None:
        """Keep a batch of the step under way; ValueError or TypeError where it is no batch."""
        index = _carried(indices, torch.int64)
        count = len(index)
        if not count:
            raise ValueError("indices is empty")
        if count + sum(len(part[0]) for part in self._parts) > MOST_IMAGES:
            raise ValueError(f"indices has more than {MOST_IMAGES:,} images since the last step()")
        self._from_gpu |= any(
            isinstance(g, Tensor) and g.is_cuda for g in (indices, losses, labels)
        )
        self._parts.append(
            (
                index,
                self._beside("losses", losses, count, torch.float32),
                self._beside("labels", labels, count, torch.int32),
            )
        )

    def _beside(self, name: str, given: Any, count: int, dtype: torch.dtype) -> Any:
        """Return losses or labels [count], None where they are not given or odd."""
        if given is None:
            return None
        try:
            found = _carried(given, dtype)
            if len(found) != count:
                raise ValueError(f"has {len(found)} values for {count} images")
            return found
        except Exception as error:  # whatever an odd object does when it is looked at
            self._on_odd(name, f"{type(error).__name__}: {error}")
            return None

    def end_step(self, iteration: int, loss: Any) -> None:
        """End the step of an iteration; `loss` is its training loss, a number or a tensor of one.

        Without it (None) the mean of the losses that its batches gave counts.
        """
        if not self._parts:
            return
        step = _Step(iteration, self._parts, loss)
        self._parts = []
        if isinstance(loss, Tensor):
            self._from_gpu |= loss.is_cuda
            step.loss = _to_host(loss)
        if self._from_gpu:
            self._from_gpu = False
            step.arrived = torch.cuda.Event()
            step.arrived.record()
        self._waiting.append(step)
        while self._waiting and self._waiting[0].is_there:
            self._take(self._waiting.popleft())

    def flush(self) -> None:
        """Take in what is on its way, and write a jump whose steps after it did not come."""
        for step in self._waiting:
            if step.arrived is not None:
                step.arrived.synchronize()
            self._take(step)
        self._waiting.clear()
        if self._left and self._jump is not None:
            self._left = 0
            self._hand_over()

    def _take(self, step: _Step) -> None:
        index = np.concatenate([part[0].numpy() for part in step.parts])
        if int(index.min()) < 0:
            self._on_odd("indices", f"{int(index.min())} is negative")
            return
        losses = _joined(step.parts, 1, np.float32(np.nan))
        usual = self._usual.look_up(index)
        self._usual.remember(index, usual, losses)
        loss = float(losses.mean()) if step.loss is None else float(step.loss)
        # Some losses leave images out by a label of -100, or the like.
        label = np.maximum(_joined(step.parts, 2, np.int32(NO_LABEL)), NO_LABEL)
        kept = _Kept(step.iteration, loss, index, losses, usual, label)
        self._ring.append(kept)
        if step.loss is None and all(part[1] is None for part in step.parts):
            self._on_odd(
                "train_loss",
                "batches are written when the training loss jumps, but there is none: give "
                "train_loss to step(), or losses to batch()",
            )
            return
        self._judge(kept)

    def _judge(self, kept: _Kept) -> None:
        # The more was written already, the higher a jump must be: so the space lasts.
        copies = self._copies.judge(kept.index)
        reason = self._jumps.judge(kept.loss, stricter=1 + self._files / 8) or copies
        # What is no jump does not wait until the steps after one are over.
        if self._left and reason in (None, JUMP):
            self._left -= 1
            if not self._left:
                self._hand_over()
        elif reason and self._files < MOST_FILES and self._bytes < MOST_BYTES:
            if self._left:
                self._hand_over()
            self._files += 1
            self._jump, self._left, self._written = (kept.iteration, reason), AFTER, 0
            # At once, for a training may end over it; and again with the steps after it.
            self._hand_over()

    def _hand_over(self) -> None:
        assert self._jump is not None
        iteration, reason = self._jump
        since = [kept for kept in self._ring if kept.iteration >= iteration]
        before = [kept for kept in self._ring if kept.iteration < iteration][-BEFORE:]
        steps = [*before, *since]
        size = self._write(
            Ledger(
                iteration=iteration,
                reason=reason,
                recorded_at=time.time(),
                step_iteration=np.array([kept.iteration for kept in steps], np.int64),
                step_loss=np.array([kept.loss for kept in steps], np.float64),
                step_size=np.array([len(kept.index) for kept in steps], np.int32),
                index=np.concatenate([kept.index for kept in steps]),
                loss=np.concatenate([kept.losses for kept in steps]),
                usual=np.concatenate([kept.usual for kept in steps]),
                label=np.concatenate([kept.label for kept in steps]),
            )
        )
        if size is not None:
            self._bytes += size - self._written
            self._written = size


def _carried(given: Any, dtype: torch.dtype) -> Tensor:
    """Return what is given as a tensor [n] of its own on the CPU, from a GPU without waiting."""
    if is_texts(given):
        raise TypeError("it holds texts; give whole numbers")
    tensor = given.detach() if isinstance(given, Tensor) else torch.as_tensor(np.array(given))
    if tensor.ndim != 1:
        raise ValueError(f"has shape {list(tensor.shape)}; give one number for each image")
    if tensor.is_complex():
        raise TypeError(f"is {tensor.dtype}; give real numbers")
    if tensor.is_floating_point() and not dtype.is_floating_point:
        raise TypeError(f"is {tensor.dtype}; give whole numbers")
    return _to_host(tensor.to(dtype))


def _to_host(tensor: Tensor) -> Tensor:
    if tensor.device.type == "cpu":
        return tensor.clone()  # a loader may fill the same memory again
    return tensor.to("cpu", non_blocking=tensor.device.type == "cuda")


def _joined(parts: list[tuple[Any, Any, Any]], place: int, missing: Any) -> NDArray[Any]:
    """Return one array over all batches of a step; `missing` where a batch did not give it."""
    dtype = np.float32 if place == 1 else np.int32
    return np.concatenate(
        [
            np.full(len(part[0]), missing, dtype) if part[place] is None else part[place].numpy()
            for part in parts
        ]
    )
