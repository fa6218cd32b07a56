"""Gradient vanishes: almost no gradient reaches the first layers."""

from ingest.analysis.health.example import healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import DEPTH, GRADIENTS
from ingest.analysis.health.rules.depth import along
from ingest.analysis.health.rules.sources import GLOROT, PASCANU
from ingest.analysis.health.sentences import declare

declare(
    {
        "vanishing-gradient": (
            "The gradient vanishes towards the first layers: it is {times} below that of the last "
            "ones."
        ),
    }
)


def vanishing_gradient(history: History, threshold: float, names: Names) -> list[Finding]:
    """The gradient of the first layers stays `threshold` times below that of the last."""
    return along(history, threshold, vanishing=True)


def _example() -> History:
    """A first layer whose gradient is a 100,000th of that of the last."""
    gradient = layer_statistic("gradient", "l2")
    gradient[0] *= 1e-5
    return healthy(layers={("gradient", "l2"): gradient})


RULE = Rule(
    name="vanishing-gradient",
    title="Gradient vanishes",
    meaning="Almost no gradient reaches the first layers.",
    looks_at="The inverse of it.",
    needs=(GRADIENTS, DEPTH),
    threshold=1000,
    unit="times",
    low=10,
    high=1e9,
    severities="medium",
    advice="Use rectifiers, normalisation or skip connections; check initial weights.",
    source=f"{GLOROT}; {PASCANU}",
    view="layers",
    lasting=True,
    check=vanishing_gradient,
    example=_example,
)
