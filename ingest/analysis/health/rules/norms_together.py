"""All weights shrink or grow: the norms of all layers go one way, steadily."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, SNAPSHOTS, healthy, layer_statistic
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import LAYERS, snapshots
from ingest.analysis.health.rules.schedule import settling
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times

_ALL = 0.8
# Of the steps within a stretch so many go its way; a layer goes along by a third of the middle one.
_STEADY = 0.9
_ALONG = 1 / 3
# A change of pace: so many times what the norms usually do over as many snapshots.
_TIMES_USUAL = 4.0
_LEAST_LAYERS = 3
_GROWTH = 3.0
declare(
    {
        "norms-shrink": (
            "The weights of all layers shrink steadily from iteration {iteration} on: their norms "
            "fell {times}."
        ),
        "norms-grow": (
            "The weights of all layers grow steadily from iteration {iteration} on: their norms "
            "rose {times}."
        ),
    }
)


def norms_together(history: History, threshold: float, names: Names) -> list[Finding]:
    """Stretches in which the norms of nearly all layers go one way by the threshold."""
    norm = history.layer("weight", "l2")[~history.apart]
    if len(norm) < _LEAST_LAYERS:
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        logged = np.log(np.where(np.isfinite(norm) & (norm > 0), norm, np.nan))
    length = max(8, robust.window(history.snapshots, share=0.1))
    if history.snapshots <= 2 * length:
        return []
    middle = robust.quiet_median(logged, axis=0)
    pace = _over(logged, length)
    typical = robust.quiet_median(pace, axis=0)
    before = np.abs(typical)
    usual = np.concatenate([np.full(length, np.nan), robust.usual(before, length)])[: len(before)]
    with np.errstate(invalid="ignore"):
        along = np.count_nonzero(pace * np.sign(typical) >= np.abs(typical) * _ALONG, axis=0)
        known = np.count_nonzero(np.isfinite(pace), axis=0)
        step = np.diff(middle, prepend=np.nan)
        down = np.where(np.isfinite(step), step < 0, np.nan)
    share = robust.before(np.append(down, np.nan), length)[1:].mean(axis=-1)
    # Weights that grow are usual of normalised layers; it takes more to be odd.
    least = np.where(typical < 0, np.log(threshold), _GROWTH * np.log(threshold))
    with np.errstate(invalid="ignore"):
        flag = (
            (np.maximum(share, 1 - share) >= _STEADY)
            & (along >= _ALL * known)
            & (known >= _LEAST_LAYERS)
            & ~settling(history)
        )
        flag &= (before >= least) & (before >= _TIMES_USUAL * np.nan_to_num(usual))
    places = list(robust.stretches(flag, gap=length))
    return [_gone(history, middle, place, length, threshold) for place in places[:1]]


def _over(logged: Floats, length: int) -> Floats:
    """Return the change over the `length` snapshots up to each, f8 [n, T]."""
    found = np.full(logged.shape, np.nan)
    found[:, length:] = logged[:, length:] - logged[:, :-length]
    return found


def _gone(
    history: History, middle: Floats, place: tuple[int, int], length: int, threshold: float
) -> Finding:
    first, last = place
    falls = middle[last] < middle[max(0, first - length)]
    # It began where the norms last turned, within the stretch that was looked at.
    step = np.diff(middle[max(0, first - length) : first + 1])
    against = np.flatnonzero(step > 0 if falls else step < 0)
    size = np.abs(step)
    slow = np.flatnonzero(size < 0.25 * np.nanmax(size))
    turned = max([*against[-1:].tolist(), *slow[-1:].tolist()], default=-1)
    began = max(0, first - length) + turned + 1
    if abs(middle[last] - middle[began]) < np.log(threshold):
        began = max(0, first - length)
    change = float(abs(middle[last] - middle[began]))
    high = 2 * np.log(threshold) * (1 if falls else _GROWTH)
    return Finding(
        "norms-together",
        Severity.HIGH if change >= high else Severity.MEDIUM,
        start=int(history.iteration[min(began + 1, history.snapshots - 1)]),
        end=robust.last_iteration(history.iteration, last),
        strength=min(2 * change / float(np.log(threshold)), 40.0),
        value=float(np.exp(-change if falls else change)),
        text=say(
            "norms-shrink" if falls else "norms-grow",
            iteration=f"{history.iteration[began]:,}",
            times=as_times(float(np.exp(change))),
        ),
        chart=chart_of("||weight||, middle layer", history, np.exp(middle), log=True),
    )


def _example() -> History:
    """Norms of all layers that fall by a factor of twenty."""
    norm = layer_statistic("weight", "l2")
    norm[:, AT:] *= np.exp(-np.minimum(np.arange(SNAPSHOTS - AT), 30) * 0.1)
    return healthy(layers={("weight", "l2"): norm})


RULE = Rule(
    name="norms-together",
    title="All weights shrink or grow",
    meaning="The norms of the weights of all layers go one way steadily, and by a factor.",
    looks_at=(
        "The change of log ||weight|| of each layer over a tenth of the run (8 snapshots or more): "
        "the middle layer by the threshold and four times what it usually does over as many, nine "
        "of ten steps in one direction, and four fifths of the layers with it; after the first "
        "fifth of the run. Growth, which is usual of normalised layers, needs the third power of "
        "the threshold."
    ),
    needs=(LAYERS, snapshots(17)),
    threshold=1.3,
    unit="times",
    low=1.05,
    high=100,
    severities="high from the threshold's square (growth: its sixth power), else medium",
    advice=(
        "Check the weight decay: of AdamW it is multiplied with the learning rate, of SGD it is "
        "added to the gradient. Normalisation and biases are usually exempt from it."
    ),
    source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019",
    view="layers",
    may_cause=True,
    check=norms_together,
    example=_example,
)
