"""Rules over the gradients along the depth of the network and in time."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.sentences import say
from ingest.analysis.health.words import as_times


def per_weight(history: History) -> Floats:
    """Return the root mean square of each layer's gradient, f8 [L, T]; NaN where there is none."""
    norm = history.layer("gradient", "l2")
    with np.errstate(invalid="ignore"):
        found = norm / np.sqrt(np.maximum(history.parameters, 1))[:, None]
    return np.where(np.isfinite(found) & (found > 0), found, np.nan)


def along_depth(history: History) -> Floats:
    """Return log10 of the first third's gradient over the last third's, by medians, f8 [T].

    Normalisation layers aside; NaN where there are fewer than three layers.
    """
    gradient = per_weight(history)[~history.normalisation]
    third = len(gradient) // 3
    if not third:
        return np.full(history.snapshots, np.nan)
    first = robust.quiet_median(gradient[:third], axis=0)
    last = robust.quiet_median(gradient[-third:], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log10(first / last)


def vanishing_gradient(history: History, threshold: float, names: Names) -> list[Finding]:
    """The gradient of the first layers stays `threshold` times below that of the last."""
    return _along(history, threshold, vanishing=True)


def exploding_along_depth(history: History, threshold: float, names: Names) -> list[Finding]:
    """The gradient of the first layers stays `threshold` times above that of the last."""
    return _along(history, threshold, vanishing=False)


def _along(history: History, threshold: float, *, vanishing: bool) -> list[Finding]:
    length = robust.window(history.snapshots)
    fall = -along_depth(history) if vanishing else along_depth(history)
    with np.errstate(invalid="ignore"):
        flag = robust.smooth(fall, length) >= np.log10(threshold)
    found = []
    for first, last in robust.stretches(flag, gap=length):
        if last - first + 1 < length:
            continue
        value = float(10 ** np.nanmax(fall[first : last + 1]))
        rule = "vanishing-gradient" if vanishing else "exploding-gradient-depth"
        found.append(
            Finding(
                rule,
                Severity.MEDIUM,
                start=int(history.iteration[first]),
                end=robust.last_iteration(history.iteration, last),
                strength=float(np.log10(value) / np.log10(threshold)),
                value=value,
                layers=(0,) if len(history.parameters) else (),
                text=say(rule, times=as_times(value)),
                chart=chart_of(
                    "gradient of the last layers / of the first"
                    if vanishing
                    else "gradient of the first layers / of the last",
                    history,
                    10**fall,
                    limit=threshold,
                    log=True,
                ),
            )
        )
    return found


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
    for first, last in robust.stretches(flag.any(axis=0), gap=length):
        part = np.where(np.isnan(times[:, first : last + 1]), 0.0, times[:, first : last + 1])
        layers = np.flatnonzero((part >= threshold).any(axis=1))
        began = np.array([np.flatnonzero(part[i] >= threshold)[0] for i in layers])
        order = layers[np.lexsort((-part[layers].max(axis=1), began))]
        value = float(part.max())
        found.append(
            Finding(
                "exploding-gradient",
                Severity.HIGH if value >= 10 * threshold else Severity.MEDIUM,
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
