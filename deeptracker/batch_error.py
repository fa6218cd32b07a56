"""The share of a training batch that the network gets wrong."""

from typing import Any

import torch
from torch import Tensor

from deeptracker.validation_labels import is_texts
from deeptracker.validation_scores import chosen, predicted

_SEVERAL = (
    "labels give an image several classes; give class numbers [n], or shares that add up to 1"
)


class BatchError:
    """Judges the batches of a training.

    squashed: the network gives probabilities, so a single score is one where all are within 0..1.
    """

    def __init__(self, *, squashed: bool) -> None:
        self._squashed = squashed
        # Whether labels [n, C] are shares of an image; None: not known yet.
        self._shares: bool | None = None

    @torch.no_grad()
    def of(self, scores: Any, labels: Any) -> Tensor:
        """Return the share (0..1) of wrong images as a tensor on the device of the scores.

        scores: [n, C], or [n] of class 1 against 0 of two classes, or an output that holds them;
        NaN scores are wrong. labels: class numbers [n], or the shares of each class [n, C]. Only
        the first batch waits for the device. ValueError where they are of another kind.
        """
        given = torch.as_tensor(scores if isinstance(scores, list) else chosen(scores))
        if is_texts(labels):
            raise ValueError("labels are texts; give class numbers")
        truth = torch.as_tensor(labels).to(given.device)
        if given.ndim == 1 or given.shape[1:] == (1,):
            given = self._of_two_classes(given)
            truth = truth.reshape(-1)
        if truth.ndim == 2:
            self._check_shares(truth)
            truth = truth.argmax(dim=1)
        if given.ndim != 2 or truth.shape != given.shape[:1]:
            raise ValueError(
                f"scores {list(given.shape)} and labels {list(truth.shape)} do not fit"
            )
        return (predicted(given.detach()) != truth).float().mean()

    def _of_two_classes(self, scores: Tensor) -> Tensor:
        single = scores.detach().reshape(-1, 1).float()
        middle = torch.zeros_like(single)
        if self._squashed:
            middle += 0.5 * ((single >= 0).all() & (single <= 1).all())
        return torch.cat([middle, single], dim=1)

    def _check_shares(self, truth: Tensor) -> None:
        if self._shares is None:
            self._shares = bool(((truth.float().sum(dim=1) - 1).abs() < 0.1).all())
        if not self._shares:
            raise ValueError(_SEVERAL)
