"""Whether a logged training loss is the mean of its batch, or a multiple of it, as of a sum."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from deeptracker.scalars import fetch

# So many batches are looked at; they are fetched from their device together.
_BATCHES = 3
_CLOSE = 0.01
_LEAST_LOSS = 1e-3


class LossScale:
    """Compares `train_loss` with the cross entropy of the scores, in the first batches alone."""

    def __init__(self) -> None:
        self._seen: list[tuple[Tensor, Tensor, int]] = []
        self._over = False

    @torch.no_grad()
    def look(self, values: Mapping[str, Any], scores: Any, labels: Any) -> str:
        """Return what is to be said of the loss in the first batches; "" where it is nothing.

        `scores` [n, C] and `labels` [n] are of the batch whose `train_loss` is among the values.
        """
        loss = values.get("train_loss")
        if self._over or loss is None:
            return ""
        self._over = True  # unless this batch can be compared
        if not (torch.is_tensor(scores) and torch.is_tensor(labels)):
            return ""
        count = len(labels)
        if scores.ndim != 2 or labels.shape != scores.shape[:1] or count < 2:
            return ""
        labels = labels.detach().to(scores.device, torch.int64)
        mean = nn.functional.cross_entropy(scores.detach().float(), labels)
        self._seen.append((torch.as_tensor(loss).detach().reshape(()), mean, count))
        self._over = len(self._seen) == _BATCHES
        return self._said() if self._over else ""

    def _said(self) -> str:
        losses = fetch([loss for loss, _, _ in self._seen])
        means = fetch([mean for _, mean, _ in self._seen])
        counts = [count for _, _, count in self._seen]
        self._seen = []
        if not all(mean > _LEAST_LOSS for mean in means):
            return ""
        times = [loss / mean for loss, mean in zip(losses, means, strict=True)]
        if all(abs(one / count - 1) < _CLOSE for one, count in zip(times, counts, strict=True)):
            return _SUM.format(count=counts[0])
        parts = round(1 / times[0]) if 0 < times[0] < 1 else 0
        if parts > 1 and all(abs(one * parts - 1) < _CLOSE for one in times):
            return _PART.format(parts=parts)
        return ""


_SUM = (
    "train_loss is the sum over the {count} images of a batch, not their mean, so that it is no "
    "measure beside validation_loss and for rules that know the loss of guessing; pass "
    "train_loss=loss / len(labels). If that sum is trained on, the learning rate works as if it "
    "were {count} times as high"
)
_PART = (
    "train_loss is 1/{parts} of the mean loss of a batch, as where it was divided for the "
    "accumulation of gradients, so that it is no measure beside validation_loss and for rules that "
    "know the loss of guessing; pass the loss before it is divided"
)
