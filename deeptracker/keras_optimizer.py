"""What the optimizer of a Keras model did: its steps, learning rate, and gradients where seen."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from deeptracker.keras_state import LiveState


class OptimizerState:
    """The optimizer of a model that trains; a model without one has a step in every batch."""

    def __init__(self, model: Any, state: LiveState) -> None:
        self._state = state
        outer = model.optimizer
        # Around another one that takes the steps, in float16.
        self._scaler = outer if hasattr(outer, "inner_optimizer") else None
        self._inner = outer if self._scaler is None else outer.inner_optimizer
        self.window = int(getattr(self._inner, "gradient_accumulation_steps", None) or 1)
        self._at = self._batches = 0
        self._at = self.iterations
        self._rate: Any = None
        self._scale = 1.0
        on_torch = keras.backend.backend() == "torch"
        self.every_step_is_seen = on_torch or int(model.steps_per_execution) == 1
        # On JAX they are gone when a batch ends; of a window, scales may differ.
        self.gradients_are_seen = on_torch and (self.window == 1 or self._scaler is None)
        self._sums: dict[int, Any] = {}
        self._gathered = 0

    @property
    def iterations(self) -> int:
        """Return how many steps were taken in all."""
        if self._inner is None:
            return self._batches
        return self._calls() // self.window

    def _calls(self) -> int:
        """Return how often the optimizer was called, also to gather gradients."""
        found = self._variable("iteration")
        return 0 if found is None else int(self._state.number(found))

    def _variable(self, name: str) -> Any:
        held = self._inner.variables
        return next((variable for variable in held if variable.name == name), None)

    def before_batch(self) -> None:
        """Take the learning rate that the coming step uses."""
        if self._inner is None:
            return
        rate = getattr(self._inner, "_learning_rate", None)
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            rate = rate(self._calls())
        elif isinstance(rate, keras.Variable):
            rate = self._state.value(rate)
        elif callable(rate):
            rate = None  # whatever it does when it is called
        self._rate = None if rate is None else keras.ops.convert_to_numpy(rate)
        if self._scaler is not None:
            self._scale = self._state.number(self._scaler.dynamic_scale)

    def rates(self) -> dict[str, Any]:
        """Return the learning rate of the last step as a scalar."""
        # As it was written: 0.01 is no float32.
        return {} if self._rate is None else {"learning_rate": float(str(self._rate))}

    def steps(self) -> int:
        """Return how many steps were taken since the last call, after a batch."""
        self._batches += 1
        before, self._at = self._at, self.iterations
        return max(0, self._at - before)

    def gather(self, variables: Iterable[Any]) -> None:
        """Add the gradients of a batch to those of its window; of a snapshot's, all batches."""
        if self.window == 1:  # what a scale made overflow was none
            self.forget()
        self._gathered += 1
        for variable in variables:
            # Keras makes new ones for each batch, and changes none in place.
            found = variable.value.grad
            if found is not None:
                before = self._sums.get(id(variable))
                self._sums[id(variable)] = found if before is None else before + found

    def forget(self) -> None:
        """Drop the gradients, ahead of the next window."""
        self._sums, self._gathered = {}, 0

    def gradient(self, variable: Any) -> NDArray[Any] | None:
        """Return the gradient that the last step was given for a variable, the mean of a window.

        None where there was none, or not all batches were gathered; see `gradients_are_seen`.
        """
        found = self._sums.get(id(variable)) if self._gathered == self.window else None
        if found is None:
            return None
        return np.asarray(keras.ops.convert_to_numpy(found)) / (self._scale * self.window)
