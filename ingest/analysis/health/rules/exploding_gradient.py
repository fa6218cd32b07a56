"""Gradient explodes: the gradient of a layer is many times what it ever was before."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, SNAPSHOTS, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import GRADIENTS
from ingest.analysis.health.rules.depth import per_weight
from ingest.analysis.health.rules.schedule import rate_rises
from ingest.analysis.health.rules.sources import PASCANU
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times

declare(
    {
        "exploding-gradient": "The gradient of {layers} grew to {times} its previous maximum.",
    }
)


def exploding_gradient(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose gradient exceeds `threshold` times everything that it was before."""
    gradient = per_weight(history)
    length = robust.window(history.snapshots)
    filled = np.where(np.isnan(gradient), -np.inf, gradient)
    highest = np.full_like(filled, np.nan)
    if history.snapshots > 1:
        highest[:, 1:] = np.maximum.accumulate(filled, axis=1)[:, :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.where(highest > 0, gradient / highest, np.nan)
    # While the first snapshots come in, "everything before" is hardly anything.
    times[:, :length] = np.nan
    with np.errstate(invalid="ignore"):
        flag = times >= threshold
    if not flag.any():
        return []
    found = []
    rates = rate_rises(history)
    for first, last in robust.stretches(flag.any(axis=0), gap=length):
        part = np.where(np.isnan(times[:, first : last + 1]), 0.0, times[:, first : last + 1])
        layers = np.flatnonzero((part >= threshold).any(axis=1))
        began = np.array([np.flatnonzero(part[i] >= threshold)[0] for i in layers])
        order = layers[np.lexsort((-part[layers].max(axis=1), began))]
        value = float(part.max())
        severity = Severity.HIGH if value >= 10 * threshold else Severity.MEDIUM
        # A schedule's rise of the rate moves a network that had settled; what passes is none.
        passes = last < history.snapshots - 1
        if passes and severity is Severity.MEDIUM and rates[first]:
            severity = Severity.LOW
        found.append(
            Finding(
                "exploding-gradient",
                severity,
                start=int(history.iteration[first]),
                end=robust.last_iteration(history.iteration, last),
                strength=float(1 + np.log10(value / threshold)) * 2,
                value=value,
                layers=tuple(int(i) for i in order),
                text=say(
                    "exploding-gradient",
                    layers=names.of_layers(order.tolist()),
                    times=as_times(value),
                ),
                chart=chart_of(
                    f"gradient per weight of {names.layer(int(order[0]))}",
                    history,
                    gradient[order[0]],
                    log=True,
                ),
            )
        )
    return found


def _example() -> History:
    """A gradient that grows by ten with every snapshot."""
    gradient = layer_statistic("gradient", "l2")
    gradient[2, AT:] = 10.0 ** np.arange(1, SNAPSHOTS - AT + 1).clip(max=8)
    return healthy(layers={("gradient", "l2"): gradient})


RULE = Rule(
    name="exploding-gradient",
    title="Gradient explodes",
    meaning="The gradient of a layer is many times what it ever was before.",
    looks_at="Root mean square gradient of each layer against the largest it ever had before.",
    needs=(GRADIENTS,),
    threshold=10,
    unit="times its largest so far",
    low=2,
    high=1e6,
    severities=(
        "high from ten times the threshold, else medium; low where it passes and came with a "
        "schedule's rise of the learning rate"
    ),
    advice=("Clip gradients, lower the learning rate, and look at the data of that iteration."),
    source=PASCANU,
    view="layers",
    may_cause=True,
    check=exploding_gradient,
    example=_example,
)
