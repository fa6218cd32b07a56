"""Layer steps differently.

A layer's step, against those of the others, suddenly differs from what it was.
"""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity
from ingest.analysis.health.history import History
from ingest.analysis.health.rules.sources import ROBUST
from ingest.analysis.health.sentences import declare, say

declare(
    {
        "layer-steps-more": "{layer} steps more than usual, relative to the other layers.",
        "layer-steps-less": "{layer} steps less than usual, relative to the other layers.",
    }
)


def layer_change(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose step, against those of all layers, suddenly differs from what it was."""
    ratio = history.update_ratio()
    logged = robust.log10(ratio)
    relative = logged - robust.quiet_median(logged, axis=0)
    length = robust.window(history.snapshots)
    steps = robust.noise_kept(history.kept, "layer-change", relative, 4 * length, floor=0.05)
    height = (relative - robust.usual_kept(history.kept, "layer-change", relative, length)) / steps
    found = []
    with np.errstate(invalid="ignore"):
        flag = np.abs(height) >= threshold
    for layer in np.flatnonzero(flag.any(axis=1)):
        for first, last in robust.stretches(flag[layer], gap=1):
            part = height[layer, first : last + 1]
            value = float(part[np.nanargmax(np.abs(part))])
            found.append(
                Finding(
                    "layer-change",
                    Severity.INFO,
                    start=int(history.iteration[first]),
                    end=robust.last_iteration(history.iteration, last),
                    strength=abs(value) / threshold,
                    value=value,
                    layers=(int(layer),),
                    text=say(
                        "layer-steps-more" if value > 0 else "layer-steps-less",
                        layer=names.layer(int(layer)),
                    ),
                )
            )
    return found


def _example() -> History:
    """A layer that suddenly steps 30 times as far."""
    update = layer_statistic("update", "l2")
    update[0, AT:] *= 30
    return healthy(layers={("update", "l2"): update})


RULE = Rule(
    name="layer-change",
    title="Layer steps differently",
    meaning="A layer's step, against those of the others, suddenly differs from what it was.",
    threshold=6,
    unit="usual steps of its logarithm",
    low=2,
    high=100,
    source=ROBUST,
    view="layers",
    check=layer_change,
    example=_example,
)
