"""Recorder: what a training loop calls; it measures at the sampled iterations and writes them."""

import atexit
import contextlib
import logging
import os
import time
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

from deeptracker.batch_error import batch_error
from deeptracker.description import checked_name, plain_values
from deeptracker.endings import ending_of, last_uncaught
from deeptracker.errors import RecordingError
from deeptracker.format import Event, Failure, Images, Manifest
from deeptracker.format.entries import fit_text
from deeptracker.layers import Layer, find_layers, find_modules, unwrap
from deeptracker.measurement import WeightMemory, measure
from deeptracker.optimizer_watch import OptimizerWatch
from deeptracker.ranks import own_rank
from deeptracker.run_identity import place_of
from deeptracker.run_place import Place, take_place
from deeptracker.run_writer import RunWriter, contents_of
from deeptracker.sampling import SamplingRule
from deeptracker.scalars import ScalarBuffer
from deeptracker.snapshot_taker import SnapshotTaker
from deeptracker.updates import StepObserver
from deeptracker.validation import BATCH, Forward, Loss
from deeptracker.validation_labels import Unpack
from deeptracker.validator import Validator

log = logging.getLogger("deeptracker")

# The Recorders of this process that are not closed, by their folder.
_open: "weakref.WeakValueDictionary[str, Recorder]" = weakref.WeakValueDictionary()


