"""Layer frozen: steps leave a layer exactly as it was while others learn."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import UPDATES
from ingest.analysis.health.rules.losses import first_loss
from ingest.analysis.health.sentences import declare, say

# Below this part of its highest rate no step shows in weights of few digits: that freezes nothing.
_NO_RATE = 1e-3
# A fine-tuned network learns: over the last snapshots so much of its first loss is left at most.
_LEARNED, _LAST = 0.5, 5
declare(
    {
        "frozen-layer": (
            "No step changes {layer} from iteration {iteration} on, while other layers learn."
        ),
        "frozen-from-start": "No step changes {layer} from the start, while other layers learn.",
        "frozen-output": (
            "No step changes {layer} from the start, while other layers learn; {output} is the "
            "output layer: does the optimizer hold it?"
        ),
    }
)


def frozen_layer(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers that a step leaves exactly as they are while others move, `threshold` times on end.

    Those that come to rest together are one finding.
    """
    still, moving = stands_still(history), moves(history)
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for layer in np.flatnonzero(still.any(axis=1)):
        for first, last in robust.stretches(still[layer] | ~moving):
            inside = still[layer, first : last + 1] & moving[first : last + 1]
            if np.count_nonzero(inside) < threshold:
                continue
            first += int(np.flatnonzero(inside)[0])
            if not _lost_its_gradient(history, int(layer), first):
                together[first, last].append(int(layer))
    return [
        _frozen(history, layers, *where, names)
        for where, layers in together.items()
        if where[0] or not _fine_tuned(history, layers)
    ]


def moves(history: History) -> NDArray[np.bool_]:
    """Return at which snapshots a step changed any layer, at a rate that is worth the name, [T]."""
    rate = history.learning_rate
    with np.errstate(invalid="ignore"):
        over = rate < _NO_RATE * np.nanmax(rate, initial=0.0)
        return np.asarray(np.any(history.layer("update", "l2") > 0, axis=0) & ~over)


def stands_still(history: History) -> NDArray[np.bool_]:
    """Return where a step left a layer exactly as it was, [L, T].

    Of what no optimizer holds, no step is known: its weights are what they were a snapshot before.
    """
    update, weight = history.layer("update", "l2"), history.layer("weight", "l2")
    same: NDArray[np.bool_] = np.zeros_like(weight, np.bool_)
    if history.snapshots > 1:
        same[:, 1:] = True
        for part in (weight, history.layer("weight", "mean"), history.layer("weight", "std")):
            same[:, 1:] &= part[:, 1:] == part[:, :-1]
        same[:, 0] = same[:, 1]
    return np.asarray(((update == 0) | (np.isnan(update) & same)) & np.isfinite(weight))


def _lost_its_gradient(history: History, layer: int, first: int) -> bool:
    """Return whether the layer stands still for want of a gradient that it had.

    `zero-gradient` says so, and where it ends: the momentum of an optimizer comes to rest later.
    """
    gradient = history.layer("gradient", "l2")[layer]
    return bool(gradient[first] == 0 and np.any(gradient[:first] > 0))


def _fine_tuned(history: History, layers: list[int]) -> bool:
    """Return whether layers frozen from the start are a trunk meant so: the first layers, or most.

    The others learn then, and they hold the output. Where little is learned, it was no purpose.
    """
    usual = np.flatnonzero(~history.apart)
    held = np.isin(usual, layers)
    number = int(np.count_nonzero(held))
    trunk = held[:number].all() or 2 * number >= len(held)
    begun, last = first_loss(history), float(robust.quiet_median(history.train_loss[-_LAST:]))
    return bool(number and not held[-1] and trunk and last <= _LEARNED * begun)


def _frozen(history: History, layers: list[int], first: int, last: int, names: Names) -> Finding:
    # Frozen from the start can be meant, but for the layer that puts out.
    meant, output = first == 0, len(history.parameters) - 1
    forgotten = meant and output in layers and not history.apart[output]
    said = names.of_layers(layers)
    if forgotten:
        text = say("frozen-output", layer=said, output=names.layer(output))
    elif meant:
        text = say("frozen-from-start", layer=said)
    else:
        text = say("frozen-layer", layer=said, iteration=f"{history.iteration[first]:,}")
    name = names.layer(layers[0])
    return Finding(
        "frozen-layer",
        Severity.HIGH if not meant else Severity.MEDIUM if forgotten else Severity.LOW,
        start=int(history.iteration[first]),
        end=robust.last_iteration(history.iteration, last),
        strength=1.0 if meant else 50.0,
        value=float(last - first + 1),
        layers=tuple(layers),
        text=text,
        chart=chart_of(
            f"||update|| of {name}", history, history.layer("update", "l2")[layers[0]], log=True
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
        "An update of exactly 0 at so many snapshots on end, at which other layers moved, or "
        "weights that stay as they were where no optimizer holds them; a learning rate of more "
        "than 0.001 of its highest. Where the layer lost its gradient before, `zero-gradient` "
        "says so instead. Not the first layers, or most, of a network that is fine-tuned: frozen "
        "from the start, while the loss falls to half and less."
    ),
    needs=(UPDATES,),
    threshold=3,
    unit="snapshots",
    low=1,
    high=10_000,
    severities=(
        "high; where it was so from the first snapshot, low, as in fine-tuning, and medium of the "
        "output layer"
    ),
    advice=(
        "Check requires_grad, the optimizer's parameter groups and any detach() before the layer."
    ),
    source="by definition: an update of exactly 0",
    view="layers",
    may_cause=True,
    check=frozen_layer,
    example=_example,
)
