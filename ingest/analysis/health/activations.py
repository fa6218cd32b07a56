"""Rules over what the layers put out on the validation set, where that was recorded."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.sentences import say
from ingest.analysis.health.words import percent

# An output whose spread is this small a part of its mean says the same about every image.
_CONSTANT = 1e-3
_ALL_ZERO = 0.999
_SPARSE_AT_ALL = 0.05


def _zeros(history: History) -> Floats:
    """Return the share of zeros of each layer's output, f8 [L, T]; NaN for what is no share."""
    share = history.layer("activation", "zero_share")
    with np.errstate(invalid="ignore"):
        return np.where((share >= 0) & (share <= 1), share, np.nan)


def saturated_activation(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose output is (almost) all zeros, or the same for every image, for some snapshots.

    `threshold` is the share of zeros.
    """
    zeros = _zeros(history)
    std, mean = history.layer("activation", "std"), history.layer("activation", "mean")
    with np.errstate(invalid="ignore"):
        constant = (std <= _CONSTANT * np.abs(mean)) & np.isfinite(mean)
        flag = (zeros >= threshold) | constant
    length = robust.window(history.snapshots)
    found = []
    for layer in np.flatnonzero(flag.any(axis=1)):
        for first, last in robust.stretches(flag[layer]):
            if last - first + 1 < length:
                continue
            share = float(np.nanmax(zeros[layer, first : last + 1]))
            dead = share >= _ALL_ZERO or bool(constant[layer, first : last + 1].all())
            name = names.layer(int(layer))
            text = (
                say("constant-activation", layer=name)
                if constant[layer, first : last + 1].all()
                else say("saturated-activation", layer=name, share=percent(share, places=1))
            )
            found.append(
                Finding(
                    "saturated-activation",
                    Severity.HIGH if dead else Severity.MEDIUM,
                    start=int(history.iteration[first]),
                    end=robust.last_iteration(history.iteration, last),
                    strength=5.0 if dead else 1.5,
                    value=share,
                    layers=(int(layer),),
                    text=text,
                    chart=chart_of(
                        f"share of zeros in the output of {names.layer(int(layer))}",
                        history,
                        zeros[layer],
                        limit=threshold,
                    ),
                )
            )
    return found


def not_sparser(history: History, threshold: float, names: Names) -> list[Finding]:
    """Deep layers that stay less sparse than the first ones, by `threshold` of the outputs."""
    zeros = _zeros(history)
    with np.errstate(invalid="ignore"):
        rectified = np.flatnonzero(
            (robust.quiet_median(zeros) > _SPARSE_AT_ALL) & ~history.normalisation
        )
    third = len(rectified) // 3
    length = max(5, robust.window(history.snapshots, share=0.2))
    if third < 1 or history.snapshots < length:
        return []
    first = robust.quiet_median(zeros[rectified[:third]], axis=0)
    last = robust.quiet_median(zeros[rectified[-third:]], axis=0)
    missing = first - last
    value = float(robust.quiet_median(missing[-length:]))
    if not value >= threshold:
        return []
    return [
        Finding(
            "not-sparser",
            Severity.LOW,
            start=int(history.iteration[0]),
            end=None,
            strength=value / threshold,
            value=value,
            layers=tuple(int(i) for i in rectified[-third:]),
            text=say("not-sparser", share=percent(value)),
            once=True,
            chart=chart_of(
                "zeros in the outputs of the first layers less those of the last",
                history,
                missing,
                limit=threshold,
            ),
        )
    ]
