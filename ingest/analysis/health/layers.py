"""Rules over the layers: how far they step, where they begin, whether they move at all."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.sentences import say
from ingest.analysis.health.words import as_times, number

HEALTHY_RATIO = 1e-3
# Standard deviation x sqrt(weights of a filter): torch's default 1/sqrt(3), He et al. sqrt(2).
SMALLEST_GAIN, LARGEST_GAIN = 0.577, 1.414
_NORMAL_QUARTILES = 1.349  # interquartile range of a normal distribution, in standard deviations


def rate_too_high(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose update stays above `threshold` x 1e-3 of their weights."""
    return _ratio(history, threshold, names, high=True)


def rate_too_low(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose update stays below 1e-3 / `threshold` of their weights at the full rate."""
    return _ratio(history, threshold, names, high=False)


def _ratio(history: History, threshold: float, names: Names, *, high: bool) -> list[Finding]:
    ratio = history.update_ratio()
    length = max(5, robust.window(history.snapshots, share=0.1))
    if history.snapshots < length or not len(ratio):
        return []
    limit = HEALTHY_RATIO * threshold if high else HEALTHY_RATIO / threshold
    level = np.stack([robust.smooth(row, length) for row in ratio])
    with np.errstate(invalid="ignore"):
        beyond = level > limit if high else (level < limit) & (level > 0)
        if not high:
            # A schedule lowers the rate on purpose; what counts is the rate that it began with.
            full = history.learning_rate >= 0.5 * np.nanmax(history.learning_rate, initial=0.0)
            beyond &= full | np.isnan(history.learning_rate)
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


def initial_weights(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose first weights are far too large or small, all equal, or far from Gaussian."""
    if not history.snapshots or not _recorded_early(history):
        return []
    gain = history.layer("weight", "std")[:, 0] * np.sqrt(history.fan_in)
    # Weights that the first steps have changed beyond recognition say nothing; the steps do.
    ratio = history.update_ratio()[:, 0]
    judged = ~history.normalisation & np.isfinite(gain)
    found = []
    for layer in np.flatnonzero(judged):
        finding = _initial(history, int(layer), gain, ratio, threshold, names, judged)
        if finding is not None:
            found.append(finding)
    return found


def _recorded_early(history: History) -> bool:
    """Return whether the first snapshot is near the start: one step of the sampling, at most."""
    if history.snapshots < 2:
        return True
    return bool(history.iteration[0] <= 1.5 * (history.iteration[1] - history.iteration[0]))


def _initial(
    history: History,
    layer: int,
    gain: Floats,
    ratio: Floats,
    threshold: float,
    names: Names,
    judged: NDArray[np.bool_],
) -> Finding | None:
    name = names.layer(layer)
    others = float(robust.quiet_median(gain[judged]))
    value = float(gain[layer])
    times = max(value / LARGEST_GAIN, SMALLEST_GAIN / value if value else np.inf, 1e-9)
    apart = max(value / others, others / value) if value and others else np.inf
    pace = _pace(ratio * gain / others, judged, layer) if others > 0 else 0.0
    if value == 0 and history.parameters[layer] > 1:
        severity, strength, text = (
            Severity.HIGH,
            10.0,
            say("equal-weights", layer=name),
        )
    elif times >= threshold / 2 and apart >= threshold:
        severity, strength, text = (
            Severity.HIGH,
            2 * times / threshold,
            say(
                "large-weights" if value > others else "small-weights",
                layer=name,
                times=as_times(apart),
                gain=number(value, SMALLEST_GAIN, LARGEST_GAIN),
                low=SMALLEST_GAIN,
                high=LARGEST_GAIN,
            ),
        )
    elif pace >= 2 * threshold:
        severity, strength, text = (
            Severity.HIGH,
            pace / threshold,
            say("large-steps", layer=name, times=as_times(pace)),
        )
    else:
        return _shape(history, layer, names)
    return Finding(
        "initial-weights",
        severity,
        start=int(history.iteration[0]),
        end=int(history.iteration[0]),
        strength=strength,
        value=value,
        layers=(layer,),
        text=text,
        chart=chart_of(
            f"standard deviation of the weights of {name}",
            history,
            history.layer("weight", "std")[layer],
            log=True,
        ),
    )


def _pace(ratio: Floats, judged: NDArray[np.bool_], layer: int) -> float:
    """Return how many times as far as the median layer a layer steps, [L] each.

    `ratio` is the step by weights of the usual scale: those of a layer that began too small have
    grown with the very first steps, so that by its own weights the step looks smaller than it was.
    """
    usual = float(robust.quiet_median(ratio[judged]))
    return float(ratio[layer] / usual) if usual > 0 and np.isfinite(ratio[layer]) else 0.0


# Uniform weights have 1.28 here, weights of two values 1.48 and more, heavy tails below 1.
_NARROWEST, _WIDEST = 0.6, 1.4


def _shape(history: History, layer: int, names: Names) -> Finding | None:
    std = float(history.layer("weight", "std")[layer, 0])
    with np.errstate(invalid="ignore"):
        spread = float(
            history.layer("weight", "q3")[layer, 0] - history.layer("weight", "q1")[layer, 0]
        )
    if not std > 0 or history.parameters[layer] < 50:
        return None
    shape = spread / (_NORMAL_QUARTILES * std)
    if not np.isfinite(shape) or _NARROWEST <= shape <= _WIDEST:
        return None
    return Finding(
        "initial-weights",
        Severity.LOW,
        start=int(history.iteration[0]),
        end=int(history.iteration[0]),
        strength=abs(np.log(max(shape, 1e-3))),
        value=shape,
        layers=(layer,),
        text=say(
            "heavy-tails" if shape < 1 else "two-groups",
            layer=names.layer(layer),
            shape=f"{shape:.2g}",
        ),
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
            found.append(_frozen(history, int(layer), first, last, names))
    return found


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


def layer_change(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose step, against those of all layers, suddenly differs from what it was."""
    ratio = history.update_ratio()
    with np.errstate(invalid="ignore", divide="ignore"):
        logged = np.log10(np.where((ratio > 0) & np.isfinite(ratio), ratio, np.nan))
    relative = logged - robust.quiet_median(logged, axis=0)
    length = robust.window(history.snapshots)
    height = (relative - robust.usual(relative, length)) / robust.noise(
        relative, 4 * length, floor=0.05
    )
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
