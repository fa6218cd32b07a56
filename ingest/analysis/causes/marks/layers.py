"""Marks of single layers: which one changes otherwise than all others."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.causes.cause import Mark, Place
from ingest.analysis.causes.event import AROUND, Event
from ingest.analysis.health import robust
from ingest.analysis.health.history import FilterPeaks, Floats
from ingest.analysis.health.rules.frozen_layer import moves

_MOST_NAMED = 3
# A change of a norm, in powers of ten, that no step makes: 12 %.
_NORM = 0.05
# Cosine change from which a filter has turned; a scaled one changed by so much, unturned.
_TURNED, _CHANGED, _UNTURNED = 0.2, 0.4, 0.1
# Most of the layers that change at all.
_MOST = 0.75


def norm_jumps(event: Event) -> Floats | None:
    """Return how far the norm of each layer jumps against the others, powers of ten, f8 [L]."""
    norms = event.run.norms
    if event.at < 1 or not np.isfinite(norms).any():
        return None
    steps = np.abs(np.diff(norms, axis=1, prepend=np.nan))
    jump = event.peak(steps) - event.before(np.nan_to_num(steps))
    return np.nan_to_num(jump - robust.quiet_median(jump[event.run.usual_layers]))


def _norm_jumps(event: Event) -> bool | None:
    jump = norm_jumps(event)
    return None if jump is None else bool(jump.max(initial=0) >= _NORM)


def _values_at(peaks: FilterPeaks, places: range, offset: NDArray[np.integer]) -> Floats | None:
    """Return the highest value of each filter over snapshots, f8 [F]; NaN: not among the peaks."""
    known = [t for t in places if 0 <= t < len(peaks.start) - 1]
    if not known or peaks.start[known[-1] + 1] == peaks.start[known[0]]:
        return None
    part = slice(int(peaks.start[known[0]]), int(peaks.start[known[-1] + 1]))
    found = np.full(int(offset[-1]), -np.inf)
    np.maximum.at(found, offset[peaks.layer[part]] + peaks.filter[part], peaks.value[part])
    return np.where(np.isfinite(found), found, np.nan)


def _turned(event: Event) -> Floats | None:
    """Return by layer the share of its filters that turn at once and did not before, f8 [L]."""
    history = event.history
    now = _values_at(
        history.cosine_change, range(event.at - 1, event.at + 2), history.filter_offset
    )
    past = _values_at(
        history.cosine_change, range(event.at - 6, event.at - 1), history.filter_offset
    )
    if now is None:
        return None
    usual = np.nan_to_num(past) if past is not None else np.zeros(len(now))
    flag = np.nan_to_num(now) >= np.maximum(_TURNED, 4 * usual)
    return _share(flag, history.filter_offset)


def _scaled(event: Event) -> Floats | None:
    """Return by layer the share of its filters that change by half without a turn, f8 [L]."""
    history, places = event.history, range(event.at - 1, event.at + 2)
    change = _values_at(history.relative_change, places, history.filter_offset)
    turn = _values_at(history.cosine_change, places, history.filter_offset)
    if change is None or turn is None:
        return None
    flag = (np.nan_to_num(change) >= _CHANGED) & ~(np.nan_to_num(turn) >= _UNTURNED)
    return _share(flag, history.filter_offset)


def _weights_turn(event: Event) -> bool | None:
    """Return whether filters of most layers turn at once: what is known are the most changed."""
    history = event.history
    peaks, layers = history.cosine_change, event.run.usual_layers
    if event.at <= AROUND or not len(peaks.value):
        return None
    found = []
    for at in range(event.at - AROUND, min(event.at + 2, history.snapshots)):
        here = slice(int(peaks.start[at]), int(peaks.start[at + 1]))
        turned = np.unique(peaks.layer[here][peaks.value[here] >= _TURNED])
        known = np.unique(peaks.layer[here])
        found.append(len(np.intersect1d(turned, layers)) / max(1, len(known)))
    return max(found[AROUND - 1 :]) >= _MOST and max(found[: AROUND - 1]) < 0.5 * _MOST


def _share(flag: NDArray[np.bool_], offset: NDArray[np.integer]) -> Floats:
    number = np.add.reduceat(flag, offset[:-1]) if len(offset) > 1 else np.zeros(0)
    filters = np.diff(offset)
    return np.where(filters > 0, number / np.maximum(filters, 1), 0.0)


def _concentrated(share: Floats | None, event: Event) -> bool | None:
    """Return whether a layer, or a few, have a share that the median layer has not."""
    if share is None:
        return None
    mine = share[event.run.usual_layers]
    return bool(len(mine) and mine.max() >= 0.1 and np.median(mine) < 0.25 * mine.max())


def _filters_turn(event: Event) -> bool | None:
    return None if event.early else _concentrated(_turned(event), event)


def _layer_scaled(event: Event) -> bool | None:
    share = _scaled(event)
    if share is None or event.early:
        return None
    mine = share[event.run.usual_layers]
    return bool(len(mine) and mine.max() >= 0.6 and np.median(mine) < 0.3)


def still(event: Event) -> NDArray[np.int64] | None:
    """Return the layers that no longer move from the event on, while others do.

    One that stood still long before is no news, and explains nothing that begins here.
    """
    every, here = event.run.stood_still, slice(event.at, event.at + 4)
    # The snapshot at which it begins may have moved still; a single one says nothing.
    rest, moving = every[:, here][:, 1:], moves(event.history)[here][1:]
    if np.count_nonzero(moving) < 2:
        return None
    if event.early and "frozen-layer" not in event.rules:
        return np.zeros(0, np.int64)  # the trunk of a network that is fine-tuned
    # Units that died do not move either, but for want of a gradient.
    gradient = event.after(event.history.layer("gradient", "l2"), skip=1)
    stood = rest[:, moving].all(axis=1) & (gradient != 0)
    stood &= event.history.layer("weight", "l2")[:, -1] != 0
    # An event is dated within one snapshot.
    past = every[:, max(0, event.at - AROUND) : max(0, event.at - 1)]
    stood &= ~past.all(axis=1) | (past.shape[1] == 0)
    return np.flatnonzero(stood) if not stood.all() else np.zeros(0, np.int64)


def _stands_still(event: Event) -> bool | None:
    found = still(event)
    return None if found is None else bool(len(found))


def _shrinks(event: Event) -> bool | None:
    """Return whether the norms of nearly all layers begin to shrink for good."""
    norms = event.run.norms[event.run.usual_layers]
    start = np.where(np.isnan(event.before(norms)), event.after(norms), event.before(norms))
    soon, last = event.after(norms, skip=4) - start, event.at_end(norms) - start
    begins = soon - event.trend(norms)
    known = np.isfinite(begins) & np.isfinite(last)
    if not known.any():
        return None
    low = [float(np.quantile(part[known], 0.8)) for part in (soon, begins, last)]
    return low[0] <= -0.005 and low[1] <= -0.005 and low[2] <= -0.03


def _not_finite(event: Event) -> bool | None:
    odd = sum(event.history.layer("weight", f"{kind}_count") for kind in ("nan", "inf"))
    part = np.asarray(odd)[:, max(0, event.at - 1) : event.at + 3]
    return bool(np.nan_to_num(part).any())


def of_still(event: Event) -> Place:
    """Return the layers that stand still."""
    found = still(event)
    return Place(layers=tuple(int(i) for i in (found if found is not None else ())[:_MOST_NAMED]))


def of_jump(event: Event) -> Place:
    """Return the layer whose weights change most against the others'."""
    parts = [
        part / top
        for part, top in ((norm_jumps(event), _NORM), (_turned(event), 0.3), (_scaled(event), 0.6))
        if part is not None
    ]
    if not parts:
        return Place()
    whole = np.where(event.history.apart, 0.5, 1.0) * np.sum(parts, axis=0)
    return Place(layers=(int(whole.argmax()),)) if whole.max(initial=0) > 0 else Place()


