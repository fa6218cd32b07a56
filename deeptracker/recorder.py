"""Recorder: what a training loop calls; it measures at the sampled iterations and writes them."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from deeptracker.extras import needed

with needed("record", "deeptracker.Recorder"):
    import torch
    from torch import nn
    from torch.optim import Optimizer
    from torch.utils.data import DataLoader, Dataset

from deeptracker.description import checked_name, plain_values
from deeptracker.errors import RecordingError
from deeptracker.format import Images, Manifest, Snapshot, prediction_dtype
from deeptracker.layers import find_layers, find_modules, unwrap
from deeptracker.measurement import WeightMemory, measure
from deeptracker.run_writer import RunWriter
from deeptracker.sampling import SamplingRule
from deeptracker.scalars import ScalarBuffer
from deeptracker.updates import StepWatch
from deeptracker.validation import BATCH, Loss
from deeptracker.validator import Validator


class Recorder:
    """Records a run into a directory while it trains, without changing the training.

    Use as a context manager around the training loop and call `step()` once after every
    `optimizer.step()`. Leaving the context closes the run as complete, an exception as failed.

    model: the network; data-parallel and compiled wrappers are looked through.
    optimizer: a torch optimizer, or several.
    run_dir: a new directory, or that of a run of the same network that goes on: then its UUID,
        description and sampling stay, and iterations count on from its last snapshot or from
        `start_iteration` (that of the checkpoint from which the script resumed). The first
        snapshot after that has no change against a previous one.
    validation: a dataset or loader of (image, label), in a fixed order, which the Recorder runs
        through the network in evaluation mode at every snapshot. `validation_loss(scores, labels)`
        gives the mean loss of a batch (default: cross entropy), `validation_forward(images)` the
        scores [n, C] (default: the model). `validation_batch` images at a time where no loader
        is given.
    labels: instead of `validation`, the true classes [N] of images that the script's own loop
        validates: whenever `due` holds, call `validated()` before `step()`.
    classes: the names of the classes; default: their numbers.
    image_names: optionally a name for every validation image.
    every, per_epoch, iterations_per_epoch: a snapshot every so many iterations, or so many an
        epoch; one of the two is needed, unless `iterations_per_epoch` alone gives one an epoch.
    planned_iterations: how long the training shall be, for showing progress.
    thumbnails: also store a small picture of every validation image.
    normalisation: also record normalisation layers.
    activations: also record what the layers put out on the validation set.

    In distributed training the process of rank 0 records, `step()` of the others does nothing.

    Raises NothingToRecord, ValidationSetChanged, ForeignRunDirectory, and RecordingError for
    anything else that it cannot work with.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        run_dir: str | Path,
        *,
        validation: Dataset[Any] | DataLoader[Any] | None = None,
        labels: Any = None,
        classes: Sequence[object] | None = None,
        image_names: Sequence[object] | None = None,
        every: int | None = None,
        per_epoch: int | None = None,
        iterations_per_epoch: int | None = None,
        planned_iterations: int | None = None,
        start_iteration: int | None = None,
        name: str | None = None,
        model_name: str | None = None,
        dataset: str = "",
        hyperparameters: Mapping[str, Any] | None = None,
        thumbnails: bool = False,
        normalisation: bool = False,
        activations: bool = False,
        validation_loss: Loss | None = None,
        validation_forward: Callable[[Any], torch.Tensor] | None = None,
        validation_batch: int = BATCH,
    ) -> None:
        self.run_dir = Path(run_dir)
        self.iteration = start_iteration or 0
        self._closed = not _records()
        if self._closed:
            return
        if every is None and per_epoch is None and iterations_per_epoch is not None:
            per_epoch = 1
        self._sampling = SamplingRule(every, per_epoch, iterations_per_epoch)
        self._model = unwrap(model)
        self._layers = find_layers(self._model, normalisation=normalisation)
        self._validator = Validator(
            self._model,
            self._layers,
            source=validation,
            labels=labels,
            classes=classes,
            image_names=image_names,
            batch=validation_batch,
            loss=validation_loss,
            forward=validation_forward,
            activations=activations,
        )
        pictures = self._validator.survey(pictures=thumbnails, run_dir=self.run_dir)
        optimizers = [optimizer] if isinstance(optimizer, Optimizer) else optimizer
        self._watch = StepWatch(self._layers, _listed(optimizers), lambda: self.due)
        self._scalars = ScalarBuffer()
        self._memory = WeightMemory()
        try:
            self._writer = RunWriter.begin(
                self.run_dir,
                Manifest(
                    run=uuid.uuid4().hex,
                    name=checked_name("name", name or self.run_dir.resolve().name),
                    model=checked_name("model_name", model_name or type(self._model).__name__),
                    dataset=checked_name("dataset", dataset),
                    created_at=time.time(),
                    layers=tuple(layer.spec for layer in self._layers),
                    modules=find_modules(self._model, self._layers),
                    classes=self._validator.classes,
                    images=self._validator.images or Images(np.zeros(0, np.int32)),
                    hyperparameters=plain_values(hyperparameters),
                    sampling=self._sampling.for_manifest(planned_iterations),
                ),
            )
            if pictures:
                self._writer.write_thumbnails(pictures)
        except BaseException:
            self._watch.close()
            raise
        if start_iteration is None:
            self.iteration = self._writer.last_iteration

    @property
    def manifest(self) -> Manifest:
        """Return what is recorded of the run as a whole; rank 0 only."""
        return self._writer.manifest

    @property
    def due(self) -> bool:
        """Say whether the iteration under way (which the next `step()` ends) is a snapshot."""
        return not self._closed and self._sampling.due(self.iteration + 1)

    def validated(self, prediction: Any, probability: Any, *, loss: Any = None) -> None:
        """Hand in the script's own validation of the iteration under way, ahead of `step()`.

        prediction: predicted classes [N]; probability: those given to the true class [N], 0..1 or
        NaN; both tensors, arrays or lists, in the order of `labels`. loss: the mean loss, or None.
        """
        if not self._closed:
            self._validator.hand_in(prediction, probability, loss=loss)

    def step(self, **scalars: Any) -> None:
        """End an iteration: call it after every `optimizer.step()`, with scalars to be logged.

        Scalars are numbers or tensors of one element. `train_loss` and `train_error` are names
        that the views know; the learning rate and the validation's results are added by themselves.
        """
        if self._closed:
            return
        due = self.due
        self._scalars.add(self.iteration + 1, {**self._watch.learning_rates(), **scalars})
        if due:
            self._take_snapshot(self.iteration + 1)
            self._watch.forget()
        self.iteration += 1

    def _take_snapshot(self, iteration: int) -> None:
        result = self._validator.result(iteration)
        measured = measure(self._layers, *self._watch.collect(), self._memory)
        if result is not None:
            self._scalars.add(iteration, result.scalars)
            measured.statistics.update(result.activations)
        written = self._writer.write(
            Snapshot(
                iteration=iteration,
                epoch=self._sampling.epoch(iteration),
                recorded_at=time.time(),
                statistics=measured.statistics,
                histogram=measured.histogram,
                bands=measured.bands,
                filters=measured.filters,
                prediction=None
                if result is None
                else result.prediction.astype(prediction_dtype(len(self.manifest.classes))),
                probability=None if result is None else result.probability.astype("<f2"),
                scalars=self._scalars.take(),
            )
        )
        # What was lost is as if it had not been due: the next one spans both.
        if written:
            self._memory.remember(self._layers)
            self._scalars.clear()

    def close(self, state: str = "complete") -> None:
        """Close the run as "complete" or "failed" and take the hooks off the optimizer."""
        if self._closed:
            return
        self._closed = True
        self._watch.close()
        self._writer.close(state)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close("complete" if kind is None else "failed")


def _records() -> bool:
    """Say whether this process is the one that records: the only one, or rank 0."""
    distributed = torch.distributed
    return not (
        distributed.is_available() and distributed.is_initialized() and distributed.get_rank() != 0
    )


def _listed(optimizers: object) -> Sequence[Optimizer]:
    if isinstance(optimizers, (list, tuple)) and optimizers:
        return optimizers
    raise RecordingError(
        f"optimizer must be a torch optimizer or a list of them, not {type(optimizers).__name__}"
    )
