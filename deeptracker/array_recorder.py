"""`deeptracker.record`: a run of whatever gives its parameters as arrays, such as JAX or numpy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.extras import needed

with needed("record", "deeptracker.record"):
    import torch  # noqa: F401 - in which statistics are computed

from deeptracker.array_layers import ArrayMirror, Form, layer_names, named_arrays
from deeptracker.recorder_base import RunRecorder
from deeptracker.run_manifest import Description


class ArrayRecorder(RunRecorder):
    """Records a run whose parameters are arrays, into a directory, while it trains.

    Use as a context manager around the training loop and call `step()` once after every step of the
    optimizer, with the parameters that it made. As with `Recorder`, what is wrong raises here, and
    nothing does later.

    run_dir, resume, start_iteration, every, per_epoch, iterations_per_epoch, planned_iterations,
        name, model_name, dataset, hyperparameters, machine, rank: as of `Recorder`.
    parameters: an array, or a dictionary, list or tree of arrays, before the first step. Arrays of
        numpy, JAX, or anything that numpy reads, of real numbers; those with two axes or more are
        layers. They are copied ahead of a snapshot alone.
    filter_axis: the axis that counts the output units of an array, whose filters they are: the last
        one as in JAX, Flax and Keras; 0 as in PyTorch.
    labels: the true classes [N] of images that the loop validates: whenever `due` holds, call
        `validated()` before `step()`. classes, image_names: as of `Recorder`.
    gradients: False where none will be given to `step()`, so that the run's pages say so.
    updates: False where `passed()` is to be called, so that the run's pages say so.
    forms: what is known of arrays as layers, by their dotted names; see Form.
    lent: True where nobody changes an array once it was given, so that it is held, not copied.
    """

    def __init__(
        self,
        run_dir: str | Path,
        parameters: Any,
        *,
        filter_axis: int = -1,
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
        gradients: bool = True,
        updates: bool = True,
        forms: Mapping[str, Form] | None = None,
        lent: bool = False,
        machine: bool = True,
        rank: int | None = None,
    ) -> None:
        super().__init__(
            run_dir,
            every=every,
            per_epoch=per_epoch,
            iterations_per_epoch=iterations_per_epoch,
            planned_iterations=planned_iterations,
            start_iteration=start_iteration,
            rank=rank,
        )
        self._overdue = False
        if self._closed:
            return
        arrays = named_arrays(parameters)
        self._gradients = gradients
        names = layer_names(arrays, filter_axis)
        self._mirror = ArrayMirror(arrays, names, filter_axis, forms or {}, lent=lent)
        self._begin(
            self._mirror.network,
            self._mirror.layers,
            (),
            Description(
                name,
                "arrays" if model_name is None else model_name,
                dataset,
                hyperparameters,
                self._planned,
            ),
            resume=resume,
            machine=machine,
            gradients=gradients,
            unrecorded=self._mirror.unrecorded,
            updates=updates,
            source=None,
            labels=None if labels is None else np.array(labels),
            classes=classes,
            image_names=image_names,
        )
        # Whether the mirror holds the parameters before the step under way.
        self._before = self.due

    @property
    def due(self) -> bool:
        """Say whether the iteration under way (which the next `step()` ends) is a snapshot."""
        return super().due or (self._overdue and not self._closed)

    def passed(self, iterations: int) -> None:
        """Count iterations that ended unseen ahead of the one that the next `step()` ends.

        As where a compiled program takes several steps at once. A snapshot that was due in them is
        taken with that one, without gradient and update.
        """
        for number in range(iterations):
            if self._overdue:  # and stays so
                self.iteration += iterations - number
                break
            self._overdue, self.iteration = self.due, self.iteration + 1
        self._before = self._before and iterations < 1

    def apart(self) -> None:
        """Say that more than one step made what the next `step()` is given: no update is known."""
        self._before = False

    def step(
        self,
        parameters: Any,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        gradients: Any = None,
        scores: Any = None,
        labels: Any = None,
        **scalars: Any,
    ) -> None:
        """End an iteration: call it after every step, with the parameters that the step made.

        gradients: of the same form as the parameters, those that the optimizer was given; parts may
        be missing. They are looked at where `due` held, so they may be omitted elsewhere.
        values, scores, labels, scalars: as of `Recorder.step`.
        """
        if self._closed:
            self._tell_if_forked()
            return
        machine = self._recording.machine
        if machine is not None:
            machine.clock.enter()
        due, self.iteration = self.due, self.iteration + 1
        self._overdue = False
        if due:
            self._measure(parameters, gradients)
        if scores is not None and labels is not None:
            scores, labels = np.array(scores), np.array(labels)
        self._recording.log(self.iteration, values, scalars, scores=scores, labels=labels)
        if due:
            self._recording.take_snapshot(self.iteration)
        self._before = False
        if self.due:  # the step that comes
            with self._recording.going_on("optimizer", "the parameters"):
                self._mirror.load(named_arrays(parameters))
                self._before = True
        if self._recording.writer.lost_to_another:
            self.close("stopped")
        if machine is not None:
            machine.clock.leave()

    def _measure(self, parameters: Any, gradients: Any) -> None:
        """Tell the observer what the step did; without parameters before it, nothing is known."""
        observer = self._recording.observer
        with self._recording.going_on("optimizer", "the step"):
            arrays = named_arrays(parameters)
            if not self._before:
                self._mirror.load(arrays)
                return
            observer.find_layers()
            there = [i for i, layer in enumerate(self._mirror.layers) if layer.weight is not None]
            self._mirror.load_gradients({} if gradients is None else named_arrays(gradients))
            if gradients is None and self._gradients:
                self.remark("optimizer", "no gradients", _NO_GRADIENTS)
            observer.before_step(there, gradients=True)
            self._mirror.load(arrays)
            observer.find_layers()
            observer.after_step([i for i in there if self._mirror.layers[i].weight is not None])


record = ArrayRecorder

_NO_GRADIENTS = (
    "no gradients were given to step() at a snapshot; pass gradients= there, or gradients=False to "
    "deeptracker.record() where there are none"
)
