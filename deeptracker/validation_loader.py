"""The Recorder's own loader over the validation set: the script's loader is never iterated."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
)

from deeptracker.errors import RecordingError
from deeptracker.isolation import untouched
from deeptracker.nested_batch import same
from deeptracker.remarks import tell

# What is told, in a sentence, that the loader of the script does otherwise than it should.
Note = Callable[[str], None]

_LIST = "pass validation= a data set, or a list of (image, label)"
# How samplers that give each process a part of the images call its number, and that of processes.
_RANKS = ("rank", "process_index")
_PROCESSES = ("num_replicas", "num_processes", "world_size")
# A sampler that gives more than so many times the images goes on for ever.
_MOST_PASSES = 20
_MOST = 10_000_000
_BATCH = 32


def own_loader(
    source: Any, *, batch: int, note: Note = tell, begun: int | None = None
) -> DataLoader[Any]:
    """Return a loader over the images of `source`, each of them once, always in the same order.

    `source` is a data set or a loader, whose data set, collation and batches are taken over.
    A sampler gives the order once; one that shuffles, or deals images out to processes, is
    replaced by the order of the data set. Where it gives images more than once, `note` is told.
    A run that was begun with `begun` images as they are given, some of them repeated or left out,
    goes on with these.
    Raises RecordingError where there is no fixed order.
    """
    if isinstance(within := getattr(source, "_dataloader", None), DataLoader):
        source = within  # of Fabric
    if isinstance(source, DataLoader):
        return _like(source, note, begun)
    if isinstance(source, Iterator):
        raise RecordingError(f"validation= is an iterator, which can be read only once; {_LIST}")
    indexed = hasattr(source, "__getitem__") and hasattr(source, "__len__")
    if isinstance(source, (str, bytes, dict)) or not (
        indexed or isinstance(source, IterableDataset)
    ):
        raise RecordingError(f"validation= is a {type(source).__name__}; {_LIST}, or a DataLoader")
    if isinstance(source, tuple) and all(hasattr(part, "shape") for part in source):
        raise RecordingError(
            "validation= is a tuple of arrays; pass validation= a TensorDataset(images, labels)"
        )
    return _quiet(source, batch_size=batch, shuffle=False)


def _quiet(dataset: Any, **options: Any) -> DataLoader[Any]:
    # Every pass over a loader draws a number from its generator: here it has one of its own.
    return DataLoader(dataset, generator=torch.Generator().manual_seed(0), **options)


def _like(given: DataLoader[Any], note: Note, begun: int | None) -> DataLoader[Any]:
    dataset: Dataset[Any] = given.dataset
    while isinstance(dataset, IterableDataset) and _deals_out(dataset):
        whole = getattr(dataset, "dataset", None)
        if not isinstance(whole, IterableDataset):
            break
        dataset = whole
    options = _options(given)
    if isinstance(dataset, IterableDataset):
        return _quiet(dataset, batch_size=given.batch_size, **options)
    batches, repeated = _without_repeats(_places(given, dataset))
    if begun is not None and begun != _count(batches):
        as_given = _as_given(given, dataset)
        if begun == _count(as_given):
            note(as_begun("the sampler of the validation loader gives", begun))
            batches, repeated = as_given, ""
    if _in_batches(given):
        options["batch_sampler"] = batches
    else:
        options |= {"batch_size": given.batch_size, "sampler": batches[0]}
    if repeated:
        note(
            f"the sampler of the validation loader gives {repeated} more than once; each is "
            "recorded once: pass validation= a loader whose sampler gives no image twice"
        )
    return _quiet(dataset, **options)


def _in_batches(given: DataLoader[Any]) -> bool:
    """Say whether the loader has a batch sampler of its own."""
    return given.batch_size is None and given.batch_sampler is not None


def _places(given: DataLoader[Any], dataset: Any, *, whole: bool = True) -> Any:
    """Return the places of the images, batch by batch; without batch sampler all are one batch.

    `whole`: with those that the last batch leaves out where it would be smaller.
    """
    if _in_batches(given):
        return _batches(given.batch_sampler, dataset, whole=whole)
    return [_order(given.sampler, dataset)]


def _as_given(given: DataLoader[Any], dataset: Any) -> Any:
    """Return the batches as the script's sampler gives them; none where they always change."""
    try:
        return _places(given, dataset, whole=False)
    except RecordingError:
        return []


def _count(batches: Iterable[Any]) -> int:
    return sum(map(len, batches))


def as_begun(what: str, images: int) -> str:
    """Return what to tell where a run goes on with images that a new one would not have so."""
    return (
        f"the run was begun with the {images:,} images that {what}, some of them more than once or "
        "left out, and goes on with these; a new run has each image once"
    )


