"""Which process of a distributed training records: that of rank 0, or all where it is sharded."""

import os
from collections.abc import Sequence

import torch
from torch import nn

from deeptracker.layers import Layer
from deeptracker.lockstep import OneProcess

# Set by launchers ahead of the process group: rank, and number of processes where it is told.
_BY_LAUNCHERS = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMIX_RANK", ""),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
    ("LOCAL_RANK", "LOCAL_WORLD_SIZE"),
)


def own_rank() -> tuple[int, str]:
    """Return the rank of this process, and how it is known: "" where it is the only one."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), "the process group"
    for rank, size in _BY_LAUNCHERS:
        found = _number(rank)
        if found is not None:
            alone = size != "" and _number(size) == 1
            return (0, "") if alone else (found, rank)
    return 0, ""


def group_of(network: nn.Module, rank: int | None) -> OneProcess:
    """Return the processes over which a network is sharded; this one alone where it is not.

    rank: that of this process, None: as `own_rank` says. Raises RecordingError where the network is
    sharded in a way that is not supported, or the other processes make no Recorder.
    """
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return OneProcess()
    # Only now: importing it takes half a second.
    from deeptracker.sharding import sharded_group

    return sharded_group(network, leads=(own_rank()[0] if rank is None else rank) == 0)


def layers_here(layers: Sequence[Layer], group: OneProcess) -> list[Layer]:
    """Return the layers as this process of the group holds them.

    Raises RecordingError where a layer is sharded through the middle of its filters.
    """
    if not group.shared:
        return list(layers)
    from deeptracker.sharding import sharded_layers

    return sharded_layers(layers, leads=group.leads)


def _number(name: str) -> int | None:
    text = os.environ.get(name, "") if name else ""
    return int(text) if text.isascii() and text.isdigit() else None
