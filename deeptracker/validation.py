"""The validation set: what it holds, and what the network makes of every image of it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from deeptracker.errors import RecordingError, ValidationSetChanged
from deeptracker.isolation import evaluation, unchanged_randomness

BATCH = 256
_FINGERPRINT_IMAGES = 8

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Validated:
    """The result on all images: predicted class i8 [N], probability of the true class f4 [N].

    `loss` is the mean over images (None: not known), `error` the share of wrong ones.
    """

    prediction: NDArray[np.int64]
    probability: NDArray[np.float32]
    loss: float | None
    error: float


@dataclass(frozen=True)
class Survey:
    """What the set holds: true classes i4 [N], a digest, and pictures where they were wanted."""

    labels: NDArray[np.int32]
    digest: str
    pictures: list[Tensor]


class ValidationSet:
    """Validation images in a fixed order, from a dataset or a loader of (image, label)."""

    def __init__(self, source: Dataset[Any] | DataLoader[Any], *, batch: int = BATCH) -> None:
        if not isinstance(source, DataLoader):
            source = DataLoader(source, batch_size=batch, shuffle=False)
        if isinstance(source.sampler, RandomSampler):
            raise RecordingError(
                "the validation loader shuffles; image i must be the same image in every snapshot, "
                "so make it with shuffle=False"
            )
        self._loader = source

    def _batches(self) -> Iterator[tuple[Any, Tensor]]:
        for batch in self._loader:
            if not isinstance(batch, (tuple, list)) or len(batch) < 2:
                raise RecordingError("the validation set must give pairs of (image, label)")
            yield batch[0], check_labels(batch[1])

    def survey(self, *, picture: Callable[[Tensor], Tensor] | None = None) -> Survey:
        """Go through the set once; `picture`, where given, shrinks each image to be kept."""
        labels: list[Tensor] = []
        marks: list[Tensor] = []
        pictures: list[Tensor] = []
        with unchanged_randomness():
            quick = None if picture else _known_labels(self._loader)
            for images, batch_labels in self._batches():
                labels.append(batch_labels)
                if isinstance(images, Tensor):
                    marks += list(images[: _FINGERPRINT_IMAGES - len(marks)])
                if picture:
                    pictures += [picture(image) for image in images]
                if quick is not None and len(marks) in (0, _FINGERPRINT_IMAGES):
                    labels = [check_labels(quick)]
                    break
        if not labels or not sum(len(part) for part in labels):
            raise RecordingError("the validation set is empty")
        found = torch.cat(labels).to(torch.int32).numpy()
        return Survey(found, make_digest(found, marks), pictures)

    def columns(self, model: nn.Module, forward: Callable[[Any], Tensor] | None) -> int:
        """Return how many classes the network tells apart, by its scores of the first batch."""
        with unchanged_randomness(), evaluation(model):
            images, labels = next(self._batches())
            return check_scores(_forward(model, forward, images), len(labels)).shape[1]

    def run(
        self,
        model: nn.Module,
        labels: NDArray[np.int32],
        *,
        forward: Callable[[Any], Tensor] | None = None,
        loss: Loss | None = None,
    ) -> Validated:
        """Run the network over all images in evaluation mode, leaving no trace in the training.

        Raises ValidationSetChanged where the labels are not `labels`.
        """
        predictions, probabilities, losses, done = [], [], [], 0
        with unchanged_randomness(), evaluation(model):
            for images, truth in self._batches():
                expected = labels[done : done + len(truth)]
                check_same_labels(truth.numpy(), expected, first=done)
                done += len(truth)
                raw = _forward(model, forward, images)
                scores = check_scores(raw, len(truth))
                here = truth.to(scores.device)
                predictions.append(scores.argmax(dim=1))
                chances = scores.softmax(dim=1)
                probabilities.append(chances.gather(1, here.unsqueeze(1)).squeeze(1))
                mean = loss(raw, here) if loss else nn.functional.cross_entropy(scores, here)
                losses.append(mean.detach().double().mean() * len(truth))
        check_count(done, len(labels))
        prediction = torch.cat(predictions).cpu().numpy()
        return Validated(
            prediction,
            torch.cat(probabilities).cpu().numpy(),
            float(torch.stack(losses).sum()) / len(labels),
            float((prediction != labels).mean()),
        )


def check_labels(labels: object) -> Tensor:
    """Return labels as int64 [n] on the host; RecordingError where they are no class numbers."""
    found = torch.as_tensor(labels).detach().cpu()
    if found.ndim != 1 or found.is_floating_point() or found.is_complex():
        raise RecordingError(
            f"validation labels must be whole numbers, one an image, not {found.dtype} of shape "
            f"{list(found.shape)}"
        )
    if len(found) and int(found.min()) < 0:
        raise RecordingError(f"a validation label is {int(found.min())}; classes count from 0")
    return found.to(torch.int64)


def check_count(found: int, expected: int) -> None:
    """Raise ValidationSetChanged where the number of images is another."""
    if found != expected:
        raise ValidationSetChanged(
            f"the validation set has {found} images, the run was begun with {expected}; keep it "
            "the same, or record into a new directory"
        )


def check_same_labels(found: NDArray[Any], expected: NDArray[Any], *, first: int = 0) -> None:
    """Raise ValidationSetChanged where labels differ from those that the run was begun with.

    `first` is the number of the first image among all.
    """
    if len(found) > len(expected):
        check_count(first + len(found), first + len(expected))
    if not np.array_equal(found, expected):
        at = int(np.flatnonzero(found != expected)[0])
        raise ValidationSetChanged(
            f"validation image {first + at} is of class {found[at]}, the run was begun with class "
            f"{expected[at]} there; keep set and order the same, or record into a new directory"
        )


def make_digest(labels: NDArray[np.int32], images: Sequence[Tensor]) -> str:
    """Return a text that tells sets apart: a hash of the labels, means of the first images.

    Means instead of a hash of the images, because another machine may decode a picture slightly
    differently.
    """
    digest = hashlib.sha256(labels.astype("<i4").tobytes()).hexdigest()[:32]
    means = [f"{float(image.double().mean()):.5g}" for image in images]
    return " ".join([digest, *means])


def check_digest(found: str, expected: str) -> None:
    """Raise ValidationSetChanged where two digests are of different sets."""
    (labels, *means), (known, *known_means) = found.split() or [""], expected.split() or [""]
    try:
        same = labels == known and np.allclose(
            np.array(means, dtype=float), np.array(known_means, dtype=float), rtol=0.02, atol=1e-3
        )
    except ValueError:
        same = False
    if not same:
        raise ValidationSetChanged(
            "the first validation images are not those that the run was begun with; use the same "
            "images without random changes, or record into a new directory"
        )


def _known_labels(loader: DataLoader[Any]) -> object | None:
    """Return all labels where the dataset has them at hand, None where it must be gone through."""
    dataset: Any = loader.dataset
    if type(loader.sampler) is not torch.utils.data.SequentialSampler or loader.drop_last:
        return None
    if isinstance(dataset, torch.utils.data.TensorDataset) and len(dataset.tensors) >= 2:
        return dataset.tensors[1]
    targets = getattr(dataset, "targets", None)
    if targets is None or getattr(dataset, "target_transform", None) is not None:
        return None
    return targets if len(targets) == len(dataset) else None


def _forward(model: nn.Module, forward: Callable[[Any], Tensor] | None, images: Any) -> Any:
    device = next(model.parameters()).device
    images = images.to(device, non_blocking=True) if isinstance(images, Tensor) else images
    return (forward or model)(images)


def check_scores(scores: Any, count: int) -> Tensor:
    """Return class scores of `count` images as float32 [n, C], C >= 2.

    A single score an image (of two classes) is that of class 1 against 0 for class 0.
    """
    if isinstance(scores, Tensor) and scores.shape in ((count,), (count, 1)):
        single = scores.reshape(count, 1).float()
        return torch.cat([torch.zeros_like(single), single], dim=1)
    if not isinstance(scores, Tensor) or scores.shape[:1] != (count,) or scores.ndim != 2:
        given = list(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise RecordingError(
            f"the model gave {given} for {count} validation images, expected class scores "
            f"[{count}, classes]; pass validation_forward=, a function from images to scores"
        )
    return scores.float()
