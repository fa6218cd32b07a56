"""The weight that a layer computes with, found without moving anything by looking at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

# Where parametrisations of all kinds keep the tensor of the weight's shape that is trained.
_TRAINED = ("weight", "original", "original1", "weight_orig", "weight_v")


def trained_weight(module: nn.Module) -> nn.Parameter | None:
    """Return the tensor that is trained, never computing a weight: that may change its state.

    Of a parametrised weight it is the one whose gradient stands for the weight's: the tensor
    before pruning or spectral norm, the direction under weight norm.
    """
    own = module._parameters
    if (found := _parametrization(module)) is not None:
        # weight_norm keeps the length in original0 and the direction in original1.
        own = found._parameters
    for name in _TRAINED:
        if isinstance(weight := own.get(name), nn.Parameter):
            return weight
    return None


def trained_parts(module: nn.Module) -> list[nn.Parameter]:
    """Return every parameter that the weight is computed from; the trained weight is among them."""
    found = _parametrization(module)
    if found is not None:
        return list(found.parameters())
    names = ("weight", "weight_orig", "weight_v", "weight_g")
    return [part for name in names if (part := module._parameters.get(name)) is not None]


@torch.no_grad()
def effective_weight(module: nn.Module) -> Tensor | None:
    """Return the weight that the layer computes with now, detached; None where there is none.

    Buffers stay as they are: spectral norm's would move with every look at `module.weight`.
    """
    plain = module._parameters.get("weight")
    if plain is not None:
        return plain.detach()
    if (found := _parametrization(module)) is not None:
        with _standing_still(found):
            return found().detach()
    return _by_old_hook(module)


def _parametrization(module: nn.Module) -> nn.Module | None:
    found = module._modules.get("parametrizations")
    if isinstance(found, nn.ModuleDict) and "weight" in found:
        return found["weight"]
    return None


@contextmanager
def _standing_still(parametrization: nn.Module) -> Iterator[None]:
    """Put the parts of a parametrisation into evaluation mode, and its buffers back."""
    modes = [(part, part.training) for part in parametrization.modules()]
    buffers = [(buffer, buffer._version, buffer.clone()) for buffer in parametrization.buffers()]
    try:
        for part, _ in modes:
            part.training = False
        yield
    finally:
        for part, training in modes:
            part.training = training
        for buffer, version, copy in buffers:
            if buffer._version != version:
                buffer.copy_(copy)


def _by_old_hook(module: nn.Module) -> Tensor | None:
    """Return the weight as the hooks of torch.nn.utils would compute it before a forward pass."""
    hooks: list[Any] = list(module._forward_pre_hooks.values())
    for hook in hooks:
        name = getattr(hook, "_tensor_name", None) or getattr(hook, "name", None)
        if name != "weight":
            continue
        if hasattr(hook, "apply_mask"):  # pruning
            return hook.apply_mask(module).detach()
        if type(hook).__name__ == "SpectralNorm":
            return hook.compute_weight(module, do_power_iteration=False).detach()
        if hasattr(hook, "compute_weight"):  # weight norm
            return hook.compute_weight(module).detach()
    current = getattr(module, "weight", None)
    return current.detach() if isinstance(current, Tensor) else None