class Recorder:
    """Records a run into a directory while it trains, without changing the training.

    Use as a context manager around the training loop and call `step()` once after every
    `optimizer.step()`. Leaving the context closes the run as complete, an exception as failed.

    model: the network; data-parallel and compiled wrappers are looked through.
    optimizer: a torch optimizer, or several.
    run_dir: a new directory. One that holds a run is refused, and a directory beside it taken
        (`run_dir` then says which), unless the run shall go on:
    resume, start_iteration: the run in `run_dir` goes on, after its last snapshot or after the
        iteration `start_iteration` (that of the checkpoint from which the script resumed). Its
        UUID, description and sampling stay; what it had recorded after that iteration is set
        aside. The first snapshot after that has no change against a previous one. `resume=True`
        in a new directory begins a run.
    validation: a data set or loader of (image, label), which the Recorder runs through the network
        in evaluation mode at every snapshot, with a loader of its own in a fixed order.
        `validation_unpack(batch)` gives (images, labels) of a batch of another form,
        `validation_forward(images)` the scores [n, C] (default: the model),
        `validation_loss(output, labels)` the mean loss of a batch (default: cross entropy of the
        scores). `validation_batch` images at a time where no loader is given.
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
    rank: the process of rank 0 records, `step()` of the others does nothing; default: as the
        process group or the launcher's environment says.

    All that is wrong with what it is given raises here: NothingToRecord, ValidationSetChanged,
    ForeignRunDirectory, RunLocked, and RecordingError for anything else. Later nothing raises:
    what cannot be recorded is warned of once, and counted in the manifest.
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
        resume: bool = False,
        start_iteration: int | None = None,
        name: str | None = None,
        model_name: str | None = None,
        dataset: str = "",
        hyperparameters: Mapping[str, Any] | None = None,
        thumbnails: bool = False,
        normalisation: bool = False,
        activations: bool = False,
        validation_loss: Loss | None = None,
        validation_forward: Forward | None = None,
        validation_unpack: Unpack | None = None,
        validation_batch: int = BATCH,
        rank: int | None = None,
    ) -> None:
        self.run_dir = Path(run_dir)
        self.iteration = start_iteration or 0
        self._closed = not _records(rank)
        if self._closed:
            return
        self._process = os.getpid()
        self._planned = planned_iterations
        if every is None and per_epoch is None and iterations_per_epoch is not None:
            per_epoch = 1
        self._sampling = SamplingRule(every, per_epoch, iterations_per_epoch)
        self._model = unwrap(model)
        self._layers = find_layers(self._model, normalisation=normalisation)
        goes_on = resume or start_iteration is not None
        place = self._take(Path(run_dir), goes_on=goes_on)
        self.run_dir = place.path
        self._watch: OptimizerWatch | None = None
        try:
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
                unpack=validation_unpack,
                activations=activations,
            )
            pictures = self._validator.survey(pictures=thumbnails, run_dir=self.run_dir)
            _try_to_measure(self._model, self._layers)
            self._observer = StepObserver(self._model, self._layers, lambda: self.due)
            self._watch = OptimizerWatch(_listed(optimizer), self._observer, self._note_error)
            self._writer = RunWriter.begin(
                place,
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
                    place=place_of(self.run_dir),
                    contents=contents_of(_capabilities(self._validator, activations=activations)),
                ),
                start_iteration=start_iteration,
            )
            if pictures:
                self._writer.write_thumbnails(pictures)
        except BaseException:
            if self._watch is not None:
                self._watch.close()
            place.give_back()
            raise
        if start_iteration is None:
            self.iteration = self._writer.last_iteration
        self._begin()

    def _take(self, run_dir: Path, *, goes_on: bool) -> Place:
        before = _open.get(place_of(run_dir)) if goes_on else None
        if before is not None:
            # As in a notebook, whose cell is run again: the one before does not end by itself.
            before.close("stopped")
        return take_place(run_dir, goes_on=goes_on)

    def _begin(self) -> None:
        self._scalars = ScalarBuffer(self._note_odd_scalar)
        self._scalars.restore(self._writer.restored)
        self._taker = SnapshotTaker(
            self._layers,
            self._observer,
            self._validator,
            self._sampling,
            self._scalars,
            self._writer,
        )
        if self._watch is not None and self._watch.holds_nothing():
            self._writer.remarks.add(
                "optimizer",
                "other parameters",
                "the optimizer holds no parameter of a recorded layer of this model; make the "
                "Recorder with the model that is trained: its gradients and updates are not known",
                iteration=self.iteration,
            )
        _open[place_of(self.run_dir)] = self
        me = weakref.ref(self)
        self._at_exit = lambda: _close_at_exit(me)
        atexit.register(self._at_exit)

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

        prediction: predicted classes [N], -1 where the network gives none; probability: those given
        to the true class [N], 0..1 or NaN; both tensors, arrays or lists, in the order of `labels`.
        loss: the mean loss, or None. What does not fit is warned of once and left out.
        """
        if not self._closed:
            with self._going_on("validation", "what was handed in"):
                self._validator.hand_in(prediction, probability, loss=loss)

    def event(self, text: object) -> None:
        """Mark the iteration under way on the axes of the views, such as "unfroze layer3"."""
        if self._closed:
            return
        with self._going_on("event", "an event"):
            mark = Event(self.iteration + 1, time.time(), fit_text(str(text))[:500])
            if not self._writer.add_event(mark):
                raise RecordingError("there are too many events already")

    def step(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        scores: Any = None,
        labels: Any = None,
        **scalars: Any,
    ) -> None:
        """End an iteration: call it after every `optimizer.step()`, with scalars to be logged.

        Scalars are numbers, or tensors and arrays of one element; `values` holds some whose names
        are no Python names. `train_loss` and `train_error` are names that the views know;
        `train_error` is computed where `scores` [n, C] and `labels` [n] (or [n, C]) of the batch
        are given. The learning rate and the validation's results are added by themselves.
        """
        if self._closed:
            return
        due, iteration = self.due, self.iteration + 1
        try:
            with self._going_on("recorder", "step()"):
                self._log(iteration, values, scores, labels, scalars)
            if due:
                with self._going_on("snapshot", "a snapshot"):
                    self._taker.take(iteration)
                self._observer.forget()
        finally:
            self.iteration = iteration
        if self._writer.lost_to_another:
            self.close("stopped")

    def _log(
        self, iteration: int, values: object, scores: Any, labels: Any, scalars: dict[str, Any]
    ) -> None:
        assert self._watch is not None
        found: dict[str, Any] = {**self._watch.rates.values(), **scalars}
        if isinstance(values, Mapping):
            found |= {str(name): value for name, value in values.items()}
        elif values is not None:
            self._note_odd_scalar("step()", f"takes scalars by name, not a {type(values).__name__}")
        if scores is not None and labels is not None:
            with self._going_on("scalar", "train_error"):
                found["train_error"] = batch_error(scores, labels)
        kept = self._scalars.add(iteration, found)
        self._writer.journal.add(iteration, kept)

    def _note_odd_scalar(self, name: str, why: str) -> None:
        self._writer.remarks.add(
            "scalar",
            name,
            f"scalar {name[:60]!r} is not recorded: {why}",
            iteration=self.iteration + 1,
        )

    def _note_error(self, error: Exception) -> None:
        self._writer.remarks.add(
            "optimizer",
            type(error).__name__,
            f"a step of the optimizer could not be measured ({type(error).__name__}: {error})",
            iteration=self.iteration + 1,
        )

    @contextlib.contextmanager
    def _going_on(self, kind: str, what: str) -> Iterator[None]:
        """Let the training go on whatever goes wrong within; it is a remark."""
        try:
            yield
        except Exception as error:
            self._writer.remarks.add(
                kind,
                f"{what} {type(error).__name__}",
                f"{what} of iteration {self.iteration + 1} could not be recorded: "
                f"{type(error).__name__}: {error}",
                iteration=self.iteration + 1,
            )

    def close(self, state: str = "complete", *, failure: Failure | None = None) -> None:
        """Close the run and take the hooks off the optimizers.

        state: "complete", "stopped" (ended early, on purpose) or "failed"; a complete run that is
        not as long as was planned is stopped.
        """
        if self._closed:
            return
        if state == "complete" and self._planned and self.iteration < self._planned:
            state = "stopped"
        with self._going_on("recorder", "close()"):
            assert self._watch is not None
            self._watch.close()
            self._observer.forget()
            if os.getpid() == self._process:
                self._writer.close(state, failure=failure)
                atexit.unregister(self._at_exit)
        self._closed = True

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        state, failure = ending_of(error)
        self.close(state, failure=failure)


