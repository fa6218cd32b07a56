"""What the output of a Keras model says of classes: probabilities already, or logits."""

from typing import Any

import keras
import torch
from torch import Tensor

from deeptracker.validation_scores import predicted

_SMALLEST = 1e-7  # as Keras has it in its losses


def are_chances(model: Any, scores: Tensor) -> bool:
    """Say whether what a model puts out are probabilities already, not logits."""
    loss = model.loss
    logits = loss.get_config().get("from_logits") if isinstance(loss, keras.losses.Loss) else None
    rows = scores[scores.isfinite().all(dim=1)]
    inside = bool(((rows >= 0) & (rows <= 1)).all())
    if scores.shape[1] > 1 and len(rows):
        return inside and bool(((rows.sum(dim=1) - 1).abs() < 0.01).all())
    if logits is not None:
        return not logits
    return inside or isinstance(loss, str)


def judge(scores: Tensor, labels: Tensor, *, chances: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return predicted class, chance of the true one and cross entropy, each [n].

    scores: float64 [n, C], or [n, 1] of class 1 against class 0; `chances`: they are probabilities.
    labels: the true classes, int64 [n]. Where a score is NaN the class is -1, the others are NaN.
    """
    if scores.shape[1] == 1:
        second = scores if chances else scores.sigmoid()
        scores, chances = torch.cat([1 - second, second], dim=1), True
    logs = scores.clamp(min=_SMALLEST).log() if chances else scores.log_softmax(dim=1)
    true = logs.gather(1, labels[:, None])[:, 0]
    chance = scores.gather(1, labels[:, None])[:, 0] if chances else true.exp()
    return predicted(scores), chance.clamp(0, 1), -true
