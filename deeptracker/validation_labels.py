"""What a batch of validation images is, and the class of each: unpacked, checked, told apart."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.errors import RecordingError, ValidationSetChanged

Unpack = Callable[[Any], tuple[Any, Any]]

_LABELS = ("label", "labels", "target", "targets", "class", "classes", "y", "fine_label")
_IMAGES = ("image", "images", "img", "pixel_values", "input", "inputs", "x", "data")
_HINT = "pass validation_unpack=, a function from a batch to (images, labels)"


def unpack_batch(batch: Any, unpack: Unpack | None) -> tuple[Any, Any]:
    """Return images and labels of a batch as its loader gives it; RecordingError says what to do.

    Pairs, longer tuples (their first two parts), and mappings with names that data sets use.
    """
    if unpack is not None:
        try:
            found = unpack(batch)
        except Exception as error:
            raise RecordingError(
                f"validation_unpack= failed on a batch ({type(error).__name__}: {error}); it takes "
                f"what the loader gives, here a {type(batch).__name__}, and gives (images, labels)"
            ) from error
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise RecordingError("validation_unpack= must give a pair: (images, labels)")
        return found[0], found[1]
    if isinstance(batch, Mapping):
        labels = next((name for name in _LABELS if name in batch), None)
        images = next((name for name in _IMAGES if name in batch), None)
        if labels is not None and images is not None:
            return batch[images], batch[labels]
        raise RecordingError(
            f"the validation set gives dictionaries with {', '.join(map(repr, list(batch)[:8]))}; "
            + _HINT
        )
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise RecordingError(f"the validation set must give pairs of (image, label); else {_HINT}")
    return batch[0], batch[1]


class ClassNumbers:
    """Turns labels into class numbers; texts by the names of the classes."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._number = {name: number for number, name in enumerate(classes)}

    def of(self, labels: object) -> Tensor:
        """Return labels as int64 [n] on the host; RecordingError where they are no classes."""
        if is_texts(labels):
            return torch.tensor([self._named(str(label)) for label in labels], dtype=torch.int64)
        return check_labels(labels)

    def _named(self, label: str) -> int:
        if label not in self._number:
            raise RecordingError(
                f"a validation label is the text {label!r}; pass classes= with the names of all "
                "classes, in the order of the network's scores"
            )
        return self._number[label]


def is_texts(labels: object) -> TypeGuard[Sequence[object]]:
    """Say whether labels are texts, one an image."""
    return (
        isinstance(labels, (list, tuple, np.ndarray))
        and len(labels) > 0
        and isinstance(labels[0], (str, np.str_))
    )


def check_labels(labels: object) -> Tensor:
    """Return labels as int64 [n] on the host; RecordingError where they are no class numbers."""
    try:
        found = given = torch.as_tensor(labels).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecordingError(f"the validation labels are not numbers ({error}); {_HINT}") from None
    if found.ndim == 2 and found.shape[1] == 1:
        found = found.squeeze(1)
    if found.is_floating_point() and bool((found == found.round()).all()):
        # As the losses of one score an image want them: 0.0 and 1.0.
        found = found.to(torch.int64)
    if found.ndim != 1 or found.is_floating_point() or found.is_complex():
        raise RecordingError(
            f"validation labels must be whole numbers, one an image, not {given.dtype} of shape "
            f"{list(given.shape)}; {_HINT} that gives each image one class"
        )
    found = found.to(torch.int64)  # torch cannot compare every kind of whole numbers
    if len(found) and int(found.min()) < 0:
        raise RecordingError(
            f"a validation label is {int(found.min())}; classes count from 0: {_HINT}"
        )
    return found


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
