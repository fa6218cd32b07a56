"""Slow rank: all ranks of a distributed training wait for one of them in each iteration."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.example import SNAPSHOTS
from ingest.analysis.health.finding import Chart, Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.rules.machine import LEAST, example, on_snapshots, quantities
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import numbers, percent

declare(
    {
        "slow-rank": (
            "Rank {rank} takes {own} ms until its backward pass, the others {others} ms: they wait "
            "for it {share} of the time."
        ),
    }
)


def slow_rank(history: History, threshold: float, names: Names) -> list[Finding]:
    """A rank that is later than the others by a large share of an iteration, to the end."""
    read = quantities(history, "until_backward_ms")
    speeds = [
        on_snapshots(history, one.name) for one in quantities(history, "iterations_per_second")
    ]
    if len(read) < 2 or not speeds:
        return []
    late = np.array([on_snapshots(history, one.name) for one in read])
    known = np.flatnonzero(np.isfinite(late).all(axis=0) & np.isfinite(speeds[0]))
    if len(known) < LEAST:
        return []
    iteration_ms = 1000 / np.maximum(speeds[0][known], 1e-9)
    worst = int(np.argmax(np.median(late[:, known], axis=1)))
    others = np.median(np.delete(late, worst, axis=0)[:, known], axis=0)
    # Readings of a few seconds each: what all ranks took is no more than what an iteration took.
    lost = np.clip((late[worst, known] - others) / iteration_ms, -1, 1)
    smooth = robust.smooth(lost, max(5, robust.window(len(known), share=0.1)))
    high = smooth >= threshold
    if not high[-LEAST:].all():
        return []
    first = next(start for start, *_ in reversed(list(robust.stretches(high))))
    value = float(np.median(lost[first:]))
    if not value >= threshold:
        return []
    own, usual = numbers(
        float(np.median(late[worst, known][first:])), float(np.median(others[first:]))
    )
    text = say("slow-rank", rank=read[worst].rank, own=own, others=usual, share=percent(value))
    return [
        Finding(
            "slow-rank",
            Severity.LOW,
            start=int(history.iteration[known[first]]),
            end=None,
            strength=value / threshold,
            value=value,
            text=text,
            once=True,
            chart=_chart(history, known, lost, threshold),
        )
    ]


def _chart(history: History, known: NDArray[np.integer], lost: Floats, threshold: float) -> Chart:
    shares = np.full(history.snapshots, np.nan)
    shares[known] = lost
    return chart_of("share of time the others wait", history, shares, limit=threshold)


RULE = Rule(
    name="slow-rank",
    title="Slow rank",
    meaning="All ranks of a distributed training wait for one of them in each iteration.",
    looks_at=(
        "The scalars machine/until_backward_ms of all ranks, in which a rank waits for no other: "
        "how much later the latest is than the median of the others, as a share of an iteration, "
        "a running median: above the threshold at the last 10 snapshots that have it."
    ),
    needs=(),  # of a training in one process, it is no fault that it has no ranks
    threshold=0.15,
    unit="share of time",
    low=0.02,
    high=1,
    severities="low: it costs time, not quality",
    advice=(
        "Look at what this rank waits for or shares its host with: its data on a slower disk, "
        "fewer workers of the loader, other programs on its processors; give all ranks as many "
        "images of like size. On GPUs only what the process does is seen, not how fast the GPU is."
    ),
    source=(
        "Lin et al., Understanding Stragglers in Large Model Training Using What-if Analysis, "
        "OSDI 2025"
    ),
    view="machine",
    lasting=True,
    check=slow_rank,
    example=lambda: example(
        "until_backward_ms",
        np.full(SNAPSHOTS, 20.0),
        **{
            "rank1/until_backward_ms": np.full(SNAPSHOTS, 60.0),
            "rank2/until_backward_ms": np.full(SNAPSHOTS, 22.0),
            "iterations_per_second": np.full(SNAPSHOTS, 8.0),
        },
    ),
)
