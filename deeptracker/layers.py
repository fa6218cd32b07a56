"""Which modules of a network are layers, where their weights are, and what stands above them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm

from deeptracker.effective_weight import effective_weight, trained_weight
from deeptracker.errors import NothingToRecord, RecordingError
from deeptracker.format import LayerSpec, ModuleSpec

_NORMALISATION = (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm)
_DIMENSIONS = ("1d", "2d", "3d")
_KINDS = {
    "Linear",
    "GroupNorm",
    "LayerNorm",
    *(f"{kind}{d}" for kind in ("Conv", "ConvTranspose", "BatchNorm") for d in _DIMENSIONS),
    *(f"InstanceNorm{d}" for d in _DIMENSIONS),
}
_SHORTCUT = re.compile(r"(conv_?|proj_?)?(downsample|shortcut|skip)(_?(conv|proj|layer))?_?\d*")


@dataclass
class Layer:
    """One layer: what the manifest says of it, and where its weight is now.

    `weight` is the tensor that is trained. `find` looks it up again, because scripts replace
    modules and parameters; it is None while the network has none of the recorded shape.
    """

    spec: LayerSpec
    module: nn.Module
    weight: nn.Parameter | None
    shape: torch.Size

    def find(self, model: nn.Module) -> bool:
        """Look the weight up in the network by the layer's name; say whether it is there."""
        module: nn.Module | None = model
        for part in self.spec.name.split(".") if self.spec.name else ():
            module = None if module is None else module._modules.get(part)
        found = None if module is None else trained_weight(module)
        if module is None or found is None or found.shape != self.shape:
            self.weight = None
            return False
        self.module, self.weight = module, found
        return True

    @property
    def filters(self) -> int:
        """Return how many filters this process holds: all, unless the network is sharded."""
        return self.spec.filters

    @property
    def cut(self) -> bool:
        """Say whether processes hold parts of filters, so that `rows` has to ask them all."""
        return False

    def values(self, tensor: Tensor) -> Tensor:
        """Return the numbers of a tensor of the weight's shape that are here, in no order."""
        return tensor.detach()

    @property
    def device(self) -> torch.device:
        """Return where the statistics of this layer are computed."""
        if self.weight is None:
            return torch.device("cpu")
        here = self.weight.device
        return here if here.type != "mps" else torch.device("cpu")

    def effective(self) -> Tensor | None:
        """Return the weight that the layer computes with, detached; None where there is none."""
        if self.weight is None:
            return None
        found = effective_weight(self.module)
        return found if found is not None and found.shape == self.shape else self.weight.detach()

    def kept(self) -> Tensor | None:
        """Return a copy of that weight, which later steps do not change."""
        found = self.effective()
        return None if found is None else found.clone()

    def rows(self, tensor: Tensor) -> Tensor:
        """Return a tensor of the weight's shape as contiguous float32 [F, K], a row per filter.

        Shares memory with `tensor` where no copy is needed.
        """
        tensor = tensor.detach()
        if isinstance(self.module, _ConvTransposeNd):
            # [in, out / groups, kernel]: an output channel is fed by the inputs of its group.
            groups = self.spec.groups
            split = tensor.reshape(groups, tensor.shape[0] // groups, tensor.shape[1], -1)
            tensor = split.transpose(1, 2)
        rows = tensor.reshape(self.spec.filters, -1)
        # There is no float64 on Apple's GPUs, whose memory is the host's anyway.
        rows = rows.cpu() if rows.device.type == "mps" else rows
        return rows.to(torch.float32).contiguous()


def unwrap(model: nn.Module) -> nn.Module:
    """Return the network itself: without torch.compile's and data-parallel wrappers."""
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        if isinstance(model, wrappers):
            model = model.module
        elif isinstance(inner := getattr(model, "_orig_mod", None), nn.Module):
            model = inner
        else:
            return model


def find_layers(model: nn.Module, *, normalisation: bool) -> list[Layer]:
    """Return the layers in the order of their definition; a shared weight counts once.

    Of a parametrised weight (weight or spectral norm, pruning) that which the layer computes with
    is recorded. Raises NothingToRecord where no module is a layer, RecordingError where
    a layer does not know its shape yet.
    """
    kinds = (_ConvNd, nn.Linear, *(_NORMALISATION if normalisation else ()))
    seen: set[int] = set()
    found: list[tuple[str, nn.Module, nn.Parameter]] = []
    for name, module in model.named_modules():
        weight = trained_weight(module) if isinstance(module, kinds) else None
        if weight is None or id(weight) in seen:
            continue
        if isinstance(weight, nn.parameter.UninitializedParameter):
            raise RecordingError(
                f"layer {name!r} has no shape yet; run one batch through the model before the "
                "Recorder is made"
            )
        if weight.is_complex() or not weight.numel():
            continue
        seen.add(id(weight))
        found.append((name, module, weight))
    if not found:
        raise NothingToRecord(
            f"{type(model).__name__} has no convolution and no linear layer; pass the module that "
            "holds them, or normalisation=True for one that has normalisation layers only"
        )
    names = [name for name, _, _ in found]
    return [Layer(_spec(names, *layer), layer[1], layer[2], layer[2].shape) for layer in found]


def find_modules(model: nn.Module, layers: list[Layer]) -> tuple[ModuleSpec, ...]:
    """Return the modules on the way from the model (itself left out) to its layers."""
    on_the_way = {above for layer in layers for above in _above(layer.spec.name)}
    return tuple(
        ModuleSpec(name, class_name(module))
        for name, module in model.named_modules()
        if name in on_the_way
    )


def _spec(names: list[str], name: str, module: nn.Module, weight: nn.Parameter) -> LayerSpec:
    stage, block, branch = place(name, names)
    filters, inputs, groups = weight.numel(), 1, 1
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    if isinstance(module, _ConvNd):
        filters, groups = module.out_channels, module.groups
        inputs = module.in_channels // groups
        kernel, stride = tuple(module.kernel_size), tuple(module.stride)
    elif isinstance(module, nn.Linear):
        filters, inputs = module.out_features, module.in_features
    return LayerSpec(
        name=name,
        kind=_kind(module),
        stage=stage,
        block=block,
        branch=branch,
        filters=filters,
        parameters=weight.numel(),
        inputs=inputs,
        kernel=kernel,
        stride=stride,
        groups=groups,
    )


def _kind(module: nn.Module) -> str:
    """Return the name of torch's own class, also for a subclass of it."""
    classes = (cls.__name__ for cls in type(module).__mro__)
    return next((name for name in classes if name in _KINDS), class_name(module))


def class_name(module: nn.Module) -> str:
    """Return the name of the script's class, for which fully_shard() puts in one of its own."""
    first, *bases = type(module).__mro__
    return bases[1].__name__ if bases[0].__name__ == "FSDPModule" else first.__name__


def _above(name: str) -> Iterator[str]:
    """Yield the dotted names above a module, outermost first."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        yield ".".join(parts[:length])


def place(name: str, names: list[str]) -> tuple[str, str, str]:
    """Return stage, block and branch of the layer `name` among all layers' names.

    Stage and block are the two outermost modules around it, once modules that merely wrap the
    stages ("backbone", "features") are passed over; "" where there is none. The branch is
    "shortcut" where a module within the block is called so.
    """
    above = list(_above(name))
    while len(above) > 2 and _wraps(above[0], names):
        above.pop(0)
    stage, block, *_ = [*above[:2], "", ""]
    within = name[len(block or stage) :].split(".")
    branch = "shortcut" if any(_SHORTCUT.fullmatch(part.lower()) for part in within) else "main"
    return stage, block, branch


def _wraps(module: str, names: list[str]) -> bool:
    """Say whether a module holds most layers in named parts that have parts of their own."""
    depth = module.count(".") + 1
    inside = [name.split(".")[depth:] for name in names if name.startswith(f"{module}.")]
    named = not any(parts[0].isdigit() for parts in inside)
    nested = sum(len(parts) > 2 for parts in inside)
    return named and 2 * nested > len(inside) and 2 * len(inside) > len(names)
