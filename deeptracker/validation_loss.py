"""The loss of the validation images: their mean, whichever way the script's loss reduces."""

import copy
import math
from collections.abc import Callable, MutableMapping
from typing import Any

import torch
from torch import Tensor, nn

Loss = Callable[[Any, Tensor], Tensor]

# How far twice the images may be from twice the sum: float16 has three digits.
_CLOSE = 0.02
# They divide by the weights of the classes, and leave out one class where they are told to.
_OF_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss)


class MeanLoss:
    """Adds up the loss of batches; by default cross entropy of the scores.

    A loss may give the mean of a batch, its sum, or a number for each image: which of the first
    two it is, is told from what it gives for the same images twice.
    """

    def __init__(self, loss: Loss | None) -> None:
        self._loss = loss
        # What the trial finds out: the loss wants labels as given; it adds up (None: not known yet,
        # as where all is 0).
        self._of_given = False
        self._adds_up: bool | None = False if loss is None else None

    def try_on(self, raw: Any, scores: Tensor, truth: Tensor, given: Any) -> None:
        """Try a batch; raises whatever the loss raises, with labels as numbers and as given."""
        try:
            self.of(raw, scores, truth, given)
        except Exception:
            # Such as BCEWithLogitsLoss, which wants them as float and in the shape of the scores.
            if self._of_given or not torch.is_tensor(given) or not given.is_floating_point():
                raise
            self._of_given = True
            self.of(raw, scores, truth, given)

    def of(self, raw: Any, scores: Tensor, truth: Tensor, given: Any) -> tuple[Tensor, Tensor]:
        """Return the summed loss of a batch, and what it is to be divided by: both [].

        raw: what the network gave, scores: [n, C] of it; truth: class numbers [n], given: the
        labels as the set gives them. The divisor is the number of images, or the sum of their
        weights in a cross entropy with weights of classes; 0 where it ignores all of them.
        """
        truth = truth.to(scores.device)
        labels = given.to(scores.device) if self._of_given else truth
        found = self._value(raw, scores, labels)
        share = self._share(truth)
        if self._adds_up is None:
            self._adds_up = self._finds_sum(found, raw, scores, labels)
        if self._adds_up:
            return found.sum(), share
        if found.numel() > 1:  # a number for each image, or more
            whole = isinstance(self._loss, _OF_CLASSES)
            return (found.sum() if whole else found.mean() * len(truth)), share
        return torch.where(share > 0, found.sum() * share, 0.0), share

    def _value(self, raw: Any, scores: Tensor, labels: Tensor) -> Tensor:
        if self._loss is None:
            found: Any = nn.functional.cross_entropy(scores, labels)
        else:
            found = self._loss(raw, labels)
        return torch.as_tensor(found).detach().to(scores.device, _wide(scores))

    def _share(self, truth: Tensor) -> Tensor:
        counted = torch.ones(len(truth), dtype=_wide(truth), device=truth.device)
        if isinstance(self._loss, _OF_CLASSES):
            if self._loss.weight is not None:
                counted = self._loss.weight.to(counted)[truth]
            counted = counted * (truth != self._loss.ignore_index)
        return counted.sum()

    def _finds_sum(self, found: Tensor, raw: Any, scores: Tensor, labels: Tensor) -> bool | None:
        """Say whether the loss adds up; None where this batch cannot tell."""
        if found.numel() > 1:
            return False
        once = float(found)
        if not math.isfinite(once) or once == 0:
            return None
        count = len(labels)
        try:
            both = self._value(_twice(raw, count), _twice(scores, count), _twice(labels, count))
        except Exception:  # such as one that is made for so many images
            return getattr(self._loss, "reduction", "mean") == "sum"
        return abs(float(both.mean()) / once - 2) < 2 * _CLOSE


def _wide(tensor: Tensor) -> torch.dtype:
    """Return the widest precision of a tensor's device: Apple's GPUs have no float64."""
    return torch.float32 if tensor.device.type == "mps" else torch.float64


def _twice(given: Any, count: int) -> Any:
    """Return what a network gave for `count` images as if each of them had been there twice."""
    if isinstance(given, Tensor):
        return torch.cat([given, given]) if given.shape[:1] == (count,) else given
    if isinstance(given, (list, tuple)):
        parts = [_twice(part, count) for part in given]
        make = getattr(given, "_make", type(given))  # of a named tuple
        return make(parts)
    if isinstance(given, MutableMapping):
        made = copy.copy(given)  # such as an output of Transformers, which has a type of its own
        for name, value in given.items():
            made[name] = _twice(value, count)
        return made
    return given
