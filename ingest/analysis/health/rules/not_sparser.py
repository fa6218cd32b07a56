"""Outputs not sparser with depth.

Higher layers are expected to respond to fewer images than the first.
"""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import ACTIVATIONS, snapshots
from ingest.analysis.health.rules.outputs import zeros_of
from ingest.analysis.health.rules.sources import PAPER
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

_SPARSE_AT_ALL = 0.05
declare(
    {
        "not-sparser": (
            "The deep layers respond less sparsely than the first ones: {share} fewer zeros. "
            "Higher layers are expected to respond to fewer images."
        ),
    }
)


def not_sparser(history: History, threshold: float, names: Names) -> list[Finding]:
    """Deep layers that stay less sparse than the first ones, by `threshold` of the outputs."""
    zeros = zeros_of(history)
    with np.errstate(invalid="ignore"):
        rectified = np.flatnonzero((robust.quiet_median(zeros) > _SPARSE_AT_ALL) & ~history.apart)
    third = len(rectified) // 3
    length = max(5, robust.window(history.snapshots, share=0.2))
    if third < 1 or history.snapshots < length:
        return []
    first = robust.quiet_median(zeros[rectified[:third]], axis=0)
    last = robust.quiet_median(zeros[rectified[-third:]], axis=0)
    missing = first - last
    value = float(robust.quiet_median(missing[-length:]))
    if not value >= threshold:
        return []
    return [
        Finding(
            "not-sparser",
            Severity.LOW,
            start=int(history.iteration[0]),
            end=None,
            strength=value / threshold,
            value=value,
            layers=tuple(int(i) for i in rectified[-third:]),
            text=say("not-sparser", share=percent(value)),
            once=True,
            chart=chart_of(
                "zeros in the outputs of the first layers less those of the last",
                history,
                missing,
                limit=threshold,
            ),
        )
    ]


def _example() -> History:
    """A network that is the sparsest at its beginning."""
    zeros = layer_statistic("activation", "zero_share")[::-1]
    return healthy(layers={("activation", "zero_share"): zeros})


RULE = Rule(
    name="not-sparser",
    title="Outputs not sparser with depth",
    meaning="Higher layers are expected to respond to fewer images than the first.",
    looks_at=(
        "Median share of zeros of the first third of the rectified layers less that of the last "
        "third, over the last fifth of the run."
    ),
    needs=(ACTIVATIONS, snapshots(5)),
    threshold=0.2,
    unit="share of outputs",
    low=0.01,
    high=1,
    severities="low",
    advice="Often harmless; look at the deep layers if the error is high too.",
    source=PAPER,
    view="layers",
    lasting=True,
    check=not_sparser,
    example=_example,
)
