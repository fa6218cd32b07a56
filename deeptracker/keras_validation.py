"""The validation set of a Keras training: run through the model, which does not notice."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deeptracker.errors import RecordingError
from deeptracker.isolation import untouched
from deeptracker.keras_scores import are_chances, judge
from deeptracker.keras_state import LiveState
from deeptracker.validation import Validated
from deeptracker.validation_labels import (
    ClassNumbers,
    Unpack,
    check_count,
    check_same_labels,
    unpack_batch,
)
from deeptracker.validation_loader import own_loader

# What a model puts out as class scores [n, C], or [n, 1] of class 1 against class 0.
Scores = Callable[[Any], Any]


class KerasValidation:
    """Validation images in a fixed order, and how a model judges them; see `labels`, `run`.

    source: arrays `(x, y)`, a PyDataset, a torch data set or loader, or what gives batches of
        (x, y) whenever it is iterated. y: class numbers [n], shares of each class [n, C], or names.
    """

    def __init__(
        self,
        model: Any,
        source: Any,
        *,
        batch: int,
        classes: Iterable[object] | None,
        unpack: Unpack | None,
        scores: Scores | None,
    ) -> None:
        """Read the labels and try the first and the last batch; RecordingError says what is odd."""
        self._model, self._source, self._unpack, self._scores = model, source, unpack, scores
        self._size = batch
        self._numbers = ClassNumbers([] if classes is None else [str(name) for name in classes])
        self._call = _call(model)
        if isinstance(source, tuple):
            _check_arrays(source)
        self._loader = None if isinstance(source, tuple) else _loader(source, batch)
        self._chances: bool | None = None
        self.labels = np.zeros(0, np.int64)
        self.columns = 0
        self._survey()

    def _survey(self) -> None:
        state = LiveState(self._model)
        with self._quiet():
            found = [(x, self._of(y)) for x, y in self._ends()]
            if not found or not len(self.labels):
                raise RecordingError("the validation set is empty; pass validation=None")
            for images, labels in found:
                scores = self._judge(state, images, len(labels))
                if self._chances is None:
                    self._chances = are_chances(self._model, scores)
                self.columns = max(2, scores.shape[1])
        most = int(self.labels.max())
        if most >= self.columns:
            raise RecordingError(
                f"a validation label is {most}, but the model tells {self.columns} classes apart; "
                "pass validation_unpack=, a function from a batch to (images, labels)"
            )

    def _ends(self) -> list[tuple[Any, Any]]:
        """Keep all labels; return the first and the last batch."""
        first: list[tuple[Any, Any]] = []
        last: list[tuple[Any, Any]] = []
        labels = []
        for x, y in self._batches():
            labels.append(self._of(y))
            last = [(x, y)]
            first = first or last
        self.labels = np.concatenate(labels) if labels else self.labels
        return [*first, *last]

    def run(self, state: LiveState) -> Validated:
        """Return what the model makes of every image now.

        Raises ValidationSetChanged where the images are others than at the start, RecordingError
        where the model's scores are no scores of classes any more.
        """
        predictions: list[NDArray[Any]] = []
        chances: list[NDArray[Any]] = []
        losses: list[NDArray[Any]] = []
        done = 0
        with self._quiet():
            for x, y in self._batches():
                labels = self._of(y)
                before, done = done, done + len(labels)
                if done > len(self.labels):
                    check_count(done, len(self.labels))
                check_same_labels(labels, self.labels[before:done], first=before)
                scores = self._judge(state, x, len(labels))
                prediction, chance, loss = judge(
                    scores, torch.from_numpy(labels), chances=bool(self._chances)
                )
                predictions.append(prediction.numpy())
                chances.append(chance.numpy())
                losses.append(loss.numpy())
            check_count(done, len(self.labels))
        every: NDArray[np.int64] = np.concatenate(predictions)
        wrong: NDArray[np.bool_] = every != self.labels
        return Validated(
            every,
            np.concatenate(chances).astype(np.float32),
            float(np.concatenate(losses).mean()),
            float(wrong.mean()),
        )

    def _judge(self, state: LiveState, images: Any, count: int) -> Tensor:
        """Return the model's scores of a batch as float64 [n, C]."""
        output = self._call(state, images)
        output = output if self._scores is None else self._scores(output)
        shape = getattr(output, "shape", None)
        if shape is None or len(shape) not in (1, 2) or int(shape[0]) != count:
            given = type(output).__name__ if shape is None else list(shape)
            raise RecordingError(
                f"the model gave {given} for {count} validation images, expected class scores "
                f"[{count}, classes]; pass validation_scores=, a function from what it gives to "
                "scores"
            )
        array = np.asarray(keras.ops.convert_to_numpy(output)).astype(np.float64)
        return torch.from_numpy(array.reshape(count, -1))

    def _of(self, labels: Any) -> NDArray[np.int64]:
        # Of torch or JAX, perhaps on a GPU.
        plain = labels if isinstance(labels, (list, tuple)) else keras.ops.convert_to_numpy(labels)
        array = np.asarray(plain)
        if array.ndim == 2 and array.shape[1] > 1:
            array = array.argmax(axis=1)
        return self._numbers.of(array).numpy()

    def _batches(self) -> Iterator[tuple[Any, Any]]:
        if self._loader is None:
            x, y, *_ = self._source
            for start in range(0, len(y), self._size):
                part = slice(start, start + self._size)
                yield keras.tree.map_structure(lambda array: array[part], x), y[part]  # noqa: B023
            return
        for batch in self._loader:
            yield unpack_batch(batch, self._unpack)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Leave random states and the modes of the model's modules as they are."""
        modules = _modules(self._model)
        modes = [module.training for module in modules]
        data = () if isinstance(self._source, tuple) else (self._source, self._unpack)
        with untouched(*data):
            for module in modules:
                module.training = False
            try:
                yield
            finally:
                for module, mode in zip(modules, modes, strict=True):
                    module.training = mode


