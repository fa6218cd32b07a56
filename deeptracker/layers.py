"""Which modules of a network are layers, where their weights are, and what stands above them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from deeptracker.effective_weight import (
    effective_weight,
    trained_parts,
    trained_weight,
    weight_names,
)
from deeptracker.errors import NothingToRecord, RecordingError
from deeptracker.format import LayerSpec, Manifest, ModuleSpec
from deeptracker.hierarchy import modules_above, place
from deeptracker.layer_parts import NORMALISATION, Part, class_name, is_ordinary, parts_of

# What torch.compile and Fabric call the network within theirs.
_WRAPPED = ("_orig_mod", "_forward_module")


@dataclass
class Layer:
    """One layer: what the manifest says of it, and where its weight is now.

    `weight` is the parameter that is trained, of which the layer is `part`, and `shape` its shape.
    `find` looks it up again, because scripts replace modules and parameters; it is None while the
    network has none of the recorded shape. `lasting`: steps put another tensor in its place and
    never change this one, so that no copy of it is needed.
    """

    spec: LayerSpec
    module: nn.Module
    weight: nn.Parameter | None
    shape: torch.Size
    part: Part
    lasting: bool = field(default=False, kw_only=True)

    def find(self, model: nn.Module) -> bool:
        """Look the weight up in the network by the layer's name; say whether it is there."""
        module: nn.Module | None = model
        below = self.part.below.count(".") + 1 if self.part.below else 0
        path = self.spec.name.split(".") if self.spec.name else []
        for part in path[: len(path) - below]:
            module = None if module is None else module._modules.get(part)
        found = None if module is None else trained_weight(module, self.part.parameter)
        if module is None or found is None or not self.fits(found):
            self.weight = None
            return False
        self.module, self.weight = module, found
        return True

    def fits(self, weight: nn.Parameter) -> bool:
        """Say whether a parameter can be the layer's; one sharded since then is not here alone."""
        return weight.shape == self.shape and not is_sharded(weight)

    def parts(self) -> list[nn.Parameter]:
        """Return every parameter that the layer is computed from."""
        return trained_parts(self.module, self.part.parameter)

    @property
    def filters(self) -> int:
        """Return how many filters this process holds: all, unless the network is sharded."""
        return self.spec.filters

    @property
    def cut(self) -> bool:
        """Say whether processes hold parts of filters, so that `rows` has to ask them all."""
        return False

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
        found = effective_weight(self.module, self.part.parameter)
        if found is None or found.shape != self.shape:
            found = self.weight.detach()
        return self.part.cut(found)

    def gradient(self) -> Tensor | None:
        """Return the gradient of the weight as it is now; None where there is none."""
        found = None if self.weight is None else self.weight.grad
        if found is None:
            return None
        return self.part.cut(found.to_dense() if found.is_sparse else found)

    def kept(self) -> Tensor | None:
        """Return that weight, or a copy of it, which later steps do not change."""
        found = self.effective()
        return found if found is None or self.lasting else found.clone()

    def rows(self, tensor: Tensor) -> Tensor:
        """Return a tensor of the layer's shape as contiguous float32 [F, K], a row per filter.

        Shares memory with `tensor` where no copy is needed.
        """
        rows = self.part.as_rows(tensor.detach(), self.module)
        # There is no float64 on Apple's GPUs, whose memory is the host's anyway.
        rows = rows.cpu() if rows.device.type == "mps" else rows
        return rows.to(torch.float32).contiguous()


def is_sharded(tensor: Tensor) -> bool:
    """Say whether several processes hold a tensor together."""
    # A DTensor, by what it alone has: importing its module takes half a second.
    return hasattr(tensor, "full_tensor")


def held_here(tensor: Tensor) -> Tensor:
    """Return what this process holds of a tensor, asking no other."""
    sharded: Any = tensor
    return sharded.to_local() if is_sharded(tensor) else tensor


