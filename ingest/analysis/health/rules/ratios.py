"""What the two rules on the size of steps share."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.sentences import say
from ingest.analysis.health.words import number

HEALTHY_RATIO = 1e-3


def ratio_beyond(history: History, threshold: float, names: Names, *, high: bool) -> list[Finding]:
    """Return the layers whose steps stay above (or below) the threshold, for some snapshots."""
    ratio = history.update_ratio()
    length = max(5, robust.window(history.snapshots, share=0.1))
    if history.snapshots < length or not len(ratio):
        return []
    limit = HEALTHY_RATIO * threshold if high else HEALTHY_RATIO / threshold
    if not high:
        # A schedule lowers the rate on purpose; what counts are steps at the rate it began with.
        rate = history.learning_rate
        with np.errstate(invalid="ignore"):
            full = np.isnan(rate) | (rate >= 0.5 * np.nanmax(rate, initial=0.0))
        judged = np.where(full, ratio, np.nan)
    else:
        full, judged = np.ones(history.snapshots, np.bool_), ratio
    level = history.kept.columns(
        f"steps {'above' if high else 'below'}",
        length,
        judged,
        lambda part: robust.smooth(part, length),
        reach=length,
    )
    with np.errstate(invalid="ignore"):
        beyond = (level > limit if high else (level < limit) & (level > 0)) & full
    beyond[:, : length - 1] = False
    found = []
    layers = np.flatnonzero(beyond.any(axis=1))
    if not len(layers):
        return []
    first = int(np.flatnonzero(beyond.any(axis=0))[0])
    last = int(np.flatnonzero(beyond.any(axis=0))[-1])
    extreme = np.where(beyond, level, np.nan)
    peak = np.nanmax(extreme[layers], axis=1) if high else np.nanmin(extreme[layers], axis=1)
    times = peak / limit if high else limit / peak
    order = layers[np.argsort(-times, kind="stable")]
    worst = float(times.max())
    lasts = last == history.snapshots - 1
    sentence = f"rate-{'' if lasts else 'was-'}too-{'high' if high else 'low'}"
    found.append(
        Finding(
            "rate-too-high" if high else "rate-too-low",
            Severity.MEDIUM if worst >= 10 else Severity.LOW,
            start=int(history.iteration[max(0, first - length + 1)]),
            end=robust.last_iteration(history.iteration, last),
            strength=worst,
            value=float(peak.max() if high else peak.min()),
            layers=tuple(int(i) for i in order),
            text=say(
                sentence,
                layers=names.of_layers(order.tolist()),
                limit=number(limit, HEALTHY_RATIO, digits=1),
                healthy=f"{HEALTHY_RATIO:g}",
            ),
            once=True,
            chart=chart_of(
                f"||update|| / ||weight|| of {names.layer(int(order[0]))}",
                history,
                ratio[order[0]],
                limit=limit,
                log=True,
            ),
        )
    )
    return found
