"""Dead filters: filters of a layer no longer receive any gradient."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import FILTER_GRADIENTS, snapshots
from ingest.analysis.health.rules.schedule import settling
from ingest.analysis.health.sentences import declare, say

MOST_LISTED = 200
declare(
    {
        "dead-filters": (
            "{number} of {filters} filters of {layer} no longer receive a gradient: they are dead."
        ),
    }
)


def dead_filters(history: History, threshold: float, names: Names) -> list[Finding]:
    """Layers in which a share of filters has got no gradient at all for some snapshots."""
    gradient = history.gradient_l2
    if gradient.shape[1] < 3:
        return []
    dead = (gradient == 0).all(axis=1)
    share_of_zeros = history.layer("gradient", "zero_share")
    found = []
    for layer in range(len(history.parameters)):
        part = dead[history.filter_offset[layer] : history.filter_offset[layer + 1]]
        share = float(part.mean()) if len(part) else 0.0
        # All at once is a layer without gradient, of which other rules speak.
        if share < threshold or share == 1.0:
            continue
        series = share_of_zeros[layer]
        with np.errstate(invalid="ignore"):
            since = [s for s in robust.stretches(series >= 0.9 * share)][-1:]
        start = since[0][0] if since else history.snapshots - gradient.shape[1]
        born = bool(settling(history)[start])  # in a plain network a part of them often is
        filters = np.flatnonzero(part)[:MOST_LISTED]
        found.append(
            Finding(
                "dead-filters",
                Severity.MEDIUM if share >= (5 if born else 2.5) * threshold else Severity.LOW,
                start=int(history.iteration[start]),
                end=None,
                strength=share / threshold,
                value=share,
                layers=(layer,),
                filters=tuple((layer, int(f)) for f in filters),
                text=say(
                    "dead-filters",
                    number=int(part.sum()),
                    filters=len(part),
                    layer=names.layer(layer),
                ),
                chart=chart_of(
                    f"share of zeros in the gradient of {names.layer(layer)}", history, series
                ),
            )
        )
    return found


def _example() -> History:
    """Two of six filters without a gradient."""
    gradient, zeros = healthy().gradient_l2.copy(), layer_statistic("gradient", "zero_share")
    gradient[[6, 8]] = 0.0
    zeros[1, AT:] = 2 / 6
    return healthy(gradient_l2=gradient, layers={("gradient", "zero_share"): zeros})


RULE = Rule(
    name="dead-filters",
    title="Dead filters",
    meaning="Filters of a layer no longer receive any gradient.",
    looks_at=(
        "Filters whose gradient is exactly 0 at the last five snapshots, as a share of their "
        "layer. Since when: the share of zeros in the layer's gradient."
    ),
    needs=(FILTER_GRADIENTS, snapshots(3)),
    threshold=0.1,
    unit="share of the layer's filters",
    low=0.01,
    high=1,
    severities=(
        "medium from 2.5 times the threshold (5 times for those that were so in the first fifth), "
        "else low"
    ),
    advice=("Lower the learning rate, start from He initialisation, or use a leaky rectifier."),
    source="Maas et al., Rectifier Nonlinearities Improve Acoustic Models, ICML 2013; CS231n notes",
    view="layers",
    lasting=True,
    check=dead_filters,
    example=_example,
)
