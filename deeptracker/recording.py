"""A recording under way: its parts put together, and what is asked of them in a training loop."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from deeptracker.batch_error import BatchError
from deeptracker.batch_ledger import BatchLedger
from deeptracker.errors import RecordingError
from deeptracker.format import Event, Failure, Unrecorded
from deeptracker.format.entries import fit_text
from deeptracker.layers import Layer
from deeptracker.ledger_files import LedgerFiles
from deeptracker.lockstep import OneProcess
from deeptracker.loss_scale import LossScale
from deeptracker.machine import Machine
from deeptracker.measurement import try_to_measure
from deeptracker.no_writer import NoWriter
from deeptracker.optimizer_watch import OptimizerWatch
from deeptracker.prober import Prober
from deeptracker.rank_machine import Machines
from deeptracker.run_manifest import Description, made_manifest
from deeptracker.run_place import Place
from deeptracker.run_writer import RunWriter
from deeptracker.saliency_budget import Bounded
from deeptracker.sampling import SamplingRule
from deeptracker.scalars import ScalarBuffer
from deeptracker.snapshot_taker import SnapshotTaker
from deeptracker.training_activations import TrainingActivations
from deeptracker.updates import StepObserver
from deeptracker.validator import Validator


class Recording:
    """Logs iterations and takes snapshots. Making one may raise RecordingError, nothing else does.

    `observer` is told of steps by hooks on torch's optimizers; who trains by other means gives no
    optimizers and tells it itself. `due` says whether the iteration under way is a snapshot.
    `gradients` and `updates` say whether there may be any, `machine` whether it is read.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[Layer],
        optimizers: Sequence[object],
        validator: Validator,
        sampling: SamplingRule,
        place: Place | None,
        described: Description,
        due: Callable[[], bool],
        *,
        start_iteration: int | None,
        pictures: list[Tensor],
        unrecorded: tuple[Unrecorded, ...],
        gradients: bool = True,
        updates: bool = True,
        machine: bool = False,
        training_activations: bool = False,
        group: OneProcess | None = None,
    ) -> None:
        group = group or OneProcess()
        try_to_measure(model, layers, group)
        self._iteration = start_iteration or 0
        self._validator = validator
        self._batch_error = BatchError(squashed=validator.squashed)
        self._loss_scale = LossScale()
        self.observer = StepObserver(model, layers, due, group)
        self._watch = OptimizerWatch(optimizers, self.observer, self._note_error)
        try:
            if place is None:
                self.writer: RunWriter = NoWriter()
            else:
                seen = {
                    "gradient": gradients,
                    "update": updates,
                    "bands": updates,
                    "training_activation": training_activations,
                }
                manifest = replace(
                    made_manifest(model, layers, validator, sampling, place, described, seen),
                    unrecorded=unrecorded,
                )
                self.writer = RunWriter.begin(place, manifest, start_iteration=start_iteration)
                if pictures:
                    self.writer.write_thumbnails(pictures)
            group.agree("the begin of the run")
        except BaseException:
            self._watch.close()
            raise
        self._scalars = ScalarBuffer(self._note_odd_scalar)
        self._scalars.restore(self.writer.restored)
        self.machine = Machine(self._iteration) if machine and place is not None else None
        self._machines = Machines(self.machine) if self.machine is not None else None
        self._training: TrainingActivations | None = None
        if training_activations and group.leads:
            self._training = TrainingActivations(model, layers, self._note_activation_error)
        # Made with the first batch that the script tells of; most tell of none.
        self._ledger: BatchLedger | None = None
        self._taker = SnapshotTaker(
            layers,
            self.observer,
            validator,
            sampling,
            self._scalars,
            self.writer,
            updates=updates,
            group=group,
            training=self._training,
            prober=_prober(validator, self.writer),
        )
        if validator.graph_error:
            text = f"the network's graph is not recorded: {validator.graph_error}"
            self.remark("network", "graph", text)
        for note in validator.notes:
            self.remark("validation", "images as given", note)
        if self._watch.holds_nothing():
            self.remark(
                "optimizer",
                "other parameters",
                "the optimizer holds no parameter of a recorded layer of this model; make the "
                "Recorder with the model that is trained: its gradients and updates are not known",
            )

    def log(
        self, iteration: int, values: object, scalars: dict[str, Any], *, scores: Any, labels: Any
    ) -> None:
        """Keep the scalars of an iteration, the learning rates and the error of the batch."""
        self._iteration = iteration
        with self.going_on("recorder", "step()"):
            found = {**self._watch.rates.values(), **self._by_name("step()", values, scalars)}
            if scores is not None and labels is not None:
                with self.going_on("scalar", "train_error"):
                    found["train_error"] = self._batch_error.of(scores, labels)
                    if self.machine is not None:
                        self.machine.clock.note_images(len(labels))
                with contextlib.suppress(Exception):  # of scores and labels of whatever kind
                    if said := self._loss_scale.look(found, scores, labels):
                        self.remark("scalar", "train_loss: scale", said)
            if self._machines is not None:
                with self.going_on("machine", "what the machine does"):
                    found = {**self._machines.values(iteration), **found}
            kept = self._scalars.add(iteration, found)
            self.writer.journal.add(iteration, kept)
            if self._ledger is not None:
                self._ledger.end_step(iteration, kept.get("train_loss"))

    def log_more(self, iteration: int, values: object, scalars: dict[str, Any]) -> None:
        """Keep scalars of an iteration that has ended, besides those that it has already."""
        with self.going_on("recorder", "log()"):
            found = self._by_name("log()", values, scalars)
            self.writer.journal.add(iteration, self._scalars.add(iteration, found))

    def _by_name(self, what: str, values: object, scalars: dict[str, Any]) -> dict[str, Any]:
        if isinstance(values, Mapping):
            return {**scalars, **{str(name): value for name, value in values.items()}}
        if values is not None:
            self._note_odd_scalar(what, f"it takes names, not a {type(values).__name__}")
        return scalars

    def await_snapshot(self) -> None:
        """Get ready for the snapshot that the next iteration ends with."""
        if self._training is not None:
            with self.going_on("network", "activations on training batches"):
                self._training.begin()

    def take_snapshot(self, iteration: int) -> None:
        """Take the snapshot of an iteration."""
        self._iteration = iteration
        with torch.inference_mode(False), self.going_on("snapshot", "a snapshot"):
            # What is kept in inference mode could not be written to when the next one is taken.
            self._taker.take(iteration)
        self.observer.forget()

    def add_batch(self, iteration: int, indices: Any, losses: Any, labels: Any) -> None:
        """Keep which images make the step of an iteration."""
        self._iteration = iteration
        with self.going_on("ledger", "batch()"):
            if self._ledger is None:
                files = LedgerFiles(self.writer)
                self._ledger = BatchLedger(
                    files.write, self._note_odd_batch, files=files.count, size=files.size
                )
            self._ledger.add(indices, losses, labels)

    def hand_in(self, iteration: int, prediction: Any, probability: Any, *, loss: Any) -> None:
        """Take the script's own validation of an iteration."""
        self._iteration = iteration
        with self.going_on("validation", "what was handed in"):
            self._validator.hand_in(prediction, probability, loss=loss)

    def add_event(self, iteration: int, text: object) -> None:
        """Keep a mark at an iteration."""
        self._iteration = iteration
        with self.going_on("event", "an event"):
            mark = Event(iteration, time.time(), fit_text(str(text))[:500])
            if not self.writer.add_event(mark):
                raise RecordingError("there are too many events already")

    def close(self, iteration: int, state: str, *, failure: Failure | None) -> None:
        """Take the hooks away and write how the training ended."""
        self._iteration = iteration
        if self.machine is not None:
            self.machine.clock.close()
        if self._ledger is not None:
            with self.going_on("ledger", "batch()"):
                self._ledger.flush()
        with self.going_on("recorder", "close()"):
            self._watch.close()
            if self._training is not None:
                self._training.stop()
            self.observer.forget()
            self.writer.close(state, failure=failure)

    def remark(self, kind: str, subject: str, text: str) -> None:
        """Say and count something that could not be recorded, or is doubtful."""
        self.writer.remarks.add(kind, subject, text, iteration=self._iteration)

    def _note_odd_scalar(self, name: str, why: str) -> None:
        self.remark("scalar", name, f"scalar {name[:60]!r} is not recorded: {why}")

    def _note_odd_batch(self, name: str, why: str) -> None:
        self.remark("ledger", name, f"{name} of a batch are not recorded: {why}")

    def _note_activation_error(self, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"
        text = f"what a layer puts out for training batches could not be measured ({why})"
        self.remark("network", type(error).__name__, text)

    def _note_error(self, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"
        text = f"a step of the optimizer could not be measured ({why})"
        self.remark("optimizer", type(error).__name__, text)

    @contextlib.contextmanager
    def going_on(self, kind: str, what: str) -> Iterator[None]:
        """Let the training go on whatever goes wrong within; it is a remark."""
        try:
            yield
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            text = f"{what} of iteration {self._iteration} could not be recorded: {why}"
            self.remark(kind, f"{what}: {type(error).__name__}", text)


def _prober(validator: Validator, writer: RunWriter) -> Prober | None:
    if validator.probing is None:
        return None
    maker = validator.saliency
    return Prober(validator.probing, writer, None if maker is None else Bounded(maker, writer))
