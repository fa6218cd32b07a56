"""Filters changed suddenly.

Single filters change suddenly, far more than any filter of their layer did before.
"""

from collections import defaultdict

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, SNAPSHOTS, changed_filters, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import FilterPeaks, Floats, History
from ingest.analysis.health.needs import FILTER_CHANGES
from ingest.analysis.health.rules.schedule import rate_rises, settling
from ingest.analysis.health.rules.sources import PAPER, ROBUST
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times

MOST_LISTED = 200
# A smaller turn or change than this is none that a person would call a jump.
_LEAST_TURN, _LEAST_CHANGE = 0.05, 0.25
_CERTAIN = 4  # times beyond the threshold: a filter that is another one
declare(
    {
        "filter-jump": (
            "A filter of {layers} changed suddenly, {times} as much as the most changed filter "
            "there usually does."
        ),
        "filters-jump": (
            "{number} filters of {layers} changed suddenly, {times} as much as the most changed "
            "filter there usually does."
        ),
        "layer-jump": (
            "{number} filters of {layers} (more than half of it) changed suddenly, {times} as "
            "much as the most changed filter there usually does."
        ),
    }
)


def filter_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Filters that are suddenly others: changed `threshold` times as much as any of their layer."""
    jumps: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    for name, least in (("cosine_change", _LEAST_TURN), ("relative_change", _LEAST_CHANGE)):
        for at, layer, filter_, times in _beyond(history, name, least, threshold):
            key = (layer, filter_)
            jumps[at][key] = max(jumps[at].get(key, 0.0), times)
    if not jumps:
        return []
    changes = layer_highest(history.relative_change, len(history.parameters))
    return [
        _jump(history, at, last, filters, changes, names, threshold)
        for at, (last, filters) in _joined(jumps).items()
    ]


def layer_highest(peaks: FilterPeaks, layers: int) -> Floats:
    """Return the largest change of a filter of each layer at each snapshot, f8 [L, T].

    Where a layer has none among the peaks, the smallest peak: it is no larger than that. NaN where
    there are no peaks.
    """
    number = np.diff(peaks.start)
    value = peaks.value.astype(np.float64)
    highest = np.full((layers, len(number)), np.nan)
    some = np.flatnonzero(number)
    if not len(some):
        return highest
    highest[:, some] = np.minimum.reduceat(value, peaks.start[some])
    np.maximum.at(highest, (peaks.layer, np.repeat(np.arange(len(number)), number)), value)
    return highest


_Jumps = dict[tuple[int, int], float]


def _joined(jumps: dict[int, _Jumps]) -> dict[int, tuple[int, _Jumps]]:
    """Join jumps at snapshots in a row: first snapshot -> (last one, filters of all)."""
    joined: dict[int, tuple[int, _Jumps]] = {}
    first = last = -2
    for at in sorted(jumps):
        if at == last + 1:
            merged = joined[first][1]
            for key, times in jumps[at].items():
                merged[key] = max(merged.get(key, 0.0), times)
        else:
            first, merged = at, dict(jumps[at])
        joined[first] = (at, merged)
        last = at
    return joined


def _beyond(
    history: History, name: str, least: float, threshold: float
) -> list[tuple[int, int, int, float]]:
    """Return (snapshot, layer, filter, times the usual highest of its layer) beyond the limit."""
    peaks: FilterPeaks = getattr(history, name)
    layers = len(history.parameters)
    usual = _usual(history, name, layer_highest(peaks, layers))
    at = np.repeat(np.arange(len(peaks.start) - 1), np.diff(peaks.start))
    value = peaks.value.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        times = value / np.maximum(usual[peaks.layer, at], 1e-12)
        flag = (times >= threshold) & (value >= least)
    return [
        (int(at[i]), int(peaks.layer[i]), int(peaks.filter[i]), float(times[i]))
        for i in np.flatnonzero(flag)
    ]


def _usual(history: History, name: str, highest: Floats) -> Floats:
    """Return what is usual of the largest changes [L, T] by those before, f8 [L, T].

    Their median over the window. Their largest where the rate has just risen, as what was usual at
    a lower rate no longer is, and where a median is one of a few.
    """
    length = robust.window(history.snapshots)
    found = robust.usual_kept(history.kept, f"filter-jump by {name}", highest, length).copy()
    unsettled = rate_rises(history)
    unsettled[: 2 * length] = True
    at = np.flatnonzero(unsettled[: found.shape[1]])
    past = robust.before(highest, length)[:, at]
    largest = np.where(np.isnan(past), -np.inf, past).max(axis=-1, initial=-np.inf)
    found[:, at] = np.where(np.isnan(found[:, at]), np.nan, largest)
    return found


def _jump(
    history: History,
    at: int,
    last: int,
    filters: _Jumps,
    changes: Floats,
    names: Names,
    threshold: float,
) -> Finding:
    sizes = np.diff(history.filter_offset)
    order = sorted(filters, key=lambda key: -filters[key])
    layers = list(dict.fromkeys(layer for layer, _ in order))
    number = {layer: sum(key[0] == layer for key in order) for layer in layers}
    layers.sort(key=lambda layer: -number[layer])
    whole = [layer for layer in layers if number[layer] > 0.5 * sizes[layer]]
    strongest = max(filters.values()) / threshold
    # Many layers at once: a step that threw the whole network, not its filters.
    everywhere = len(layers) > max(2, 0.25 * len(sizes))
    severity = Severity.MEDIUM
    unsettled = bool(settling(history)[at] or rate_rises(history)[at])
    if (
        everywhere
        or _comes_back(history, at, order)
        or (strongest < _CERTAIN and (unsettled or bool(history.apart[layers].all())))
    ):
        severity = Severity.LOW
    elif strongest >= _CERTAIN:
        severity = Severity.HIGH
    facts = {"layers": names.of_layers(layers), "times": as_times(max(filters.values()))}
    if len(order) > 1:
        facts["number"] = str(len(order))
    many = "layer-jump" if whole and not everywhere else "filters-jump"
    return Finding(
        "filter-jump",
        severity,
        start=int(history.iteration[at]),
        end=int(history.iteration[last]),
        strength=min(2 * strongest, 40.0),
        value=strongest * threshold,
        layers=tuple(layers),
        filters=tuple(order[:MOST_LISTED]),
        text=say(many if len(order) > 1 else "filter-jump", **facts),
        chart=chart_of(
            f"largest change of a filter of {names.layer(layers[0])}",
            history,
            changes[layers[0]],
            log=True,
        ),
    )


def _comes_back(history: History, at: int, filters: list[tuple[int, int]]) -> bool:
    """Return whether a single filter jumps in a layer that had filters without any gradient.

    A unit that was off for long and is on again takes large steps: optimizers divide by what they
    remember of its gradients, which is next to nothing.
    """
    if len(filters) != 1 or at < 1:
        return False
    layer = filters[0][0]
    zero = history.layer("gradient", "zero_share")[layer, at - 1]
    return bool(zero * np.diff(history.filter_offset)[layer] >= 1)


def _example() -> History:
    """Two filters that turn by a right angle."""
    jumps = {(AT, 2, 1): 1.1, (AT, 2, 5): 0.9}
    return healthy(cosine_change=changed_filters(SNAPSHOTS, jumps=jumps))


RULE = Rule(
    name="filter-jump",
    title="Filters changed suddenly",
    meaning=("Single filters change suddenly, far more than any filter of their layer did before."),
    looks_at=(
        "Relative and cosine change of each filter against the median, over the window, of the "
        "largest in its layer (their largest at the start and where the rate has just risen); at "
        "least a turn of 0.05 or a change of 25 %. Read from the 200 "
        "most changed filters of each snapshot."
    ),
    needs=(FILTER_CHANGES,),
    threshold=8,
    unit="times the usual largest change of their layer",
    low=2,
    high=1e6,
    severities=(
        "high from four times the threshold, else medium; low where many layers jump at once or "
        "a single filter of a layer that has some without a gradient (a unit that is on again), "
        "and else in the first fifth, with a schedule's rise of the learning rate and for "
        "embeddings"
    ),
    advice="Check whether weights were loaded, initialised or pruned there.",
    source=f"{PAPER}; {ROBUST}",
    view="layers",
    may_cause=True,
    check=filter_jump,
    example=_example,
)
