"""Steps too small.

A layer's update is small against its weights while the learning rate is at its highest.
"""

from ingest.analysis.health.example import healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import UPDATES, snapshots
from ingest.analysis.health.rules.ratios import ratio_beyond
from ingest.analysis.health.rules.sources import KARPATHY
from ingest.analysis.health.sentences import declare

declare(
    {
        "rate-too-low": (
            "||update|| / ||weight|| of {layers} stays below {limit}; about {healthy} is "
            "considered healthy."
        ),
        "rate-was-too-low": (
            "||update|| / ||weight|| of {layers} stayed below {limit}; about {healthy} is "
            "considered healthy."
        ),
    }
)


def rate_too_low(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose update stays below 1e-3 / `threshold` of their weights at the full rate."""
    return ratio_beyond(history, threshold, names, high=False)


def _example() -> History:
    """A layer that steps a hundredth as far as is healthy."""
    update = layer_statistic("update", "l2")
    update[1] /= 100
    return healthy(layers={("update", "l2"): update})


RULE = Rule(
    name="rate-too-low",
    title="Steps too small",
    meaning=(
        "A layer's update is small against its weights while the learning rate is at its highest."
    ),
    looks_at="The same, only while the learning rate is at least half of its highest.",
    needs=(UPDATES, snapshots(5)),
    threshold=30,
    unit="times below 1e-3",
    low=1,
    high=10_000,
    severities="medium from ten times below the limit, else low",
    advice=(
        "Raise the learning rate, or find out why so little gradient reaches the layers named."
    ),
    source=KARPATHY,
    view="layers",
    lasting=True,
    check=rate_too_low,
    example=_example,
)
