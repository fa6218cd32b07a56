"""Reads and prepares snapshots ahead of their being written."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from db.measured_rows import Shape
from deeptracker.format import Manifest
from ingest.prepare import Prepared, Preparer
from ingest.sources import OnBad, Source

BATCH_SNAPSHOTS = 64
BATCH_BYTES = 40 * 2**20

P = TypeVar("P")
R = TypeVar("R")


def together(size: int) -> int:
    """Return how many snapshots of so many bytes are one batch."""
    return max(1, min(BATCH_SNAPSHOTS, -(-BATCH_BYTES // max(1, size))))


def batches(source: Source, iterations: Sequence[int]) -> Iterator[list[int]]:
    """Cut into parts that a transaction writes in about half a second."""
    part: list[int] = []
    size = 0
    for iteration in iterations:
        part.append(iteration)
        size += source.size(iteration)
        if len(part) == BATCH_SNAPSHOTS or size >= BATCH_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def preparing(
    source: Source, manifest: Manifest, shape: Shape
) -> Callable[[Sequence[int], OnBad], list[Prepared]]:
    """Return a function that reads and prepares the snapshots of some iterations."""
    preparer = Preparer(manifest, shape)

    def read(part: Sequence[int], on_bad: OnBad) -> list[Prepared]:
        return [
            preparer.prepare(snapshot)
            for snapshot in source.snapshots(manifest, part, on_bad=on_bad)
        ]

    return read


def read_ahead(parts: Iterable[P], read: Callable[[P], R], *, ahead: int = 1) -> Iterator[R]:
    """Yield what `read` makes of each part; up to `ahead` of the next ones are read meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming: deque[Future[R]] = deque()
        try:
            for part in parts:
                coming.append(reader.submit(read, part))
                if len(coming) > ahead:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            reader.shutdown(cancel_futures=True)
