"""Rules over single filters: dead ones, and those that are suddenly others."""

from collections import defaultdict

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import FilterPeaks, Floats, History
from ingest.analysis.health.sentences import say
from ingest.analysis.health.words import as_times

MOST_LISTED = 200
# A smaller turn or change than this is none that a person would call a jump.
_LEAST_TURN, _LEAST_CHANGE = 0.05, 0.25
_CERTAIN = 4  # times beyond the threshold: a filter that is another one


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
        filters = np.flatnonzero(part)[:MOST_LISTED]
        found.append(
            Finding(
                "dead-filters",
                Severity.MEDIUM if share >= 2.5 * threshold else Severity.LOW,
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


def filter_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Filters that are suddenly others: changed `threshold` times as much as any of their layer."""
    jumps: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    for peaks, least in (
        (history.cosine_change, _LEAST_TURN),
        (history.relative_change, _LEAST_CHANGE),
    ):
        for at, layer, filter_, times in _beyond(history, peaks, least, threshold):
            key = (layer, filter_)
            jumps[at][key] = max(jumps[at].get(key, 0.0), times)
    if not jumps:
        return []
    changes = layer_highest(history.relative_change, len(history.parameters))
    return [
        _jump(history, at, last, filters, changes, names, threshold)
        for at, (last, filters) in _joined(jumps).items()
    ]


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
    history: History, peaks: FilterPeaks, least: float, threshold: float
) -> list[tuple[int, int, int, float]]:
    """Return (snapshot, layer, filter, times the usual highest of its layer) beyond the limit."""
    layers = len(history.parameters)
    usual = robust.usual(layer_highest(peaks, layers), robust.window(history.snapshots))
    at = np.repeat(np.arange(len(peaks.start) - 1), np.diff(peaks.start))
    value = peaks.value.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        times = value / np.maximum(usual[peaks.layer, at], 1e-12)
        flag = (times >= threshold) & (value >= least)
    return [
        (int(at[i]), int(peaks.layer[i]), int(peaks.filter[i]), float(times[i]))
        for i in np.flatnonzero(flag)
    ]


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
    if everywhere:
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
