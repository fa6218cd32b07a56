"""What of a network is not recorded, and why: grouped, so that a page can say it briefly."""

import re
from collections.abc import Iterable, Sequence

import torch
from torch import nn

from deeptracker.format import Unrecorded
from deeptracker.format.entries import MAX_NAME, fit_text
from deeptracker.format.manifest_course import MAX_UNRECORDED_NAMES
from deeptracker.layer_parts import NORMALISATION
from deeptracker.layers import Layer

_COUNTED = re.compile(r"\d+(?=\.|$)")
ONE_AXIS = "one axis, such as a scale: it has no filters"
NO_NUMBERS = "no numbers in it"


def find_unrecorded(model: nn.Module, layers: Sequence[Layer]) -> tuple[Unrecorded, ...]:
    """Return the parameters of the network that stand for no part of a layer, with the reasons."""
    recorded = {id(part) for layer in layers for part in layer.parts()}
    modules = dict(model.named_modules())
    return grouped(
        (_reason(modules[name.rpartition(".")[0]], name, parameter), name, _numbers(parameter))
        for name, parameter in model.named_parameters()
        if id(parameter) not in recorded
    )


def _reason(owner: nn.Module, name: str, parameter: nn.Parameter) -> str:
    if isinstance(owner, torch.jit.ScriptModule):
        return "in a part that torch.jit made"
    if not parameter.is_floating_point():
        return f"numbers of the kind {str(parameter.dtype).removeprefix('torch.')}"
    if isinstance(owner, NORMALISATION) and not name.endswith("bias"):
        return "normalisation: pass normalisation=True to record it"
    if "bias" in name.rpartition(".")[2]:
        return "bias"
    if not _numbers(parameter):
        return NO_NUMBERS
    if parameter.dim() > 1:  # an older DeepTracker did not know such layers
        return "the run was begun without it"
    return ONE_AXIS


def _numbers(parameter: nn.Parameter) -> int:
    """Return how many numbers a parameter holds: none while a lazy module has not seen data."""
    unknown = isinstance(parameter, nn.parameter.UninitializedParameter)
    return 0 if unknown else parameter.numel()


def grouped(found: Iterable[tuple[str, str, int]]) -> tuple[Unrecorded, ...]:
    """Return (reason, name, how many numbers) of parameters by reason, in the order of coming."""
    groups: dict[str, list[tuple[str, int]]] = {}
    for reason, name, numbers in found:
        groups.setdefault(reason, []).append((name, numbers))
    return tuple(
        Unrecorded(
            reason=reason,
            names=_patterns([name for name, _ in members]),
            tensors=len(members),
            parameters=sum(numbers for _, numbers in members),
        )
        for reason, members in groups.items()
    )


def _patterns(names: Sequence[str]) -> tuple[str, ...]:
    """Return names, those that differ in numbers alone as one, with `*` for the numbers."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_COUNTED.sub("*", name), []).append(name)
    short = [of[0] if len(of) == 1 else pattern for pattern, of in alike.items()]
    return tuple(fit_text(name)[:MAX_NAME] for name in short[:MAX_UNRECORDED_NAMES])
