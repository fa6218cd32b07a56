"""What every recorder does, whatever trains: its folder, what is due, marks, and the end."""

import atexit
import logging
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import torch
from torch import nn

from deeptracker.endings import ending_of, last_uncaught
from deeptracker.format import Failure, Manifest, Unrecorded
from deeptracker.generations import epochs_until
from deeptracker.given import folder, maybe_whole
from deeptracker.layers import Layer, layers_of
from deeptracker.lockstep import OneProcess
from deeptracker.machine import Machine
from deeptracker.rank_machine import RankMachine
from deeptracker.ranks import own_rank
from deeptracker.recording import Recording
from deeptracker.remarks import tell
from deeptracker.run_identity import place_of
from deeptracker.run_manifest import Description
from deeptracker.run_place import Place, take_place
from deeptracker.sampling import SamplingRule
from deeptracker.step_clock import timed
from deeptracker.unrecorded import find_unrecorded
from deeptracker.validator import Validator

_Batch = TypeVar("_Batch")
log = logging.getLogger("deeptracker")

# The recorders of this process that are not closed, by their folder.
_open: "weakref.WeakValueDictionary[str, RunRecorder]" = weakref.WeakValueDictionary()


class RunRecorder:
    """A run under way; see Recorder and ArrayRecorder, which say what an iteration is.

    `iteration` is the one that ended last, `run_dir` the folder that is recorded into.
    """

    def __init__(
        self,
        run_dir: str | Path,
        *,
        every: int | None,
        per_epoch: int | None,
        iterations_per_epoch: int | None,
        planned_iterations: int | None,
        start_iteration: int | None,
        rank: int | None,
        group: OneProcess | None = None,
    ) -> None:
        self.run_dir = folder("run_dir", run_dir)
        self._group = group or OneProcess()
        self._start = maybe_whole("start_iteration", start_iteration, least=0)
        self.iteration = self._start or 0
        self._closed = not (self._group.shared or _records(maybe_whole("rank", rank, least=0)))
        # Whether this process was forked from the one that records.
        self._forked = False
        # Of a process that does not record, but tells the one that does.
        self._rank_machine: RankMachine | None = None
        self._planned = maybe_whole("planned_iterations", planned_iterations)
        every, per_epoch = maybe_whole("every", every), maybe_whole("per_epoch", per_epoch)
        iterations_per_epoch = maybe_whole("iterations_per_epoch", iterations_per_epoch)
        if every is None and per_epoch is None and iterations_per_epoch is not None:
            per_epoch = 1
        if not self._closed:
            self._sampling = SamplingRule(every, per_epoch, iterations_per_epoch)

    def _begin(
        self,
        network: nn.Module,
        layers: Sequence[Layer],
        optimizers: Sequence[object],
        described: Description,
        *,
        resume: bool,
        unrecorded: tuple[Unrecorded, ...] | None = None,
        pictures: bool = False,
        gradients: bool = True,
        updates: bool = True,
        machine: bool = True,
        training_activations: bool = False,
        **validation: Any,
    ) -> None:
        """Take the folder and begin; what is wrong raises here. `validation` is a Validator's.

        unrecorded: what has no layer; None: what the layers leave of the network.
        """
        goes_on, group = resume or self._start is not None, self._group
        group.same("when a snapshot is due", (self._sampling, self._start, resume))
        _close_the_one_before(self.run_dir, goes_on=goes_on)
        place = take_place(self.run_dir, goes_on=goes_on) if group.leads else None
        try:
            self.run_dir = group.of_leader("run_dir", place and place.path)
            before = group.of_leader("the epochs before", self._epochs_before(place))
            if before is not None:
                self._sampling = self._sampling.going_on(*before)
            kept = [layer.spec.name for layer in layers_of(place.old if place else None, layers)]
            known = set(group.of_leader("the layers", kept))
            layers = [layer for layer in layers if layer.spec.name in known]
            begun = group.of_leader("the validation images", place and place.begun_with)
            validator = Validator(network, layers, group=group, begun=begun, **validation)
            found = validator.survey(pictures=pictures and group.leads, run_dir=self.run_dir)
            group.reshard()
            self._recording = Recording(
                network,
                layers,
                optimizers,
                validator,
                self._sampling,
                place,
                described,
                lambda: self.due,
                start_iteration=self._start,
                pictures=found,
                unrecorded=find_unrecorded(network, layers) if unrecorded is None else unrecorded,
                gradients=gradients,
                updates=updates,
                machine=machine,
                training_activations=training_activations,
                group=group,
            )
        except BaseException:
            if place is not None:
                place.give_back()
            raise
        if self._start is None:
            self.iteration = group.of_leader("resume=", self._recording.writer.last_iteration)
        _open[place_of(self.run_dir)] = self
        me = weakref.ref(self)
        self._at_exit = lambda: _close_at_exit(me)
        atexit.register(self._at_exit)

    def _epochs_before(self, place: Place | None) -> tuple[int, float] | None:
        """Return where a run goes on that is there, and after how many epochs; None: not known."""
        if place is None or place.old is None or self._sampling.iterations_per_epoch is None:
            return None
        return epochs_until(place.path, place.old, self._start)

    @property
    def manifest(self) -> Manifest:
        """Return what is recorded of the run as a whole; rank 0 only."""
        return self._recording.writer.manifest

    @property
    def _writes(self) -> bool:
        """Say whether this process writes the run, and has not closed it."""
        return not self._closed and self._group.leads

    @property
    def _machine(self) -> Machine | None:
        """Return what reads this process's machine, whoever logs it; None: nothing does."""
        if self._rank_machine is not None:
            return self._rank_machine.machine
        return self._recording.machine if self._writes else None

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
        if self._writes:
            self._recording.hand_in(self.iteration + 1, prediction, probability, loss=loss)

    @torch.compiler.disable  # where the script compiles its whole iteration
    def batch(self, indices: Any, losses: Any = None, labels: Any = None) -> None:
        """Tell which training images make the iteration under way, ahead of `step()`.

        indices: their places in the training set [n], whole numbers from 0, as of
        `deeptracker.Indexed`; losses: the loss of each [n]; labels: their classes [n]. Tensors,
        arrays or lists; in an iteration of several batches call it for each. The last ones are kept
        in memory, and written when the training loss jumps or is not finite.
        """
        if self._writes:
            self._recording.add_batch(self.iteration + 1, indices, losses, labels)

    def event(self, text: object) -> None:
        """Mark the iteration under way on the axes of the views, such as "unfroze layer3"."""
        if self._writes:
            self._recording.add_event(self.iteration + 1, text)

    def log(self, values: Mapping[str, Any] | None = None, /, **scalars: Any) -> None:
        """Log scalars of the iteration that ended last, such as those of an evaluation after it.

        They are what `step()` takes. What is known by then is better given to `step()` itself.
        """
        if self._writes:
            self._recording.log_more(self.iteration, values, scalars)

    def loading(self, loader: Iterable[_Batch]) -> Iterator[_Batch]:
        """Yield the batches of a loader: `for images, labels in recorder.loading(loader)`.

        How long the training waits for them is logged as the scalar `machine/loading_percent`.
        """
        machine = self._machine
        return iter(loader) if machine is None else timed(loader, machine.clock.note_loading)

    def remark(self, kind: str, subject: str, text: str) -> None:
        """Warn of something about the run, once for each subject; the run's page lists it."""
        if self._writes:
            self._recording.remark(kind, subject, text)

    def close(self, state: str = "complete", *, failure: Failure | None = None) -> None:
        """Close the run and take the hooks off the optimizers.

        state: "complete", "stopped" (ended early, on purpose) or "failed"; a complete run that is
        not as long as was planned is stopped.
        """
        if self._rank_machine is not None:
            self._rank_machine.close()
            self._rank_machine = None
        if self._closed:
            return
        self._closed = True
        if state == "complete" and self._planned and self.iteration < self._planned:
            state = "stopped"
        self._recording.close(self.iteration, state, failure=failure)
        self._group.close()
        atexit.unregister(self._at_exit)

    def _tell_if_forked(self) -> None:
        """Say once that what a forked process trains is not recorded."""
        if self._forked:
            self._forked = False
            tell(
                f"{self.run_dir} is recorded by the process from which this one was forked; what "
                "is trained here is not recorded: make a Recorder in the process that trains"
            )

    def __enter__(self) -> Self:
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
    """Close a recorder of this process that was left open, where its run should go on.

    As in a notebook, whose cell is run again.
    """
    before = _open.get(place_of(run_dir)) if goes_on else None
    if before is not None:
        before.close("stopped")


def _let_go_after_fork() -> None:
    """Leave the folders alone in a forked process; the one that it is a copy of records on."""
    for recorder in _open.values():
        recorder._forked, recorder._closed = not recorder._closed, True


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_let_go_after_fork)


def _close_at_exit(recorder: "weakref.ref[RunRecorder]") -> None:
    """Close a recorder that the script left open, as complete unless an exception ended it."""
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
