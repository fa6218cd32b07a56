"""Waiting for data: the training waits for the next batch for a large share of its time."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import SNAPSHOTS
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.rules.machine import LEAST, example, on_snapshots
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

_NAME = "loading_percent"
declare(
    {
        "waiting-for-data": (
            "The training waits for its data {share} of the time; faster loading makes it shorter."
        ),
    }
)


def waiting_for_data(history: History, threshold: float, names: Names) -> list[Finding]:
    """A share of waiting that stays above the threshold to the end."""
    share = on_snapshots(history, _NAME) / 100
    known = np.flatnonzero(np.isfinite(share))
    if len(known) < LEAST:
        return []
    smooth = robust.smooth(share[known], max(5, robust.window(len(known), share=0.1)))
    with np.errstate(invalid="ignore"):
        high = smooth >= threshold
    if not high[-LEAST:].all():
        return []
    first = int(known[next(s[0] for s in reversed(list(robust.stretches(high))))])
    value = float(np.nanmedian(share[first:]))
    if not value >= threshold:
        return []
    return [
        Finding(
            "waiting-for-data",
            Severity.LOW,
            start=int(history.iteration[first]),
            end=None,
            strength=value / threshold,
            value=value,
            text=say("waiting-for-data", share=percent(value)),
            once=True,
            chart=chart_of("share of time waiting for data", history, share, limit=threshold),
        )
    ]


RULE = Rule(
    name="waiting-for-data",
    title="Waiting for data",
    meaning="The training waits for the next batch for a large share of its time.",
    looks_at=(
        "The scalar machine/loading_percent, a running median: above the threshold at the last 10 "
        "snapshots that have it."
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
    view="scalars",
    lasting=True,
    check=waiting_for_data,
    example=lambda: example(_NAME, np.full(SNAPSHOTS, 70.0)),
)
