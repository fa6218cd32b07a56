"""Gradients of the Recorder's own, of which neither the script's hooks nor other processes hear."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from deeptracker.errors import RecordingError


def check_alone(modules: Iterable[nn.Module]) -> None:
    """Raise RecordingError where one of them would wait for the gradients of other processes."""
    if any(isinstance(module, DistributedDataParallel) for module in modules):
        raise RecordingError(
            "validation_forward= runs a network within DistributedDataParallel, which would wait "
            "for gradients; let it run the network itself (its `module`)"
        )


@contextmanager
def unheard(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Let no hook on gradients of the modules hear of those that are computed within."""
    kept: list[tuple[nn.Module, Any, Any]] = []
    for module in modules:
        kept.append((module, module._backward_hooks, module._backward_pre_hooks))
        module._backward_hooks, module._backward_pre_hooks = OrderedDict(), OrderedDict()
    try:
        yield
    finally:
        for module, hooks, before in kept:
            module._backward_hooks, module._backward_pre_hooks = hooks, before