def _check_arrays(source: tuple[Any, ...]) -> None:
    """Raise RecordingError where arrays are no pair of as many images as labels."""
    if len(source) not in (2, 3):
        raise RecordingError(f"validation= has {len(source)} parts; pass arrays (x, y)")
    lengths = {len(array) for array in keras.tree.flatten(source[0])}
    if lengths != {len(source[1])}:
        found = " and ".join(map(str, sorted(lengths)))
        raise RecordingError(
            f"validation= has {found} images, but {len(source[1])} labels; pass arrays (x, y) of "
            "the same length"
        )


def _loader(source: Any, batch: int) -> Any:
    if isinstance(source, keras.utils.PyDataset):
        return _PyBatches(source)
    listed = hasattr(source, "__getitem__") and hasattr(source, "__len__")
    if isinstance(source, torch.utils.data.DataLoader) or listed or isinstance(source, Iterator):
        return own_loader(source, batch=batch)
    if isinstance(source, Iterable):  # such as tf.data
        return source
    raise RecordingError(
        f"validation= is a {type(source).__name__}; pass arrays (x, y), a PyDataset, or a loader"
    )


class _PyBatches:
    """The batches of a PyDataset, in their order, without its workers."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        for place in range(len(self._source)):
            yield self._source[place]


def _call(model: Any) -> Callable[[LiveState, Any], Any]:
    """Return a call of the model in evaluation mode that leaves all of its variables alone."""

    def plain(trained: list[Any], others: list[Any], images: Any) -> Any:
        # Where `call` takes no `training`, Keras hands it on to the layers within.
        return model.stateless_call(trained, others, images, training=False)[0]

    # Whoever runs Keras on JAX has imported it.
    run = sys.modules["jax"].jit(plain) if keras.backend.backend() == "jax" else plain

    def call(state: LiveState, images: Any) -> Any:
        images = keras.tree.map_structure(keras.ops.convert_to_tensor, images)
        trained = [state.value(variable) for variable in model.trainable_variables]
        others = [state.value(variable) for variable in model.non_trainable_variables]
        return run(trained, others, images)

    return call


def _modules(model: Any) -> list[nn.Module]:
    """Return the torch modules of a model; on torch each layer is one, which some do not list."""
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, nn.Module)]
    return list({id(part): part for layer in layers for part in layer.modules()}.values())
