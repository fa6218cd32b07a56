"""Output saturated: a layer's output is (almost) all zeros, or the same for every image."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import ACTIVATIONS
from ingest.analysis.health.rules.outputs import zeros_of
from ingest.analysis.health.rules.sources import GLOROT
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

# An output whose spread is this small a part of its mean says the same about every image.
_CONSTANT = 1e-3
_ALL_ZERO = 0.999
declare(
    {
        "constant-activation": (
            "The output of {layer} is the same for every image: the layers after it no longer "
            "receive any information."
        ),
        "saturated-activation": (
            "The output of {layer} is {share} zeros: the layers after it no longer receive any "
            "information."
        ),
    }
)


def saturated_activation(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers whose output is (almost) all zeros, or the same for every image, for some snapshots.

    `threshold` is the share of zeros.
    """
    zeros = zeros_of(history)
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


def _example() -> History:
    """A layer that puts out nothing but zeros."""
    zeros = layer_statistic("activation", "zero_share")
    zeros[1, AT:] = 1.0
    return healthy(layers={("activation", "zero_share"): zeros})


RULE = Rule(
    name="saturated-activation",
    title="Output saturated",
    meaning="A layer's output is (almost) all zeros, or the same for every image.",
    looks_at=(
        "Share of zeros in a layer's outputs on the validation set, or a spread below a "
        "thousandth of their mean, over a window. Only where activations were recorded."
    ),
    needs=(ACTIVATIONS,),
    threshold=0.99,
    unit="share of zeros",
    low=0.5,
    high=1,
    severities="high where all is zero or constant, else medium",
    advice=("The layer passes nothing on: check its bias, its initial weights, the learning rate."),
    source=GLOROT,
    view="layers",
    check=saturated_activation,
    example=_example,
)
