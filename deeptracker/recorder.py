"""Recorder: what a training loop calls; it measures at the sampled iterations and writes them."""

import atexit
import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from deeptracker.extras import needed

with needed("record", "deeptracker.Recorder"):
    from torch import nn
    from torch.optim import Optimizer
    from torch.utils.data import DataLoader, Dataset

from deeptracker.endings import ending_of, last_uncaught
from deeptracker.format import Failure, Manifest
from deeptracker.layers import find_layers, unwrap
from deeptracker.ranks import own_rank
from deeptracker.recording import Description, Recording
from deeptracker.run_identity import place_of
from deeptracker.run_place import take_place
from deeptracker.sampling import SamplingRule
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
        (`run_dir` then says which), unless the run should go on:
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
    planned_iterations: how long the training should be, for showing progress.
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
        if every is None and per_epoch is None and iterations_per_epoch is not None:
            per_epoch = 1
        self._sampling = SamplingRule(every, per_epoch, iterations_per_epoch)
        self._planned = planned_iterations
        network = unwrap(model)
        layers = find_layers(network, normalisation=normalisation)
        goes_on = resume or start_iteration is not None
        _close_the_one_before(self.run_dir, goes_on=goes_on)
        place = take_place(self.run_dir, goes_on=goes_on)
        self.run_dir = place.path
        try:
            validator = Validator(
                network,
                layers,
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
            pictures = validator.survey(pictures=thumbnails, run_dir=self.run_dir)
            self._recording = Recording(
                network,
                layers,
                optimizer,
                validator,
                self._sampling,
                place,
                Description(name, model_name, dataset, hyperparameters, planned_iterations),
                lambda: self.due,
                start_iteration=start_iteration,
                pictures=pictures,
            )
        except BaseException:
            place.give_back()
            raise
        if start_iteration is None:
            self.iteration = self._recording.writer.last_iteration
        _open[place_of(self.run_dir)] = self
        me = weakref.ref(self)
        self._at_exit = lambda: _close_at_exit(me)
        atexit.register(self._at_exit)

    @property
    def manifest(self) -> Manifest:
        """Return what is recorded of the run as a whole; rank 0 only."""
        return self._recording.writer.manifest

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
            self._recording.hand_in(self.iteration + 1, prediction, probability, loss=loss)

    def event(self, text: object) -> None:
        """Mark the iteration under way on the axes of the views, such as "unfroze layer3"."""
        if not self._closed:
            self._recording.add_event(self.iteration + 1, text)

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
        due, self.iteration = self.due, self.iteration + 1
        self._recording.log(self.iteration, values, scalars, scores=scores, labels=labels)
        if due:
            self._recording.take_snapshot(self.iteration)
        if self._recording.writer.lost_to_another:
            self.close("stopped")

    def close(self, state: str = "complete", *, failure: Failure | None = None) -> None:
        """Close the run and take the hooks off the optimizers.

        state: "complete", "stopped" (ended early, on purpose) or "failed"; a complete run that is
        not as long as was planned is stopped.
        """
        if self._closed:
            return
        self._closed = True
        if state == "complete" and self._planned and self.iteration < self._planned:
            state = "stopped"
        # A process that was forked from the one that records leaves the folder alone.
        if os.getpid() == self._process:
            self._recording.close(self.iteration, state, failure=failure)
            atexit.unregister(self._at_exit)

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


def _close_the_one_before(run_dir: Path, *, goes_on: bool) -> None:
    """Close a Recorder of this process that was left open, where its run should go on.

    As in a notebook, whose cell is run again.
    """
    before = _open.get(place_of(run_dir)) if goes_on else None
    if before is not None:
        before.close("stopped")


def _close_at_exit(recorder: "weakref.ref[Recorder]") -> None:
    """Close a Recorder that the script left open, as complete unless an exception ended it."""
    found = recorder()
    if found is not None:
        state, failure = ending_of(last_uncaught())
        found.close(state, failure=failure)


def _records(rank: int | None) -> bool:
    """Say whether this process is the one that records: the only one, or rank 0."""
    found, by = own_rank() if rank is None else (rank, "rank=")
    if found != 0:
        log.info(
            "rank %s by %s: rank 0 records. Pass rank=0 if this process is not part of it",
            found,
            by,
        )
    return found == 0