def _options(given: DataLoader[Any]) -> dict[str, Any]:
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
    return options


def _without_repeats(batches: Any) -> tuple[Any, str]:
    """Return batches of places, each place once, and in words which were there more often.

    These are "" where none was.
    """
    if not isinstance(batches, list) or isinstance(batches[0], range):
        return batches, ""
    seen: set[str] = set()  # places may be lists themselves
    repeated: dict[str, None] = {}
    kept = []
    for batch in batches:
        fresh = []
        for place in batch:
            if str(place) in seen:
                repeated[str(place)] = None
            else:
                seen.add(str(place))
                fresh.append(place)
        if fresh:
            kept.append(fresh)
    if not repeated:
        return batches, ""
    return kept, f"{len(repeated)} images (the first is {next(iter(repeated))})"


def once_by_workers(loader: DataLoader[Any], note: Note) -> DataLoader[Any]:
    """Return a loader that gives each image of a stream once; it may be `loader` itself.

    Each worker goes through a stream of its own: where these begin alike, all would give the same
    images. One worker reads them then, and `note` is told.
    """
    workers = loader.num_workers
    if not isinstance(loader.dataset, IterableDataset) or workers < 2:
        return loader
    # They take turns, batch by batch.
    heads = list(islice(loader, workers))
    if len(heads) < workers or not all(same(heads[0], head) for head in heads[1:]):
        return loader
    note(
        f"each of the {workers} workers of the validation loader gives all images, so that each "
        f"was there {workers} times; they are recorded once, by one worker: let __iter__ of the "
        "data set give each worker its part (torch.utils.data.get_worker_info), or use one worker"
    )
    options = _options(loader)
    return _quiet(loader.dataset, batch_size=loader.batch_size, **{**options, "num_workers": 1})


def _deals_out(sampler: Any) -> bool:
    """Say whether a sampler gives every process images of its own."""
    return isinstance(sampler, DistributedSampler) or (
        any(hasattr(sampler, name) for name in _RANKS)
        and any(hasattr(sampler, name) for name in _PROCESSES)
    )


def _order(sampler: Any, dataset: Any) -> Any:
    """Return the places of the images in a fixed order; None: that of the data set."""
    if _deals_out(sampler):
        # Lightning deals out what another sampler gives.
        within = getattr(getattr(sampler, "dataset", None), "_sampler", None)
        return range(len(dataset)) if within is None else _order(within, dataset)
    whole = isinstance(sampler, RandomSampler) and not sampler.replacement
    if whole or type(sampler) is SequentialSampler:
        return range(len(dataset))
    with untouched(sampler):
        first, second = _once(sampler, dataset), _once(sampler, dataset)
    if first != second:
        if Counter(map(str, first)) != Counter(map(str, second)):
            raise RecordingError(
                "the sampler of the validation loader draws other images every time; image i must "
                "be the same image in every snapshot, so pass validation= a loader with "
                "shuffle=False, or its data set"
            )
        first = sorted(first)
    if not first:
        raise RecordingError(
            "the sampler of the validation loader gives no image; pass validation= its data set"
        )
    return first


def _once(sampler: Iterable[Any], dataset: Any) -> list[Any]:
    """Return what a sampler gives in a pass; RecordingError where it has no end."""
    most = _MOST_PASSES * (len(dataset) + 1) if hasattr(dataset, "__len__") else _MOST
    found = list(islice(sampler, most))
    if len(found) == most:
        raise RecordingError(
            "the sampler of the validation loader has no end; pass validation= a loader with "
            "shuffle=False, or its data set"
        )
    return found


def _batches(sampler: Any, dataset: Any, *, whole: bool) -> Any:
    """Return the batches of a batch sampler as they are once; RecordingError where they change."""
    while _deals_out(sampler) and hasattr(sampler, "batch_sampler"):
        sampler = sampler.batch_sampler  # of Accelerate
    within = getattr(sampler, "sampler", None)
    if _deals_out(sampler) or _deals_out(within):
        size = getattr(sampler, "batch_size", None)
        order = _order(within if isinstance(within, Iterable) else sampler, dataset)
        return BatchSampler(order, size if isinstance(size, int) else _BATCH, drop_last=False)
    if whole and type(sampler) is BatchSampler and sampler.drop_last:
        sampler = BatchSampler(sampler.sampler, sampler.batch_size, drop_last=False)
    with untouched(sampler):
        first, second = ([list(batch) for batch in _once(sampler, dataset)] for _ in range(2))
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
