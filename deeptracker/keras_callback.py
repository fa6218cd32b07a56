"""The callback for Keras 3: an ArrayRecorder whose iterations are the steps of the optimizer."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import keras

from deeptracker.array_recorder import ArrayRecorder
from deeptracker.callback_run import CallbackRun
from deeptracker.errors import RecordingError
from deeptracker.keras_layers import Arrays, find_kernels
from deeptracker.keras_metrics import StepMetrics
from deeptracker.keras_optimizer import OptimizerState
from deeptracker.keras_state import LiveState
from deeptracker.keras_validation import KerasValidation, Scores
from deeptracker.validation import BATCH
from deeptracker.validation_labels import Unpack

_NAME = "deeptracker.keras.Callback"
# What the callback itself tells the recorder.
_OWN = frozenset(
    ("run_dir", "parameters", "filter_axis", "forms", "labels", "gradients", "updates")
)
_BACKENDS = ("torch", "jax")


class Callback(keras.callbacks.Callback):
    """Records every training (`fit`) that has it among its callbacks, on torch and on JAX.

    run_dir: as of `deeptracker.Recorder`. A training whose optimizer has taken steps already (a
        model that was loaded with its optimizer, or is fitted once more), or that begins with an
        `initial_epoch`, goes on with the run that is in it, after those steps; `resume=` or
        `start_iteration=` say otherwise.
    validation: arrays `(x, y)`, a PyDataset, a torch data set or loader, or what gives batches
        (x, y) whenever it is iterated; run through the model at every snapshot.
        `validation_unpack(batch)` gives (x, y) of a batch of another form, `validation_scores` the
        class scores [n, C] out of what the model gives. `validation_batch` images at a time where
        no batches are given.
    options: what else `deeptracker.record` takes. Known without being told: a snapshot an epoch
        where neither `every` nor `per_epoch` is given, and the planned iterations.

    An iteration is a step of the optimizer. `train_loss` is the mean loss of its batches, told from
    Keras's running mean; `train_error` follows where a metric counts right images. What Keras logs
    for an epoch is recorded by its names. What cannot be recorded raises RecordingError when the
    first epoch starts, and nothing does later. As a context manager around `fit` it also knows an
    exception that the script catches.
    """

    def __init__(
        self,
        run_dir: str | Path,
        *,
        validation: Any = None,
        validation_batch: int = BATCH,
        validation_unpack: Unpack | None = None,
        validation_scores: Scores | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._run = CallbackRun(_NAME, run_dir, options, ArrayRecorder, own=_OWN)
        self._validation: Any = validation
        self._judging: dict[str, Any] = {
            "batch": validation_batch,
            "unpack": validation_unpack,
            "scores": validation_scores,
        }
        self._begun = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Wait for the first epoch, whose number is known only then."""
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Begin the run with the first epoch; RecordingError names the argument to pass."""
        if not self._begun:
            self._begin(epoch)
            self._begun = True
        self._metrics.start_epoch()

    def _begin(self, epoch: int) -> None:
        if keras.backend.backend() not in _BACKENDS:
            raise RecordingError(
                f"{_NAME} records Keras on {' and '.join(_BACKENDS)}, not on "
                f"{keras.backend.backend()}; set KERAS_BACKEND before keras is imported"
            )
        # Also puts values back that JAX holds.
        model, options = self.model, self._run.options
        self._state = LiveState(model)
        self._optimizer = OptimizerState(model, self._state)
        self._metrics = StepMetrics(model)
        self._kernels = find_kernels(model)
        self._weights = Arrays(self._kernels, self._state.array)
        self._judge = None
        found: dict[str, Any] = {"model_name": type(model).__name__}
        if self._validation is not None:
            classes = options.get("classes")
            self._judge = KerasValidation(model, self._validation, classes=classes, **self._judging)
            found["labels"] = self._judge.labels
            if classes is None:
                found["classes"] = range(self._judge.columns)
        single = self._optimizer.every_step_is_seen
        found |= {
            "parameters": self._weights,
            "forms": {name: kernel.form for name, kernel in self._kernels.items()},
            "gradients": self._optimizer.gradients_are_seen,
            "updates": single,
        }
        batches, window = self.params.get("steps"), self._optimizer.window
        before = self._optimizer.iterations
        if batches:
            each = found["iterations_per_epoch"] = max(1, batches // window)
            before = before or each * epoch
            left = batches * (self.params["epochs"] - epoch) // window
            found["planned_iterations"] = before + left
        goes_on = options.get("resume") or options.get("start_iteration") is not None
        self._run.begin(found, start_iteration=0 if goes_on else before)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Take what the step that comes uses."""
        with self._going_on("the learning rate"):
            self._optimizer.before_batch()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """End an iteration where the optimizer has stepped; several where JAX took some at once."""
        recorder = self._run.recorder
        if recorder is None:
            return
        with self._going_on("a batch"):
            self._metrics.add(self._state)
            if recorder.due and self._optimizer.gradients_are_seen:
                self._optimizer.gather(kernel.variable for kernel in self._kernels.values())
            steps = self._optimizer.steps()
            if steps:
                recorder.passed(steps - 1)
                self._step(recorder, logs or {})

    def _step(self, recorder: ArrayRecorder, logs: Mapping[str, Any]) -> None:
        values, known = self._metrics.take()
        if not known:
            recorder.remark("scalar", "train_loss", _NOT_KNOWN)
        elif "train_loss" not in values and "loss" in logs:
            # No metric keeps its mean: it is the batch's own.
            values["train_loss"] = logs["loss"]
        values |= self._optimizer.rates()
        gradients = None
        if recorder.due:
            if self._judge is not None:
                with self._going_on("the validation", kind="validation"):
                    found = self._judge.run(self._state)
                    recorder.validated(found.prediction, found.probability, loss=found.loss)
            if self._optimizer.gradients_are_seen:
                gradients = Arrays(self._kernels, self._optimizer.gradient)
        recorder.step(self._weights, values, gradients=gradients)
        self._optimizer.forget()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Take what Keras logs of an epoch, its validation's too."""
        if self._run.recorder is not None and logs:
            # The rate is recorded already, at every iteration.
            self._run.recorder.log({n: v for n, v in logs.items() if n != "learning_rate"})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Close the run."""
        recorder = self._run.recorder
        if recorder is not None and self.model.stop_training and not self.params.get("steps"):
            recorder.close("stopped")  # whether it was to be longer is not known
        self._run.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run.end(error)

    @contextlib.contextmanager
    def _going_on(self, what: str, *, kind: str = "recorder") -> Iterator[None]:
        """Let the training go on whatever goes wrong within; it is a remark."""
        try:
            yield
        except Exception as error:
            if self._run.recorder is not None:
                why = f"{type(error).__name__}: {error}"
                text = f"{what} could not be recorded: {why}"
                self._run.recorder.remark(kind, f"{what}: {type(error).__name__}", text)


_NOT_KNOWN = (
    "train_loss is not recorded at some iterations: Keras keeps a running mean of the epoch in "
    "float32, out of which a batch's own loss cannot be told once it is NaN or much larger"
)
