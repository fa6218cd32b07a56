"""Class scores in what a network gives, and the class that they predict."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from deeptracker.errors import RecordingError

_TINY = torch.finfo(torch.float32).tiny


def predicted(scores: Tensor) -> Tensor:
    """Return the class with the highest score, int64 [n]; -1, none, where a score is NaN."""
    return scores.argmax(dim=1).masked_fill(scores.isnan().any(dim=1), -1)


class SquashWatch(TorchFunctionMode):
    """Within its context, keeps what the last softmax or sigmoid gave."""

    def __init__(self) -> None:
        super().__init__()
        self._last: Tensor | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Let torch compute, then look at the result."""
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in ("softmax", "sigmoid", "sigmoid_") and isinstance(result, Tensor):
            self._last = result
        return result

    def gave(self, raw: Any) -> bool:
        """Say whether what a network gave came out of it: probabilities, not scores."""
        scores, last = chosen(raw), self._last
        if not isinstance(scores, Tensor) or last is None or last.numel() != scores.numel():
            return False
        return torch.equal(last.reshape(-1).float().cpu(), scores.reshape(-1).float().cpu())


def check_scores(raw: Any, count: int, *, squashed: bool = False) -> Tensor:
    """Return class scores of `count` images as float32 [n, C], C >= 2.

    A single score an image (of two classes) is that of class 1 against 0 for class 0. Of several
    outputs, those called "logits" or "scores" count, else the first. RecordingError otherwise.
    squashed: they are probabilities, whose logarithms are scores.
    """
    scores = chosen(raw)
    if isinstance(scores, Tensor) and scores.shape in ((count,), (count, 1)):
        single = scores.reshape(count, 1).float()
        if squashed:
            return torch.cat([1 - single, single], dim=1).clamp_min(_TINY).log()
        return torch.cat([torch.zeros_like(single), single], dim=1)
    if not isinstance(scores, Tensor) or scores.shape[:1] != (count,) or scores.ndim != 2:
        given = list(raw.shape) if isinstance(raw, Tensor) else type(raw).__name__
        raise RecordingError(
            f"the model gave {given} for {count} validation images, expected class scores "
            f"[{count}, classes]; pass validation_forward=, a function from images to scores"
        )
    return scores.float().clamp_min(_TINY).log() if squashed else scores.float()


def chosen(raw: Any) -> Any:
    """Return what holds the scores among several outputs of a network, or `raw` itself."""
    if isinstance(raw, Tensor):
        return raw
    for name in ("logits", "scores"):
        found = raw.get(name) if isinstance(raw, Mapping) else getattr(raw, name, None)
        if isinstance(found, Tensor):
            return found
    return raw[0] if isinstance(raw, (tuple, list)) and raw else raw
