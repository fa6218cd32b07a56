"""The validation set: what it holds, and what the network makes of every image of it."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from deeptracker.errors import RecordingError
from deeptracker.gradients import check_alone, unheard
from deeptracker.isolation import untouched
from deeptracker.lockstep import OneProcess
from deeptracker.nested_batch import cast_to, kinds_in, to_device
from deeptracker.reachable import Reached
from deeptracker.validation_labels import (
    ClassNumbers,
    Unpack,
    check_count,
    check_same_labels,
    is_texts,
    make_digest,
    unpack_batch,
)
from deeptracker.validation_loader import as_begun, once_by_workers, own_loader
from deeptracker.validation_loss import Loss, MeanLoss
from deeptracker.validation_scores import SquashWatch, check_scores, predicted

BATCH = 256
_FINGERPRINT_IMAGES = 8

Forward = Callable[[Any], Any]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Validated:
    """The result on all images: predicted class i8 [N] (-1: none), true class's chance f4 [N].

    `loss` is the mean over images (None: not known), `error` the share of wrong ones.
    """

    prediction: NDArray[np.int64]
    probability: NDArray[np.float32]
    loss: float | None
    error: float


@dataclass(frozen=True)
class Survey:
    """What the set holds: true classes i4 [N], their names where they are texts, a digest.

    `columns` is how many classes the network tells apart; `pictures` where they were wanted.
    """

    labels: NDArray[np.int32]
    classes: tuple[str, ...]
    digest: str
    columns: int
    pictures: list[Tensor]


class ValidationSet:
    """Validation images in a fixed order, from a data set or a loader, and how to judge them.

    `begun`: with how many images the run was begun that goes on, None for a new one.
    """

    def __init__(
        self,
        source: Any,
        model: nn.Module,
        *,
        batch: int = BATCH,
        unpack: Unpack | None = None,
        forward: Forward | None = None,
        loss: Loss | None = None,
        classes: tuple[str, ...] = (),
        group: OneProcess | None = None,
        begun: int | None = None,
    ) -> None:
        self._group = group or OneProcess()
        self._begun = begun
        self._model, self._unpack, self._forward = model, unpack, forward
        self._loss = MeanLoss(loss)
        # What the script's loader does otherwise than it should.
        self.notes: list[str] = []
        self._loader = own_loader(source, batch=batch, note=self.notes.append, begun=begun)
        self._numbers = ClassNumbers(classes)
        self._named = bool(classes)
        self._cast: torch.dtype | None = None
        # What the trial finds out: the network gives probabilities.
        self.squashed = False
        self._roots = (source, self._loader.dataset, unpack)
        self._network = (model, forward, loss)

    def _batches(self) -> Iterator[tuple[Any, Any]]:
        for number, batch in enumerate(self._loader):
            unpacked = unpack_batch(batch, self._unpack)
            self._group.agree(f"validation batch {number}")
            yield unpacked

    def _read_once(self) -> None:
        """Have each image of a stream once, however many workers read it."""
        with contextlib.suppress(Exception):  # a set that fails does so in the first pass, too
            notes: list[str] = []
            loader = once_by_workers(self._loader, notes.append)
            if loader is not self._loader and self._begun and self._begun == self._read():
                notes = [as_begun("the workers of the validation loader give", self._begun)]
            else:
                self._loader = loader
            self.notes += notes

    def _read(self) -> int:
        """Return how many images the loader gives as it is."""
        return sum(len(unpack_batch(batch, self._unpack)[1]) for batch in self._loader)

    def _first_pass(self) -> Iterator[tuple[Any, Any]]:
        """Yield the batches; RecordingError where the set itself fails."""
        batches = self._batches()
        while True:
            try:
                found = next(batches, None)
            except RecordingError:
                raise
            except Exception as error:
                raise RecordingError(
                    f"the validation set fails on a batch ({type(error).__name__}: {error}); pass "
                    "validation= a data set or loader whose images are tensors of one size"
                ) from error
            if found is None:
                return
            yield found

    @property
    def size(self) -> int | None:
        """Return how many images the data set says that it has, None where it does not say."""
        dataset: Any = self._loader.dataset
        return len(dataset) if hasattr(dataset, "__len__") else None

    def survey(
        self,
        *,
        picture: Callable[[Tensor], Tensor] | None = None,
        look: Callable[[Any, int], None] | None = None,
        watch: AbstractContextManager[Any] | None = None,
    ) -> Survey:
        """Go through the set once, and let the network judge its first and last batch.

        `picture`, where given, shrinks each image to be kept; `look`, where given, is shown each
        batch of images and how many they are; within `watch` the first batch runs through the
        network. Raises RecordingError, which names the argument to pass, where set, network and
        loss do not fit together.
        """
        given: list[Any] = []
        marks: list[Tensor] = []
        pictures: list[Tensor] = []
        first: tuple[Any, Any] | None = None
        last: tuple[Any, Any] | None = None
        with untouched(*self._roots, network=self._network):
            self._read_once()
            for images, labels in self._first_pass():
                first, last = first or (images, labels), (images, labels)
                given.append(labels)
                if isinstance(images, Tensor):
                    marks += list(images[: _FINGERPRINT_IMAGES - len(marks)])
                if look:
                    look(images, len(labels))
                if picture:
                    pictures += [picture(image) for image in _images(images)]
            if first is None or last is None:
                raise RecordingError(_EMPTY)
            self._check_again()
            names = self._name_classes(given)
            numbers = torch.cat([self._numbers.of(labels) for labels in given])
            found = numbers.to(torch.int32).numpy()
            if not len(found):
                raise RecordingError(_EMPTY)
            digest = make_digest(found, marks)
            self._group.same("the validation set", digest)
            columns = self._try(*first, watch or nullcontext())
            if len(given) > 1:
                self._try(*last, nullcontext())
        return Survey(found, names, digest, columns, pictures)

    def _check_again(self) -> None:
        """Raise where a second pass gives nothing: what can be read once is no validation set."""
        once = isinstance(self._loader.dataset, IterableDataset)
        if once and next(iter(self._loader), None) is None:
            raise RecordingError(
                "the validation set can be read only once; pass validation= a data set, or a list "
                "of (image, label)"
            )

    def _name_classes(self, given: list[Any]) -> tuple[str, ...]:
        if self._named or not is_texts(given[0]):
            return ()
        names = tuple(sorted({str(label) for labels in given for label in labels}))
        self._numbers = ClassNumbers(names)
        return names

    def _try(self, images: Any, labels: Any, looking_on: AbstractContextManager[Any]) -> int:
        truth = self._numbers.of(labels)
        self._group.agree("the first validation")
        try:
            with (watch := SquashWatch()), looking_on:
                raw = self._raw(images)
            self.squashed = watch.gave(raw)
            scores = check_scores(raw, len(truth), squashed=self.squashed)
        except RecordingError:
            raise
        except Exception as error:
            raise RecordingError(
                f"the model fails on a validation batch ({type(error).__name__}: {error}); "
                "pass validation_forward=, a function from images to scores"
            ) from error
        if int(truth.max()) >= scores.shape[1]:
            raise RecordingError(
                f"a validation label is {int(truth.max())}, but the network tells only "
                f"{scores.shape[1]} classes apart; pass validation_unpack=, a function from a "
                "batch to (images, labels) with labels from 0"
            )
        try:
            self._loss.try_on(raw, scores, truth, labels)
        except Exception as error:
            raise RecordingError(
                f"validation_loss= failed on a batch ({type(error).__name__}: {error}); it takes "
                "the model's output and the class numbers [n], and gives their mean loss"
            ) from error
        return scores.shape[1]

    def run(
        self, labels: NDArray[np.int32], *, tell: Callable[[int, int], None] | None = None
    ) -> Validated:
        """Run the network over all images in evaluation mode, leaving no trace in the training.

        `tell`, where given, hears of each batch before: its first image, and how many they are.
        Raises ValidationSetChanged where the labels are not `labels`, else whatever the set, the
        network or the loss raise.
        """
        predictions, probabilities, losses, done = [], [], [], 0
        with untouched(*self._roots, network=self._network):
            for images, given in self._batches():
                truth = self._numbers.of(given)
                expected = labels[done : done + len(truth)]
                check_same_labels(truth.numpy(), expected, first=done)
                if tell:
                    tell(done, len(truth))
                done += len(truth)
                raw = self._raw(images)
                scores = check_scores(raw, len(truth), squashed=self.squashed)
                here = truth.to(scores.device)
                predictions.append(predicted(scores))
                chances = scores.softmax(dim=1)
                probabilities.append(chances.gather(1, here.unsqueeze(1)).squeeze(1))
                losses.append(torch.stack(self._loss.of(raw, scores, here, given)))
        check_count(done, len(labels))
        prediction = torch.cat(predictions).cpu().numpy()
        total, shares = torch.stack(losses).sum(dim=0).tolist()
        return Validated(
            prediction,
            torch.cat(probabilities).cpu().numpy(),
            total / shares if shares else float("nan"),
            float((prediction != labels).mean()),
        )

    def judge(
        self, images: Tensor, labels: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return what became of a few images: predicted class i8 [P], true class's chance f4 [P].

        As in `run`: in evaluation mode, leaving no trace. Raises whatever the network raises.
        """
        with untouched(*self._roots, network=self._network):
            # A copy: a network may write into what it is given.
            scores = check_scores(self._raw(images.clone()), len(labels), squashed=self.squashed)
            here = torch.as_tensor(labels, dtype=torch.int64, device=scores.device)
            chances = scores.softmax(dim=1).gather(1, here.unsqueeze(1)).squeeze(1)
            return predicted(scores).cpu().numpy(), chances.float().cpu().numpy()

    def with_scores(self, work: Callable[[Callable[[Tensor], Tensor]], Found]) -> Found:
        """Return what `work` makes of the function from images to their scores, float32 [n, C].

        As in `run`: in evaluation mode, leaving no trace; but `work` may let gradients be recorded.
        RecordingError where the script's own function may run a network that would wait for other
        processes then; else whatever the network raises.
        """
        modules = Reached(self._network).modules.values()
        if self._forward is not None:
            check_alone(modules)
        with untouched(*self._roots, network=self._network), unheard(modules):
            return work(
                lambda images: check_scores(
                    self._raw(images.clone()), len(images), squashed=self.squashed
                )
            )

    def _raw(self, images: Any) -> Any:
        """Return what the network gives for images."""
        images = to_device(images, self._model)
        try:
            return self._run(images)
        except RuntimeError:
            # A network in bfloat16 gets its images in float32 from most data sets, and one in
            # float32 those in float64 from numpy.
            own = next((p.dtype for p in self._model.parameters() if p.is_floating_point()), None)
            if self._cast is not None or own is None or kinds_in(images) <= {own}:
                raise
            self._cast = own
            return self._run(images)

    def _run(self, images: Any) -> Any:
        if self._cast is not None:
            images = cast_to(images, self._cast)
        return (self._forward or self._model)(images)


def _images(batch: Any) -> Tensor:
    if not isinstance(batch, Tensor):
        raise RecordingError(
            "thumbnails=True needs images in one tensor; omit it, or pass validation_unpack=, a "
            "function from a batch to (images, labels)"
        )
    return batch


_EMPTY = "the validation set is empty; pass validation= a set with images, or omit it"
