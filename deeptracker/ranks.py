"""Which process of a distributed training records: that of rank 0."""

import os

import torch

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


def _number(name: str) -> int | None:
    text = os.environ.get(name, "") if name else ""
    return int(text) if text.isascii() and text.isdigit() else None