def of_scale(event: Event) -> Place:
    """Return the layer whose weights change most, or whose initial weights have an odd scale."""
    named = [i for f in event.findings if f.rule == "initial-weights" for i in f.layers]
    return Place(layers=tuple(named[:_MOST_NAMED])) if named else of_jump(event)


def of_findings(event: Event) -> Place:
    """Return the layers that the rules on numbers that are none name."""
    named = [i for f in event.findings if f.rule == "not-finite" for i in f.layers]
    return Place(layers=tuple(dict.fromkeys(named))[:_MOST_NAMED])


def _filters_judged(event: Event) -> bool | None:
    """Return whether a rule found that filters of a few layers changed suddenly."""
    return any(f.rule == "filter-jump" and len(f.layers) <= _MOST_NAMED for f in event.findings)


OF_LAYERS = (
    Mark(
        "filters-judged",
        "filters of a few layers change suddenly",
        "no layer's filters change suddenly",
        "layers",
        _filters_judged,
        usual=0.2,
    ),
    Mark(
        "norm-jumps",
        "the norm of one layer jumps",
        "no layer's norm jumps",
        "layers",
        _norm_jumps,
        usual=0.2,
    ),
    Mark(
        "filters-turn",
        "filters of one layer turn at once",
        "no layer's filters turn at once",
        "layers",
        _filters_turn,
        usual=0.1,
    ),
    Mark(
        "weights-turn",
        "filters of most layers turn at once",
        "the filters of most layers keep their direction",
        "layers",
        _weights_turn,
        usual=0.02,
    ),
    Mark(
        "layer-scaled",
        "the filters of one layer keep their direction and change their size",
        "no layer is scaled",
        "layers",
        _layer_scaled,
        usual=0.05,
    ),
    Mark(
        "initial-scale",
        "the initial weights of a layer have another scale than those of the others",
        "the initial weights have the scales that are usual",
        "layers",
        lambda event: "initial-weights" in event.rules,
        usual=0.04,
    ),
    Mark(
        "layer-still",
        "a layer no longer moves while others do",
        "no layer stands still",
        "layers",
        _stands_still,
        usual=0.05,
    ),
    Mark(
        "norms-shrink",
        "the norms of all layers begin to shrink",
        "the norms of the layers do not begin to shrink together",
        "layers",
        _shrinks,
        usual=0.04,
    ),
    Mark(
        "weights-not-finite",
        "weights are NaN or Inf",
        "all weights are finite",
        "layers",
        _not_finite,
        usual=0.06,
    ),
)
