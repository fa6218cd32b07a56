"""Trains what was drawn, in parallel processes, each on one thread."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.insight.faults import Truth
from benchmarks.insight.plan import Plan
from benchmarks.insight.training import train


def train_all(
    folder: Path, plans: Sequence[Plan], *, processes: int
) -> Iterator[tuple[Plan, Truth]]:
    """Yield each training with what was planted, in the order given, as soon as it is there."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of the processes that begin now
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(train, folder / plan.name, plan) for plan in plans]
        for plan, future in zip(plans, futures, strict=True):
            yield plan, future.result()
