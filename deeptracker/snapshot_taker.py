"""One snapshot: validation, what the steps did, the weights, and what is doubtful about them."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import RecordingError
from deeptracker.format import Snapshot, prediction_dtype
from deeptracker.layers import Layer
from deeptracker.lockstep import OneProcess
from deeptracker.measurement import Measured, WeightMemory, measure, moved_without_a_step
from deeptracker.prober import Prober
from deeptracker.remarks import Remarks
from deeptracker.run_writer import RunWriter
from deeptracker.sampling import SamplingRule
from deeptracker.scalars import ScalarBuffer
from deeptracker.training_activations import NOT_SEEN, TrainingActivations
from deeptracker.updates import StepObserver
from deeptracker.validator import Result, Validator


class SnapshotTaker:
    """Takes the snapshots of a run; what goes wrong about one is a remark, never an exception."""

    def __init__(
        self,
        layers: Sequence[Layer],
        observer: StepObserver,
        validator: Validator,
        sampling: SamplingRule,
        scalars: ScalarBuffer,
        writer: RunWriter,
        *,
        updates: bool,
        group: OneProcess,
        prober: Prober | None = None,
        training: TrainingActivations | None = None,
    ) -> None:
        self._layers, self._observer, self._validator = layers, observer, validator
        self._sampling, self._scalars, self._writer = sampling, scalars, writer
        self._memory, self._updates, self._group = WeightMemory(), updates, group
        self._prober, self._training = prober, training
        self._moved_by_steps: set[str] = set()

    @property
    def _remarks(self) -> Remarks:
        return self._writer.remarks

    def take(self, iteration: int) -> None:
        """Measure the snapshot of an iteration, together with the group, and write it."""
        group, began = self._group, time.perf_counter()
        # Before anything else runs the network.
        trained = None if self._training is None else self._training.end()
        if self._observer.sharded_since():
            # What is done with it from here on would wait for the other processes.
            group.broken = "sharded"
            raise RecordingError(
                "the network was sharded after the Recorder was made; call fully_shard() before. "
                "Recording stops, the training goes on"
            )
        with group.together("a snapshot"):
            group.meet(iteration)
            result = self._validate(iteration)
            group.reshard()
            gone = self._observer.find_layers()
            steps = self._observer.collect()
            measured = measure(self._layers, steps, self._memory, group)
            written = False
            if group.leads:
                moved = moved_without_a_step(measured, self._layers, self._moved_by_steps)
                self._doubt(iteration, gone, steps.stepped, moved)
                written = self._write(iteration, measured, result, trained)
            # What was lost is as if it had not been due: the next one spans both.
            if group.of_leader("a snapshot", written):
                self._memory.remember(self._layers)
                self._scalars.clear()
                self._probe(iteration, time.perf_counter() - began)

    def _probe(self, iteration: int, seconds: float) -> None:
        """Look into the network for the probes, where that is due after a snapshot."""
        if self._prober is None:
            return
        try:
            self._prober.after(iteration, seconds)
        except Exception as error:  # the script's own network runs in there
            self._remarks.add(
                "probes",
                type(error).__name__,
                f"iteration {iteration} has no probes: {type(error).__name__}: {error}",
                iteration=iteration,
            )

    def _write(
        self,
        iteration: int,
        measured: Measured,
        result: Result | None,
        trained: NDArray[np.float32] | None,
    ) -> bool:
        """Write a snapshot and say whether it is on disk."""
        statistics = dict(measured.statistics)
        if trained is not None:
            statistics["training_activation"] = trained
        if result is not None:
            self._scalars.add(iteration, result.scalars)
            statistics.update(result.activations)
        classes = len(self._writer.manifest.classes)
        return self._writer.write(
            Snapshot(
                iteration=iteration,
                epoch=self._sampling.epoch(iteration),
                recorded_at=time.time(),
                statistics=statistics,
                histogram=measured.histogram,
                bands=measured.bands,
                filters=measured.filters,
                prediction=None if result is None else stored(result.prediction, classes),
                probability=None if result is None else result.probability.astype("<f2"),
                scalars=self._scalars.take(),
                generation=self._writer.generation,
            )
        )

    def _validate(self, iteration: int) -> Result | None:
        try:
            with self._group.together("the validation"):
                probed = self._prober is not None and self._prober.due
                return self._validator.result(iteration, probed=probed)
        except Exception as error:  # the script's own code, data and network run in there
            if self._group.leads:
                self._remarks.add(
                    "validation",
                    type(error).__name__,
                    f"iteration {iteration} has no validation: {type(error).__name__}: {error}",
                    iteration=iteration,
                )
            return None

    def _doubt(
        self,
        iteration: int,
        gone: Sequence[Layer],
        stepped: Sequence[bool],
        moved: Sequence[tuple[str, float]],
    ) -> None:
        """Make remarks about layers whose numbers of this snapshot are not what one may expect."""
        for layer in gone:
            self._remarks.add(
                "network",
                layer.spec.name,
                f"layer {layer.spec.name!r} is no longer in the network, or has another shape; it "
                f"is not recorded from iteration {iteration} on",
                iteration=iteration,
            )
        if self._training is not None and self._training.missed:
            self._remarks.add(
                "network",
                "training activations",
                f"iteration {iteration} has no activations on training batches: {NOT_SEEN}",
                iteration=iteration,
            )
        if not self._updates:  # no step is seen, and the run says so
            return
        still = [
            layer.spec.name
            for layer, seen in zip(self._layers, stepped, strict=True)
            if not seen and layer.weight is not None and layer.weight.requires_grad
        ]
        if still:
            self._remarks.add(
                "optimizer",
                "no step",
                f"iteration {iteration} is a snapshot, but no step of an optimizer that holds "
                f"{_named(still, len(self._layers))} was seen in it: gradient and update are not "
                "known there. Call recorder.step() once after every optimizer.step(), not after "
                "every batch, and see that the optimizer holds the parameters of this model; a "
                "step that a GradScaler left out, because a gradient was not finite, is none",
                iteration=iteration,
            )
        if moved:
            name, most = max(moved, key=lambda pair: pair[1])
            self._remarks.add(
                "optimizer",
                "moved without a step",
                f"the weights of {_named([n for n, _ in moved], len(self._layers))} moved between "
                f"two snapshots (layer {name!r} by up to {100 * most:.3g} %), but no step in "
                f"iteration {iteration} moved them",
                iteration=iteration,
            )


def _named(names: Sequence[str], of: int) -> str:
    if len(names) == of and of > 1:
        return f"all {of} layers"
    some = ", ".join(map(repr, names[:3]))
    return f"{some} and {len(names) - 3} other layers" if len(names) > 3 else f"layer {some}"


def stored(prediction: NDArray[np.int64], classes: int) -> NDArray[np.integer]:
    """Return predictions in the dtype of the log; -1, none, becomes what stands for it there."""
    return prediction.astype(prediction_dtype(classes))
