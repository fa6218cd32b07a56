"""What the variables of Keras hold in the midst of a training, where JAX keeps it elsewhere."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

# What a step of the training on JAX takes and gives, and the model's variables that are meant.
_PARTS = ("trainable_variables", "non_trainable_variables", "metrics_variables")


class LiveState:
    """The values of a model's variables as the last step left them.

    On JAX the variables are empty between two steps, and the trainer holds their values. To ask
    Keras to put them back (`jax_state_sync`) at every batch would take long.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._places: dict[int, tuple[str, int]] = {}
        if keras.backend.backend() != "jax":
            return
        parts = {name: getattr(model, name) for name in _PARTS}
        if model.optimizer is not None:
            parts["optimizer_variables"] = model.optimizer.variables
        for part, variables in parts.items():
            self._places |= {id(variable): (part, n) for n, variable in enumerate(variables)}

    def value(self, variable: Any) -> Any:
        """Return the tensor of the backend that a variable holds."""
        held = getattr(self._model, "_jax_state", None)
        place = self._places.get(id(variable))
        if place is None or not held or self._model._jax_state_synced:
            return variable.value
        part, number = place
        return held[part][number]

    def number(self, variable: Any) -> float:
        """Return what a variable without axes holds."""
        return float(self.value(variable))

    def array(self, variable: Any) -> NDArray[Any]:
        """Return a variable as an array on the host, which a step may change."""
        return np.asarray(keras.ops.convert_to_numpy(self.value(variable)))