def unwrap(model: nn.Module) -> nn.Module:
    """Return the network itself: without the wrappers of torch.compile, Fabric, data-parallel.

    Raises RecordingError for what is no module, or one of torch.jit, which has no classes.
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(
            f"model is a {type(model).__name__}, not a torch.nn.Module; pass model= the network, "
            "or several as one nn.ModuleList"
        )
    if isinstance(model, torch.jit.ScriptModule):
        raise RecordingError(
            "model is a module of torch.jit, whose layers cannot be told; pass model= and "
            "optimizer= the network as it was before torch.jit.script or trace, or use "
            "torch.compile"
        )
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        if isinstance(model, wrappers):
            model = model.module
        elif (inner := next(filter(None, map(model._modules.get, _WRAPPED)), None)) is not None:
            model = inner
        else:
            return model


def find_layers(model: nn.Module, *, normalisation: bool) -> list[Layer]:
    """Return the layers in the order of their definition; a shared weight counts once.

    Layers are the weights of convolutions, linear and normalisation layers, and every other
    parameter of two axes or more; see `parts_of`. Of a parametrised weight (weight or spectral
    norm, pruning) that which the layer computes with is recorded. Raises NothingToRecord where
    there is no layer, RecordingError where one does not know its shape yet.
    """
    found = list(_weights(model, normalisation=normalisation))
    if not found:
        raise NothingToRecord(
            f"{type(model).__name__} has no convolution, no linear layer and no other parameter of "
            "two axes; pass the module that holds them, or normalisation=True for one that has "
            "normalisation layers only"
        )
    names = [name for name, *_ in found]
    return [
        Layer(_spec(names, name, weight, part), module, weight, weight.shape, part)
        for name, module, weight, part in found
    ]


def _weights(
    model: nn.Module, *, normalisation: bool
) -> Iterator[tuple[str, nn.Module, nn.Parameter, Part]]:
    """Yield name, module, parameter and part of every layer."""
    modules = dict(model.named_modules())
    # A linear layer that shares the weight of an embedding is what is recorded of the two.
    ordinary = {id(trained_weight(m)) for m in modules.values() if is_ordinary(m)}
    seen: set[int] = set()
    for path, module in modules.items():
        if isinstance(module, NORMALISATION) and not normalisation:
            continue
        above, _, own = path.rpartition(".")
        for parameter in weight_names(module):
            weight = trained_weight(module, parameter)
            shared = id(weight) in ordinary and not (parameter == "weight" and is_ordinary(module))
            if weight is None or id(weight) in seen or shared:
                continue
            _check_shape(path, weight)
            if weight.is_complex() or not weight.numel():
                continue
            within = modules.get(above) if path else None
            for part in parts_of(module, parameter, weight, name=own, above=within):
                # A computed weight's other parts stand for no layers of their own.
                seen |= {id(one) for one in trained_parts(module, parameter)}
                yield ".".join(filter(None, (path, part.below))), module, weight, part


def _check_shape(path: str, weight: nn.Parameter) -> None:
    if isinstance(weight, nn.parameter.UninitializedParameter):
        raise RecordingError(
            f"layer {path!r} has no shape yet; run one batch through the model before the "
            "Recorder is made"
        )


def layers_of(run: Manifest | None, layers: Sequence[Layer]) -> Sequence[Layer]:
    """Return those of a network's layers that a run which goes on has: an older one has fewer.

    Its DeepTracker, which did not list what it left out, knew no attention and no embeddings.
    """
    if run is None or run.unrecorded is not None:
        return layers
    kept = [layer for layer in layers if layer.spec in run.layers]
    return kept if len(kept) == len(run.layers) else layers


def find_modules(model: nn.Module, layers: list[Layer]) -> tuple[ModuleSpec, ...]:
    """Return the modules on the way from the model (itself left out) to its layers."""
    on_the_way = {above for layer in layers for above in modules_above(layer.spec.name)}
    return tuple(
        ModuleSpec(name, class_name(module))
        for name, module in model.named_modules()
        if name in on_the_way
    )


def _spec(names: list[str], name: str, weight: nn.Parameter, part: Part) -> LayerSpec:
    stage, block, branch = place(name, names)
    return LayerSpec(
        name=name,
        kind=part.kind,
        stage=stage,
        block=block,
        branch=branch,
        filters=part.filters,
        parameters=part.size(weight.shape),
        inputs=part.inputs,
        kernel=part.kernel,
        stride=part.stride,
        groups=part.groups,
    )
