"""Waiting for data: the training waits for the next batch for a large share of its time."""

import numpy as np

from ingest.analysis.health import robust
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
from ingest.analysis.health.words import percent

_NAME = "loading_percent"
# A GPU that is busy for so much of the time is not kept waiting.
_BUSY = 0.8
declare(
    {
        "waiting-for-data": (
            "The training{rank} waits for its data {share} of the time; faster loading makes it "
            "shorter."
        ),
    }
)


def waiting_for_data(history: History, threshold: float, names: Names) -> list[Finding]:
    """A share of waiting that stays above the threshold to the end, while no GPU is busy.

    Of several ranks the one that waits most is told: the others may wait for it.
    """
    if _a_gpu_is_busy(history):
        return []
    found = [
        finding
        for one in quantities(history, _NAME)
        if (finding := _of_rank(history, one, threshold)) is not None
    ]
    return sorted(found, key=lambda finding: -finding.strength)[:1]


def _a_gpu_is_busy(history: History) -> bool:
    """Say whether what the process waits for is hidden behind what a GPU still computes."""
    shares = [
        on_snapshots(history, one.name) / 100 for one in quantities(history, r"gpu\d+_percent")
    ]
    return any(
        np.isfinite(share).sum() >= LEAST and float(np.nanmedian(share)) >= _BUSY
        for share in shares
    )


def _of_rank(history: History, one: Read, threshold: float) -> Finding | None:
    share = on_snapshots(history, one.name) / 100
    known = np.flatnonzero(np.isfinite(share))
    if len(known) < LEAST:
        return None
    smooth = robust.smooth(share[known], max(5, robust.window(len(known), share=0.1)))
    with np.errstate(invalid="ignore"):
        high = smooth >= threshold
    if not high[-LEAST:].all():
        return None
    first = int(known[next(s[0] for s in reversed(list(robust.stretches(high))))])
    value = float(np.nanmedian(share[first:]))
    if not value >= threshold:
        return None
    return Finding(
        "waiting-for-data",
        Severity.LOW,
        start=int(history.iteration[first]),
        end=None,
        strength=value / threshold,
        value=value,
        text=say("waiting-for-data", rank=one.of_rank, share=percent(value)),
        once=True,
        chart=chart_of("share of time waiting for data", history, share, limit=threshold),
    )


RULE = Rule(
    name="waiting-for-data",
    title="Waiting for data",
    meaning="The training waits for the next batch for a large share of its time.",
    looks_at=(
        "The scalar machine/loading_percent, a running median: above the threshold at the last 10 "
        "snapshots that have it. Nothing is said where a GPU is busy for 80 % of the time or more."
    ),
    needs=(),  # of a training without, it is no fault that it has none
    threshold=0.4,
    unit="share of time",
    low=0.05,
    high=1,
    severities="low: it costs time, not quality",
    advice=(
        "Use more workers of the loader, pin memory and prefetch, decode and augment less per "
        "image, or keep the data nearer to the machine."
    ),
    source="Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    view="machine",
    lasting=True,
    check=waiting_for_data,
    example=lambda: example(_NAME, np.full(SNAPSHOTS, 70.0)),
)
