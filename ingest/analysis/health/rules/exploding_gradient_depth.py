"""Gradient explodes along depth: the gradient grows from the last layers to the first."""

from ingest.analysis.health.example import healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import DEPTH, GRADIENTS
from ingest.analysis.health.rules.depth import along
from ingest.analysis.health.rules.sources import GLOROT, PASCANU
from ingest.analysis.health.sentences import declare

declare(
    {
        "exploding-gradient-depth": (
            "The gradient explodes towards the first layers: it is {times} above that of the last "
            "ones."
        ),
    }
)


def exploding_along_depth(history: History, threshold: float, names: Names) -> list[Finding]:
    """The gradient of the first layers stays `threshold` times above that of the last."""
    return along(history, threshold, vanishing=False)


def _example() -> History:
    """A first layer whose gradient is 100,000 times that of the last."""
    gradient = layer_statistic("gradient", "l2")
    gradient[0] *= 1e5
    return healthy(layers={("gradient", "l2"): gradient})


RULE = Rule(
    name="exploding-gradient-depth",
    title="Gradient explodes along depth",
    meaning="The gradient grows from the last layers to the first.",
    looks_at=(
        "Median root mean square gradient of the first third of the layers over that of the last "
        "third, by a running median."
    ),
    needs=(GRADIENTS, DEPTH),
    threshold=1000,
    unit="times",
    low=10,
    high=1e9,
    severities="medium",
    advice="Check initial weights and normalisation; clip gradients.",
    source=f"{GLOROT}; {PASCANU}",
    view="layers",
    lasting=True,
    check=exploding_along_depth,
    example=_example,
)
