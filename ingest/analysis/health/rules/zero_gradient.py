"""No gradient: the gradient of a layer is exactly 0 everywhere; the first such layer is named."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import GRADIENTS
from ingest.analysis.health.sentences import declare, say

_ALL_OFF = 0.999
declare(
    {
        "zero-gradient": (
            "The gradient of {layer} is exactly 0 from iteration {iteration} on, while other "
            "layers have one."
        ),
        "zero-gradient-in-several": (
            "The gradient of {number} layers is exactly 0 from iteration {iteration} on: it ends "
            "at {layer}; the others follow from it."
        ),
    }
)


def zero_gradient(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers without any gradient for so many snapshots, while others have one.

    Of those that lose theirs at one snapshot, the one where it ends is named first (`_ends_at`).
    """
    gradient = history.layer("gradient", "l2")
    with np.errstate(invalid="ignore"):
        zero = gradient == 0
        others = np.any(gradient > 0, axis=0)
    begun: dict[int, list[tuple[int, int]]] = {}
    for layer in np.flatnonzero(zero.any(axis=1)):
        for first, last in robust.stretches(zero[layer] & others):
            if last - first + 1 >= threshold and first > 0:
                begun.setdefault(first, []).append((int(layer), last))
    return [_lost(history, names, first, layers) for first, layers in sorted(begun.items())]


def _lost(history: History, names: Names, first: int, layers: list[tuple[int, int]]) -> Finding:
    order = _ends_at(history, first, sorted((layer for layer, _ in layers), reverse=True))
    last = max(end for _, end in layers)
    facts = {"layer": names.layer(order[0]), "iteration": f"{history.iteration[first]:,}"}
    if len(order) > 1:
        text = say("zero-gradient-in-several", number=len(order), **facts)
    else:
        text = say("zero-gradient", **facts)
    return Finding(
        "zero-gradient",
        Severity.HIGH,
        start=int(history.iteration[first]),
        end=robust.last_iteration(history.iteration, last),
        strength=50.0,
        value=float(len(order)),
        layers=tuple(order),
        text=text,
        chart=chart_of(
            f"||gradient|| of {names.layer(order[0])}",
            history,
            history.layer("gradient", "l2")[order[0]],
            log=True,
        ),
    )


def _ends_at(history: History, first: int, layers: list[int]) -> list[int]:
    """Return the layers with that at which the gradient ends first, then from the output back.

    Gradients flow from the output back. Where the outputs of a layer are all 0, the layer after it
    sees nothing but 0 and has no gradient either: of several, the last one follows too. Outputs
    that were recorded decide.
    """
    own = [layer for layer in layers if not history.apart[layer]] or layers
    zeros = history.layer("activation", "zero_share")[:, first]
    off = [layer for layer in reversed(own) if zeros[layer] >= _ALL_OFF]
    ends = off[0] if off else own[1] if len(own) > 1 else own[0]
    return [ends, *(layer for layer in layers if layer != ends)]


def _example() -> History:
    """Two layers that get no gradient any more."""
    gradient = layer_statistic("gradient", "l2")
    gradient[:2, AT:] = 0.0
    return healthy(layers={("gradient", "l2"): gradient})


RULE = Rule(
    name="zero-gradient",
    title="No gradient",
    meaning="The gradient of a layer is exactly 0 everywhere, while other layers have one.",
    looks_at=(
        "A gradient norm of exactly 0 at so many snapshots on end, after having been another. Of "
        "layers that lose it at one snapshot the one is named at which it ends: whose outputs are "
        "all 0 where these were recorded, else the second from the output. The layer after one "
        "that puts out nothing but 0 has no gradient either, and those before it get none."
    ),
    needs=(GRADIENTS,),
    threshold=3,
    unit="snapshots",
    low=1,
    high=10_000,
    severities="high",
    advice=(
        "Look at the layer named and what follows it: units that are all off (dead rectifiers), a "
        "detach(), a mask or factor of 0."
    ),
    source="by definition: a gradient of exactly 0",
    view="layers",
    may_cause=True,
    check=zero_gradient,
    example=_example,
)
