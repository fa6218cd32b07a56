"""The share of a training batch that the network gets wrong."""

from typing import Any

import torch
from torch import Tensor

from deeptracker.validation_labels import is_texts
from deeptracker.validation_scores import predicted


@torch.no_grad()
def batch_error(scores: Any, labels: Any, *, squashed: bool = False) -> Tensor:
    """Return the share (0..1) of wrong images as a tensor on the device of the scores.

    scores: [n, C], or [n] of class 1 against 0 of two classes; NaN scores are wrong. labels: class
    numbers [n], or the shares of each class [n, C]. Nothing waits for the device. squashed: a
    single score is a probability where all of them are within 0..1.
    """
    given = scores if isinstance(scores, Tensor) else torch.as_tensor(scores)
    if is_texts(labels):
        raise ValueError("labels are texts; give class numbers")
    truth = torch.as_tensor(labels).to(given.device)
    if given.ndim == 1 or given.shape[1:] == (1,):
        single = given.detach().reshape(-1, 1).float()
        within = (single >= 0).all() & (single <= 1).all() & squashed
        given = torch.cat([torch.zeros_like(single) + 0.5 * within, single], dim=1)
        truth = truth.reshape(-1)
    if truth.ndim == 2:
        truth = truth.argmax(dim=1)
    if given.ndim != 2 or truth.shape != given.shape[:1]:
        raise ValueError(f"scores {list(given.shape)} and labels {list(truth.shape)} do not fit")
    return (predicted(given.detach()) != truth).float().mean()
