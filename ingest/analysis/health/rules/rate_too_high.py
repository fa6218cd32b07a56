"""Steps too large: a layer's update is large against its weights, and stays so."""

from ingest.analysis.health.example import healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import UPDATES, snapshots
from ingest.analysis.health.rules.ratios import ratio_beyond
from ingest.analysis.health.rules.sources import KARPATHY
from ingest.analysis.health.sentences import declare

declare(
    {
        "rate-too-high": (
            "||update|| / ||weight|| of {layers} stays above {limit}; about {healthy} is "
            "considered healthy."
        ),
        "rate-was-too-high": (
            "||update|| / ||weight|| of {layers} stayed above {limit}; about {healthy} is "
            "considered healthy."
        ),
    }
)


def rate_too_high(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose update stays above `threshold` x 1e-3 of their weights."""
    return ratio_beyond(history, threshold, names, high=True)


def _example() -> History:
    """A layer that steps a hundred times as far as is healthy."""
    update = layer_statistic("update", "l2")
    update[1] *= 100
    return healthy(layers={("update", "l2"): update})


RULE = Rule(
    name="rate-too-high",
    title="Steps too large",
    meaning="A layer's update is large against its weights, and stays so.",
    looks_at="Running median of ||update|| / ||weight|| of each layer.",
    needs=(UPDATES, snapshots(5)),
    threshold=30,
    unit="times 1e-3",
    low=1,
    high=10_000,
    severities="medium from ten times the limit, else low",
    advice="Lower the learning rate, at least for the layers named, or warm it up.",
    source=KARPATHY,
    view="layers",
    lasting=True,
    check=rate_too_high,
    example=_example,
)
