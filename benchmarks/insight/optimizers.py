"""Optimizers and schedules of the insight benchmark, with learning rates that suit."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import nn
from torch.optim import Optimizer

OPTIMIZERS = ("sgd", "adamw", "muon")
# Learning rates that do well under a constant schedule, by optimizer and network.
_SGD = MappingProxyType(
    {"residual": 0.05, "plain": 0.02, "vit": 0.05, "encoder": 0.03, "mixer": 0.05}
)
_ADAMW = MappingProxyType(
    {"residual": 3e-3, "plain": 2e-3, "vit": 1e-3, "encoder": 1e-3, "mixer": 1e-3}
)
_MUON = 0.01


def make_optimizers(
    name: str, network: str, model: nn.Module, *, scale: float, weight_decay: float
) -> list[Optimizer]:
    """Return the optimizers of a training: Muon takes matrices alone, AdamW the rest.

    `scale` multiplies the learning rates. Muon is for networks whose hidden weights are matrices.
    """
    parameters = list(model.parameters())
    if name == "sgd":
        rate = scale * _SGD[network]
        return [torch.optim.SGD(parameters, lr=rate, momentum=0.9, weight_decay=weight_decay)]
    rate = scale * _ADAMW[network]
    if name == "adamw":
        return [torch.optim.AdamW(parameters, lr=rate, weight_decay=weight_decay)]
    hidden = [
        module.weight
        for module in model.modules()
        if isinstance(module, nn.Linear) and module.weight.requires_grad
    ][:-1]
    ids = {id(weight) for weight in hidden}
    others = [p for p in parameters if id(p) not in ids]
    return [
        torch.optim.Muon(hidden, lr=scale * _MUON, weight_decay=weight_decay),
        torch.optim.AdamW(others, lr=rate, weight_decay=weight_decay),
    ]


def _constant(part: float) -> float:
    return 1.0


def _step(part: float) -> float:
    return 1.0 if part < 0.5 else 0.1 if part < 0.8 else 0.01


def _cosine(part: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * min(part, 1.0)))


def _restarts(part: float) -> float:
    return _cosine((3.0 * part) % 1.0)


def _one_cycle(part: float) -> float:
    if part < 0.3:
        return 0.04 + 0.96 * (1.0 - _cosine(part / 0.3))
    return _cosine((part - 0.3) / 0.7)


def _warm_up(part: float) -> float:
    return min(1.0, 0.02 + part / 0.15)


# The factor of the learning rate at a part 0..1 of the training.
SCHEDULES: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "constant": _constant,
        "step": _step,
        "cosine": _cosine,
        "restarts": _restarts,
        "one-cycle": _one_cycle,
        "warm-up": _warm_up,
    }
)
