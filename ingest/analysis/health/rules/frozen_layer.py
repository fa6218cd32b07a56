"""Layer frozen: steps leave a layer exactly as it was while others learn."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import UPDATES
from ingest.analysis.health.sentences import declare, say

declare(
    {
        "frozen-layer": (
            "No step changes {layer} from iteration {iteration} on, while other layers learn."
        ),
        "frozen-from-start": "No step changes {layer} from the start, while other layers learn.",
    }
)


def frozen_layer(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers that a step leaves exactly as they are while others move, `threshold` times on end."""
    update = history.layer("update", "l2")
    with np.errstate(invalid="ignore"):
        still = np.asarray((update == 0) & np.isfinite(history.layer("weight", "l2")))
        moving = np.any(update > 0, axis=0)
    found = []
    for layer in np.flatnonzero(still.any(axis=1)):
        for first, last in robust.stretches(still[layer] | ~moving):
            inside = still[layer, first : last + 1] & moving[first : last + 1]
            if np.count_nonzero(inside) < threshold:
                continue
            first += int(np.flatnonzero(inside)[0])
            if _lost_its_gradient(history, int(layer), first):
                continue
            found.append(_frozen(history, int(layer), first, last, names))
    return found


def _lost_its_gradient(history: History, layer: int, first: int) -> bool:
    """Return whether the layer stands still for want of a gradient that it had.

    `zero-gradient` says so, and where it ends: the momentum of an optimizer comes to rest later.
    """
    gradient = history.layer("gradient", "l2")[layer]
    return bool(gradient[first] == 0 and np.any(gradient[:first] > 0))


def _frozen(history: History, layer: int, first: int, last: int, names: Names) -> Finding:
    name = names.layer(layer)
    # Frozen from the start is what fine-tuning does on purpose.
    meant = first == 0
    if meant:
        text = say("frozen-from-start", layer=name)
    else:
        text = say("frozen-layer", layer=name, iteration=f"{history.iteration[first]:,}")
    return Finding(
        "frozen-layer",
        Severity.LOW if meant else Severity.HIGH,
        start=int(history.iteration[first]),
        end=robust.last_iteration(history.iteration, last),
        strength=1.0 if meant else 50.0,
        value=float(last - first + 1),
        layers=(layer,),
        text=text,
        chart=chart_of(
            f"||update|| of {name}", history, history.layer("update", "l2")[layer], log=True
        ),
    )


def _example() -> History:
    """A layer that no step changes for 20 snapshots."""
    update = layer_statistic("update", "l2")
    update[3, AT:60] = 0.0
    return healthy(layers={("update", "l2"): update})


RULE = Rule(
    name="frozen-layer",
    title="Layer frozen",
    meaning="Steps leave a layer exactly as it was while others learn.",
    looks_at=(
        "An update of exactly 0 at so many snapshots on end, at which other layers moved; where "
        "the layer lost its gradient before, `zero-gradient` says so instead."
    ),
    needs=(UPDATES,),
    threshold=3,
    unit="snapshots",
    low=1,
    high=10_000,
    severities="high; low where it was so from the first snapshot, as in fine-tuning",
    advice=(
        "Check requires_grad, the optimizer's parameter groups and any detach() before the layer."
    ),
    source="by definition: an update of exactly 0",
    view="layers",
    may_cause=True,
    check=frozen_layer,
    example=_example,
)
