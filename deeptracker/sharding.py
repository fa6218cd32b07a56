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

    `leads`: this process writes the run. Raises RecordingError, on all of them, where the network
    is sharded in a way that is not supported, or others do not come.
    """
    if any(isinstance(module, FullyShardedDataParallel) for module in network.modules()):
        raise RecordingError(
            "FullyShardedDataParallel (FSDP1) is not supported; shard the network by "
            "torch.distributed.fsdp.fully_shard() (FSDP2)"
        )
    reshard(network)
    sharded = [(n, p) for n, p in network.named_parameters() if isinstance(p, DTensor)]
    if not sharded:
        return OneProcess()
    processes = distributed.get_world_size()
    for name, parameter in sharded:
        if parameter.device_mesh.size() != processes:
            raise RecordingError(
                f"parameter {name!r} is sharded over {parameter.device_mesh.size()} of the "
                f"{processes} processes; call fully_shard() over a mesh of all of them"
            )
    return Lockstep(leads=leads, reshard=partial(reshard, network))


def reshard(network: nn.Module) -> None:
    """Let go of whole parameters, which FSDP's outermost module keeps after a forward pass."""
    for module in network.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


@dataclass
class ShardedLayer(Layer):
    """A layer in a sharded network, of which this process holds some filters, or none.

    What is not sharded, and the same on all processes, is held by the one that writes.
    """

    leads: bool

    @property
    def filters(self) -> int:
        """Return how many filters this process holds."""
        if isinstance(self.weight, DTensor):
            return self.weight.to_local().numel() // self._size if _counts(self.weight) else 0
        return self.spec.filters if self.leads else 0

    def rows(self, tensor: Tensor) -> Tensor:
        """Return what this process holds of such a tensor as contiguous float32 [F, K]."""
        if not isinstance(tensor, DTensor):
            rows = super().rows(tensor)
            return rows if self.leads else rows[:0]
        if any(placement.is_partial() for placement in tensor.placements):
            raise RecordingError(f"layer {self.spec.name!r}: its gradient is not yet summed up")
        local = tensor.to_local().detach()
        if _filter_dimension(self.module):
            local = local.transpose(0, 1)
        rows = local.reshape(local.numel() // self._size, self._size)
        return (rows if _counts(tensor) else rows[:0]).to(torch.float32).contiguous()

    @property
    def _size(self) -> int:
        return self.spec.parameters // self.spec.filters


def sharded_layers(layers: Sequence[Layer], *, leads: bool) -> list[Layer]:
    """Return the layers as this process holds them; `leads`: it is the one that writes.

    Raises RecordingError where a layer is sharded through the middle of its filters.
    """
    for layer in layers:
        if isinstance(layer.weight, DTensor):
            _check_placement(layer, layer.weight)
    return [ShardedLayer(**vars(layer), leads=leads) for layer in layers]


def _check_placement(layer: Layer, weight: DTensor) -> None:
    name, wanted = layer.spec.name, _filter_dimension(layer.module)
    if isinstance(layer.module, _ConvTransposeNd) and layer.spec.groups > 1:
        raise RecordingError(
            f"layer {name!r} is a transposed convolution in groups, which is not supported in a "
            "sharded network; shard the part of it without this layer, and record that part"
        )
    if layer.module._parameters.get("weight") is None:
        raise RecordingError(
            f"the weight of layer {name!r} is computed (by a parametrisation, weight norm, "
            "pruning), which is not supported in a sharded network; remove it, or shard the "
            "network without this layer"
        )
    sharded = [placement for placement in weight.placements if not placement.is_replicate()]
    if any(type(placement) is not Shard for placement in sharded) or len(sharded) > 1:
        raise RecordingError(
            f"layer {name!r} is spread over several dimensions of the mesh "
            f"{tuple(weight.placements)}, as by tensor parallel with FSDP, which is not supported; "
            "shard the network by fully_shard() alone, or train it without the Recorder"
        )
    if not all(placement.is_shard(wanted) for placement in sharded):
        raise RecordingError(
            f"layer {name!r} is placed as {sharded[0]!r}, which cuts through its filters (tensor "
            "parallel along rows, or shard_placement_fn= of fully_shard()); let each process hold "
            f"whole filters, by Shard({wanted})"
        )


def _counts(tensor: DTensor) -> bool:
    """Say whether this process holds the first of equal copies, as of hybrid sharding."""
    places = tensor.device_mesh.get_coordinate() or ()
    pairs = zip(tensor.placements, places, strict=False)
    return not any(placement.is_replicate() and place for placement, place in pairs)


def _filter_dimension(module: nn.Module) -> int:
    """Return the dimension of the weight that counts filters."""
    return 1 if isinstance(module, _ConvTransposeNd) else 0
