"""The Recorder's own loader over the validation set: the script's loader is never iterated."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
)

from deeptracker.errors import RecordingError
from deeptracker.isolation import untouched

_LIST = "pass validation= a data set, or a list of (image, label)"


def own_loader(source: Any, *, batch: int) -> DataLoader[Any]:
    """Return a loader over the images of `source`, all of them, always in the same order.

    `source` is a data set or a loader, whose data set, collation and batches are taken over.
    A sampler gives the order once; one that shuffles, or deals images out to processes, is
    replaced by the order of the data set. Raises RecordingError where there is no fixed order.
    """
    if isinstance(source, DataLoader):
        return _like(source)
    if isinstance(source, Iterator):
        raise RecordingError(f"validation= is an iterator, which can be read only once; {_LIST}")
    if not isinstance(source, IterableDataset) and not (
        hasattr(source, "__getitem__") and hasattr(source, "__len__")
    ):
        raise RecordingError(f"validation= is a {type(source).__name__}; {_LIST}, or a DataLoader")
    return _quiet(source, batch_size=batch, shuffle=False)


def _quiet(dataset: Any, **options: Any) -> DataLoader[Any]:
    # Every pass over a loader draws a number from its generator: here it has one of its own.
    return DataLoader(dataset, generator=torch.Generator().manual_seed(0), **options)


def _like(given: DataLoader[Any]) -> DataLoader[Any]:
    dataset: Dataset[Any] = given.dataset
    options: dict[str, Any] = {
        "collate_fn": given.collate_fn,
        "num_workers": given.num_workers,
        "pin_memory": given.pin_memory,
        "timeout": given.timeout,
        "worker_init_fn": given.worker_init_fn,
        "multiprocessing_context": given.multiprocessing_context,
        "persistent_workers": given.persistent_workers,
    }
    if given.num_workers:
        options["prefetch_factor"] = given.prefetch_factor
    if isinstance(dataset, IterableDataset):
        return _quiet(dataset, batch_size=given.batch_size, **options)
    if given.batch_size is None and given.batch_sampler is None:
        return _quiet(dataset, batch_size=None, sampler=_order(given.sampler, dataset), **options)
    if given.batch_size is None:
        return _quiet(dataset, batch_sampler=_batches(given.batch_sampler), **options)
    order = _order(given.sampler, dataset)
    return _quiet(dataset, batch_size=given.batch_size, sampler=order, **options)


def _order(sampler: Any, dataset: Any) -> Any:
    """Return the places of the images in a fixed order; None: that of the data set."""
    dealt_out = isinstance(sampler, DistributedSampler) or (
        hasattr(sampler, "num_replicas") and hasattr(sampler, "rank")
    )
    whole = isinstance(sampler, RandomSampler) and not sampler.replacement
    if dealt_out or whole or type(sampler) is SequentialSampler:
        return range(len(dataset))
    with untouched(sampler):
        first, second = list(sampler), list(sampler)
    if first != second:
        if Counter(map(str, first)) != Counter(map(str, second)):
            raise RecordingError(
                "the sampler of the validation loader draws other images every time; image i must "
                "be the same image in every snapshot, so pass validation= a loader with "
                "shuffle=False, or its data set"
            )
        first = sorted(first)
    if not first:
        raise RecordingError("the sampler of the validation loader gives no image; validation= ...")
    return first


def _batches(sampler: Any) -> list[list[Any]]:
    """Return the batches of a batch sampler as they are once; RecordingError where they change."""
    with untouched(sampler):
        first, second = ([list(batch) for batch in sampler] for _ in range(2))
    if first != second:
        images = [sorted(index for batch in found for index in batch) for found in (first, second)]
        if images[0] != images[1]:
            raise RecordingError(
                "the batch sampler of the validation loader gives other images every time, or none "
                "the second time; pass validation= a loader with shuffle=False, or its data set"
            )
        size = max(map(len, first))
        ordered = images[0]
        first = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return first
