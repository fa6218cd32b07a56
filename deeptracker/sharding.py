"""Networks sharded by FSDP2's `fully_shard`: who holds which filters, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import FSDPModule, FullyShardedDataParallel
from torch.distributed.tensor import DTensor, Shard
from torch.nn.modules.conv import _ConvTransposeNd

from deeptracker.errors import RecordingError
from deeptracker.layers import Layer
from deeptracker.lockstep import Lockstep, OneProcess


def sharded_group(network: nn.Module, *, leads: bool) -> OneProcess:
    """Return the processes over which a network is sharded; this one alone where it is not.

    `leads`: this process writes the run. Raises RecordingError where the network is sharded in a
    way that is not supported, or others do not come.
    """
    if any(isinstance(module, FullyShardedDataParallel) for module in network.modules()):
        raise RecordingError(
            "FullyShardedDataParallel (FSDP1) is not supported; shard the network by "
            "torch.distributed.fsdp.fully_shard() (FSDP2)"
        )
    reshard(network)
    if not any(isinstance(parameter, DTensor) for parameter in network.parameters()):
        return OneProcess()
    return Lockstep(leads=leads, reshard=partial(reshard, network))


def reshard(network: nn.Module) -> None:
    """Let go of whole parameters, which FSDP's outermost module keeps after a forward pass."""
    for module in network.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


@dataclass
class ShardedLayer(Layer):
    """A layer in a sharded network, of which this process holds some filters, or none.

    `gathers`: the shards cut through its filters; then it is gathered, for the process that writes,
    whenever `rows` are asked for. What is not sharded is the same everywhere: held by that one.
    """

    leads: bool
    gathers: bool

    @property
    def cut(self) -> bool:
        """Say whether processes hold parts of filters, so that `rows` has to ask them all."""
        return self.gathers

    def fits(self, weight: nn.Parameter) -> bool:
        """Say whether a parameter can be the layer's."""
        return weight.shape == self.shape

    @property
    def filters(self) -> int:
        """Return how many filters this process holds."""
        if isinstance(self.weight, DTensor) and not self.cut:
            return len(self._held(self.weight))
        return self.spec.filters if self.leads else 0

    def effective(self) -> Tensor | None:
        """Return the weight, detached; a sharded one is not cut yet, which would ask the others."""
        if isinstance(self.weight, DTensor):
            return self.weight.detach()
        return super().effective()

    def gradient(self) -> Tensor | None:
        """Return the gradient as it is now, None where there is none; not cut, as `effective`."""
        if isinstance(self.weight, DTensor):
            return self.weight.grad
        return super().gradient()

    def rows(self, tensor: Tensor) -> Tensor:
        """Return what this process holds of such a tensor as contiguous float32 [F, K].

        Where the layer is `cut`, all processes of the training call this together.
        """
        if isinstance(tensor, DTensor) and not self.cut:
            held = self._held(tensor)
            return held.reshape(len(held), self._size).to(torch.float32).contiguous()
        whole = self.part.cut(tensor.full_tensor()) if isinstance(tensor, DTensor) else tensor
        if self.leads:
            return super().rows(whole)
        return whole.new_zeros((0, self._size), dtype=torch.float32)

    @staticmethod
    def _held(tensor: DTensor) -> Tensor:
        """Return the shard of this process; of equal copies, as of hybrid sharding, the first."""
        local = tensor.to_local().detach()
        return local if _counts(tensor) else local[:0]

    @property
    def _size(self) -> int:
        return self.spec.parameters // self.spec.filters


def sharded_layers(layers: Sequence[Layer], *, leads: bool) -> list[Layer]:
    """Return the layers as this process holds them; `leads`: it is the one that writes.

    Raises RecordingError where the weight of a sharded layer is computed from others.
    """
    for layer in layers:
        plain = layer.module._parameters.get(layer.part.parameter) is layer.weight
        if isinstance(layer.weight, DTensor) and not plain:
            raise RecordingError(
                f"the weight of layer {layer.spec.name!r} is computed (by a parametrisation, "
                "weight norm, pruning), which is not supported in a sharded network; remove it, or "
                "shard the network without this layer"
            )
    return [ShardedLayer(**vars(layer), leads=leads, gathers=_is_cut(layer)) for layer in layers]


def _is_cut(layer: Layer) -> bool:
    """Say whether a process may hold parts of filters: else each shard is some whole filters."""
    weight = layer.weight
    if not isinstance(weight, DTensor):
        return False
    part = layer.part
    if isinstance(layer.module, _ConvTransposeNd) or part.rows is not None or part.last:
        return True
    if layer.spec.filters != len(weight):
        return True
    sharded = [place for place in weight.placements if not place.is_replicate()]
    along_filters = all(type(place) is Shard and place.dim == 0 for place in sharded)
    everywhere = weight.device_mesh.size() == distributed.get_world_size()
    return not (along_filters and len(sharded) <= 1 and everywhere)


def _counts(tensor: DTensor) -> bool:
    places = tensor.device_mesh.get_coordinate() or ()
    pairs = zip(tensor.placements, places, strict=False)
    return not any(placement.is_replicate() and place for placement, place in pairs)
