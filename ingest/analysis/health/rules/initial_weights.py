"""Initial weights: first weights are badly scaled, all equal, or far from Gaussian."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.example import healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import EARLY, FILTERS
from ingest.analysis.health.rules.sources import GLOROT, PAPER
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times, number

# Standard deviation x sqrt(weights of a filter): torch's default 1/sqrt(3), He et al. sqrt(2).
SMALLEST_GAIN, LARGEST_GAIN = 0.577, 1.414
_NORMAL_QUARTILES = 1.349  # interquartile range of a normal distribution, in standard deviations
# Uniform weights have 1.28 here, weights of two values 1.48 and more, heavy tails below 1.
_NARROWEST, _WIDEST = 0.6, 1.4
# Steps that may have moved the weights by more than half of their norm have given them a shape.
_MOVED = 0.5
declare(
    {
        "equal-weights": (
            "All weights of {layer} are equal at the first snapshot: its filters cannot differ."
        ),
        "large-weights": (
            "The initial weights of {layer} are {times} larger than those of the other layers: "
            "std x sqrt(inputs) is {gain}, {low} to {high} is usual."
        ),
        "small-weights": (
            "The initial weights of {layer} are {times} smaller than those of the other layers: "
            "std x sqrt(inputs) is {gain}, {low} to {high} is usual."
        ),
        "large-steps": (
            "{layer} steps {times} as far as the other layers at the first snapshot, relative to "
            "its weights: its initial weights were probably too small."
        ),
        "heavy-tails": (
            "The initial weights of {layer} are not Gaussian: a few large ones among many small "
            "ones (quartiles at {shape} of their normal distance)."
        ),
        "two-groups": (
            "The initial weights of {layer} are not Gaussian: two groups (quartiles at {shape} of "
            "their normal distance)."
        ),
    }
)


def initial_weights(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose first weights are far too large or small, all equal, or far from Gaussian."""
    if not history.snapshots or not (EARLY.met(history) and FILTERS.met(history)):
        return []
    gain = history.layer("weight", "std")[:, 0] * np.sqrt(history.fan_in)
    # Weights that the first steps have changed beyond recognition say nothing; the steps do.
    ratio = history.update_ratio()[:, 0]
    judged = ~history.apart & np.isfinite(gain)
    found = []
    for layer in np.flatnonzero(judged):
        finding = _initial(history, int(layer), gain, ratio, threshold, names, judged)
        if finding is not None:
            found.append(finding)
    return found


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
        # The output layer of many networks begins at (almost) nothing on purpose.
        output = layer == int(np.flatnonzero(judged)[-1])
        severity, strength, text = (
            Severity.LOW if output else Severity.HIGH,
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


def _shape(history: History, layer: int, names: Names) -> Finding | None:
    if not _still_initial(history, layer):
        return None
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


def _still_initial(history: History, layer: int) -> bool:
    """Return whether the weights at the first snapshot are nearly those that the layer began with.

    All steps up to there are taken to be as long as its own. Where no step was seen, as in a folder
    of checkpoints, only a snapshot of the very start counts.
    """
    steps = int(history.iteration[0])
    ratio = float(history.update_ratio()[layer, 0])
    return steps <= 1 or steps * ratio <= _MOVED


def _example() -> History:
    """A layer whose first weights are ten times too large."""
    std = layer_statistic("weight", "std")
    std[2] *= 10
    return healthy(layers={("weight", "std"): std})


RULE = Rule(
    name="initial-weights",
    title="Initial weights",
    meaning="First weights are badly scaled, all equal, or far from Gaussian.",
    looks_at=(
        "At the first snapshot, if it is near the start: standard deviation x sqrt(weights of one "
        "filter), for which torch's default gives 0.577 and He et al. 1.414, against the median "
        "of the layers, and at least half of the threshold outside 0.577 to 1.414; a first step "
        "that is many times larger, by weights of the usual scale, than that of the others "
        "(weights too small, which the first steps have blown up since); quartiles at 0.6 to 1.4 "
        "of their normal distance (uniform weights, torch's default, have 1.28), where steps as "
        "long as the first that was seen cannot have moved the weights by more than half. "
        "Normalisation layers, embeddings and the like aside."
    ),
    needs=(FILTERS, EARLY),
    threshold=4,
    unit="times the other layers' std x sqrt(inputs)",
    low=1.5,
    high=1000,
    severities=(
        "high for scale and equal weights; low for a shape that is not Gaussian, and for steps of "
        "an output layer, which often begins small on purpose"
    ),
    advice=(
        "Initialise the layer like the others: He et al. for ReLU, Glorot for tanh and sigmoid."
    ),
    source=f"He et al., Delving Deep into Rectifiers, ICCV 2015; {GLOROT}; {PAPER}",
    view="layers",
    may_cause=True,
    check=initial_weights,
    example=_example,
)
