"""What the rules on gradients share."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Severity, chart_of
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

    Normalisation layers, embeddings and the like aside; NaN where fewer than three layers are
    left.
    """
    gradient = per_weight(history)[~history.apart]
    third = len(gradient) // 3
    if not third:
        return np.full(history.snapshots, np.nan)
    first = robust.quiet_median(gradient[:third], axis=0)
    last = robust.quiet_median(gradient[-third:], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log10(first / last)


def along(history: History, threshold: float, *, vanishing: bool) -> list[Finding]:
    """Return where the gradient falls (or grows) by the threshold along the depth, and stays so."""
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
