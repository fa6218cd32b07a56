"""Memory grows: the training takes more and more memory, as where a script keeps its graphs."""

import numpy as np

from ingest.analysis.health.example import SNAPSHOTS
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.rules.machine import (
    LEAST,
    Read,
    example,
    on_snapshots,
    quantities,
)
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times, numbers

_PARTS = 8
# What a training may take besides, in GiB, is no leak.
_LEAST_GB = 0.2
declare(
    {
        "memory-grows": (
            "{whose} memory grows all the time: {before} GiB after a third of the run, {now} GiB "
            "at the end, {times} as much."
        ),
    }
)


def memory_grows(history: History, threshold: float, names: Names) -> list[Finding]:
    """Memory that rises from part to part of the last two thirds of the run."""
    found = []
    for one in quantities(history, r"(process|gpu\d+)_memory_gb"):
        used = on_snapshots(history, one.name)
        known = np.flatnonzero(np.isfinite(used))
        late = known[len(known) // 3 :]
        if len(late) < max(LEAST, 2 * _PARTS):
            continue
        level = np.array([np.median(part) for part in np.array_split(used[late], _PARTS)])
        before, now = float(level[0]), float(level[-1])
        # A buffer that fills, or a cache, rises too, but not to the end.
        if not (np.diff(level) > 0).all() or now - before < _LEAST_GB or now < threshold * before:
            continue
        early, end = numbers(before, now)
        found.append(
            Finding(
                "memory-grows",
                Severity.LOW,
                start=int(history.iteration[late[0]]),
                end=None,
                strength=now / before / threshold,
                value=now / before,
                text=say(
                    "memory-grows",
                    whose=_whose(one),
                    before=early,
                    now=end,
                    times=as_times(now / before),
                ),
                once=True,
                part=one.part,
                chart=chart_of("memory used, GiB", history, used),
            )
        )
    return found


def _whose(one: Read) -> str:
    part = one.quantity.removesuffix("_memory_gb")
    whose = f"GPU {part.removeprefix('gpu')}" if part.startswith("gpu") else "The process"
    return f"{whose}{one.of_rank}: its" if one.rank else f"{whose}'s"


RULE = Rule(
    name="memory-grows",
    title="Memory grows",
    meaning="The training takes more and more memory.",
    looks_at=(
        "The scalars machine/process_memory_gb, machine/gpu0_memory_gb and so on: the medians of "
        "eight parts of the last two thirds of the run rise from each to the next, by the "
        "threshold and 0.2 GiB in all."
    ),
    needs=(),  # of a training without, it is no fault that it has none
    threshold=1.25,
    unit="times",
    low=1.01,
    high=100,
    severities="low: it ends the training only once the memory is full",
    advice=(
        "Look for losses or outputs that are kept with their graph (detach them, or use .item()), "
        "for lists that grow, and for workers of the loader that copy what they read."
    ),
    source="PyTorch, Frequently Asked Questions: my model reports out of memory",
    view="machine",
    lasting=True,
    check=memory_grows,
    example=lambda: example("process_memory_gb", np.linspace(2.0, 9.0, SNAPSHOTS)),
)