def _close_at_exit(recorder: "weakref.ref[Recorder]") -> None:
    """Close a Recorder that the script left open, as complete unless an exception ended it."""
    found = recorder()
    if found is not None and os.getpid() == found._process:
        state, failure = ending_of(last_uncaught())
        found.close(state, failure=failure)


def _records(rank: int | None) -> bool:
    """Say whether this process is the one that records: the only one, or rank 0."""
    found, by = own_rank() if rank is None else (rank, "rank=")
    if found != 0:
        log.info("rank %s by %s: rank 0 records. Pass rank=0 where this is no such part", found, by)
    return found == 0


def _capabilities(validator: Validator, *, activations: bool) -> dict[str, bool]:
    always = ("weight", "gradient", "update", "histogram", "bands", "filters")
    validates = validator.images is not None
    return {**dict.fromkeys(always, True), "validation": validates, "activation": activations}


@torch.no_grad()
def _try_to_measure(model: nn.Module, layers: Sequence[Layer]) -> None:
    """Measure the weights once for nothing, so that what cannot be measured is known at once."""
    try:
        measure(layers, StepObserver(model, layers, lambda: False).collect(), WeightMemory())
    except Exception as error:
        raise RecordingError(
            f"the weights of {type(model).__name__} cannot be measured ({type(error).__name__}: "
            f"{error}); pass model= a network with weights in float32, float64, float16 or bfloat16"
        ) from error


def _listed(optimizers: object) -> Sequence[object]:
    if isinstance(optimizers, (list, tuple)) and optimizers:
        return optimizers
    if isinstance(optimizers, (list, tuple, dict, str)) or optimizers is None:
        raise RecordingError(
            f"optimizer must be a torch optimizer or a list of them, not {optimizers!r:.80}"
        )
    return [optimizers]
