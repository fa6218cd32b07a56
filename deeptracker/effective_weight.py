"""The weight that a layer computes with, found without moving anything by looking at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from deeptracker.kept_values import keep_tensor

# What torch.nn.utils appends to the name of a weight that is computed from parts.
_PARTS = ("orig", "v", "g")


def weight_names(module: nn.Module) -> list[str]:
    """Return what the parameters of the module itself are called, computed ones by their result.

    None of a part that torch.jit made: nobody can tell what it does with them.
    """
    if isinstance(module, torch.jit.ScriptModule):
        return []
    hooked = {name for hook in _hooks(module) if (name := _computes(hook)) is not None}
    found = dict.fromkeys(_named_after(name, hooked) for name in module._parameters)
    computed = module._modules.get("parametrizations")
    return [*found, *(computed if isinstance(computed, nn.ModuleDict) else ())]


def _named_after(name: str, hooked: set[str]) -> str:
    whole, _, part = name.rpartition("_")
    return whole if part in _PARTS and whole in hooked else name


def trained_weight(module: nn.Module, name: str = "weight") -> nn.Parameter | None:
    """Return the tensor that is trained, never computing a weight: that may change its state.

    Of a parametrised weight it is the one whose gradient stands for the weight's: the tensor
    before pruning or spectral norm, the direction under weight norm.
    """
    own = module._parameters
    candidates: tuple[str, ...] = (name, f"{name}_orig", f"{name}_v")
    if (found := _parametrization(module, name)) is not None:
        # weight_norm keeps the length in original0 and the direction in original1.
        own = found._parameters
        candidates = ("original", "original1")
    for candidate in candidates:
        if isinstance(weight := own.get(candidate), nn.Parameter):
            return weight
    return None


def trained_parts(module: nn.Module, name: str = "weight") -> list[nn.Parameter]:
    """Return every parameter that the weight is computed from; the trained weight is among them."""
    found = _parametrization(module, name)
    if found is not None:
        return list(found.parameters())
    names = (name, *(f"{name}_{part}" for part in _PARTS))
    return [part for name in names if (part := module._parameters.get(name)) is not None]


@torch.no_grad()
def effective_weight(module: nn.Module, name: str = "weight") -> Tensor | None:
    """Return the weight that the layer computes with now, detached; None where there is none.

    Buffers stay as they are: spectral norm's would move with every look at `module.weight`.
    """
    plain = module._parameters.get(name)
    if plain is not None:
        return plain.detach()
    if (found := _parametrization(module, name)) is not None:
        with _standing_still(found):
            return found().detach()
    return _by_old_hook(module, name)


def _parametrization(module: nn.Module, name: str) -> nn.Module | None:
    found = module._modules.get("parametrizations")
    if isinstance(found, nn.ModuleDict) and name in found:
        return found[name]
    return None


@contextmanager
def _standing_still(parametrization: nn.Module) -> Iterator[None]:
    """Put the parts of a parametrisation into evaluation mode, and its buffers back."""
    modes = [(part, part.training) for part in parametrization.modules()]
    buffers = [keep_tensor(buffer) for buffer in parametrization.buffers()]
    try:
        for part, _ in modes:
            part.training = False
        yield
    finally:
        for part, training in modes:
            part.training = training
        for give_back in buffers:
            give_back()


def _hooks(module: nn.Module) -> list[Any]:
    return list(module._forward_pre_hooks.values())


def _computes(hook: Any) -> str | None:
    """Return the name of the weight that a hook of torch.nn.utils computes."""
    found = getattr(hook, "_tensor_name", None) or getattr(hook, "name", None)
    return found if isinstance(found, str) else None


def _by_old_hook(module: nn.Module, name: str) -> Tensor | None:
    """Return the weight as the hooks of torch.nn.utils would compute it before a forward pass."""
    for hook in _hooks(module):
        if _computes(hook) != name:
            continue
        if hasattr(hook, "apply_mask"):  # pruning
            return hook.apply_mask(module).detach()
        if type(hook).__name__ == "SpectralNorm":
            return hook.compute_weight(module, do_power_iteration=False).detach()
        if hasattr(hook, "compute_weight"):  # weight norm
            return hook.compute_weight(module).detach()
    current = getattr(module, name, None)
    return current.detach() if isinstance(current, Tensor) else None
