"""What the layers put out for the training batches of a snapshot's iteration, while it trains.

Hooks hang on torch, not on the network: copies and checkpoints that the script makes meanwhile have
none. They are there for the iteration of a snapshot alone; those on layers within a forward pass.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from deeptracker.activations import ActivationWatch
from deeptracker.layers import Layer

NOT_SEEN = (
    "no forward pass of the network in training mode was seen; a compiled network, or one that is "
    "copied for each of several GPUs of a process, hides its layers"
)


class _SafeWatch(ActivationWatch):
    """Lets the training go on whatever goes wrong, and looks at no tensor of many processes."""

    def __init__(
        self, model: nn.Module, layers: Sequence[Layer], on_error: Callable[[Exception], None]
    ) -> None:
        super().__init__(model, layers)
        self._on_error = on_error

    def _hook(self, index: int, layer: Layer) -> Any:
        take = super()._hook(index, layer)

        def safely(module: nn.Module, inputs: Any, output: Any) -> None:
            self._safely(output, lambda: take(module, inputs, output))

        return safely

    def rectified(self, result: Tensor) -> None:
        """Take the result of an activation function, as far as that works."""
        self._safely(result, lambda: super(_SafeWatch, self).rectified(result))

    def _safely(self, values: Any, look: Callable[[], object]) -> None:
        if hasattr(values, "device_mesh"):  # its sums would wait for other processes
            return
        try:
            with torch.no_grad():
                look()
        except Exception as error:  # out of memory, or a tensor of another library
            self._on_error(error)


class TrainingActivations:
    """Between `begin` and `end`, sums up what the layers put out in forward passes of a training.

    A forward pass counts where the network is in training mode and its gradient is wanted; what
    is computed again in the backward pass does not. Where several batches make an iteration, the
    numbers are of all of them.
    """

    def __init__(
        self, model: nn.Module, layers: Sequence[Layer], on_error: Callable[[Exception], None]
    ) -> None:
        self._model = model
        self._watch = _SafeWatch(model, layers, on_error)
        self._on_error = on_error
        self._modules: set[int] = set()
        # The module that the forward pass under way began with.
        self._outer: nn.Module | None = None
        self._awaited = self._seen = False
        # Whether the iteration that ended last should have been seen, and was not.
        self.missed = False
        self._hooks: list[RemovableHandle] = []

    def begin(self) -> None:
        """Watch the forward passes from now on, where nothing is compiled."""
        self.stop()
        self._watch.forget()
        self._awaited, self._seen = True, False
        if _compiles():
            return
        self._modules = {id(module) for module in self._model.modules()}
        self._hooks = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]

    def end(self) -> NDArray[np.float32] | None:
        """Return statistics f4 [L, S] as of ActivationWatch; None where nothing was seen."""
        self.stop()
        seen, self.missed = self._seen, self._awaited and not self._seen
        self._awaited = self._seen = False
        return self._watch.statistics() if seen else None

    def stop(self) -> None:
        """Take all hooks away."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        if self._outer is not None:  # a forward pass was broken off, as by Ctrl-C
            self._outer = None
            self._watch.detach()

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        if torch.compiler.is_compiling() or self._outer is not None:
            return
        if id(module) not in self._modules or not _trains(module):
            return
        try:
            self._watch.attach()
        except Exception as error:
            self._on_error(error)
            return
        self._outer, self._seen = module, True

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or self._outer is not module:
            return
        self._outer = None
        try:
            with torch.no_grad():
                self._watch.detach()
        except Exception as error:
            self._on_error(error)


def _trains(module: nn.Module) -> bool:
    """Say whether a forward pass that begins is one of the training itself."""
    if not (module.training and torch.is_grad_enabled()):
        return False
    # Checkpointed parts run once more in the backward pass.
    if torch._C._current_graph_task_id() != -1:
        return False
    # What waits for the GPU cannot be part of a graph that is captured.
    return not (torch.cuda.is_available() and torch.cuda.is_current_stream_capturing())


def _compiles() -> bool:
    """Say whether something was compiled in this process: it would be again, with what looks on."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    return dynamo is not None and bool(dynamo.counters["frames"])
