"""Marks of gradients: which grow, vanish, are held or added up, and in which layers."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.causes.cause import Mark, Place
from ingest.analysis.causes.event import AROUND, Event
from ingest.analysis.causes.marks.steps import together
from ingest.analysis.health import robust
from ingest.analysis.health.history import Floats
from ingest.analysis.health.rules.depth import along_depth

# Powers of ten by which all layers' gradients must change together.
_FAR = 0.6
# A gradient vanishes along the depth where it falls by so many.
_VANISHED = 3.0
# Batches differ: the norm of their gradient changes by a tenth and more, in powers of ten, from
# snapshot to snapshot. That of a sum over hundreds of them hardly does; judged over so many.
_NEARLY_LAST, _JUDGED, _GROWN = 0.03, 16, 0.5
# What is clipped at every step has one norm over all layers, while those of single layers differ by
# far more; and its steps are short for their rate, as those of no adaptive optimizer.
_HELD, _SHORT = 0.25, 0.02
_MOST_NAMED = 3


def _gradients_grow(event: Event) -> bool | None:
    change = together(event, event.run.gradients, up=True)
    return None if change is None else change >= _FAR


def _gradients_shrink(event: Event) -> bool | None:
    values = event.run.gradients
    change = event.after(values, skip=1) - event.before(values) - 2 * event.trend(values)
    change = change[np.isfinite(change)]
    return None if not len(change) else bool(np.quantile(change, 0.75) <= -_FAR)


def one_apart(event: Event, values: Floats) -> tuple[int, float]:
    """Return the layer (its place among the rows) that rises most against the others, by how much.

    (-1, 0) where that is not known.
    """
    change = event.peak(values) - event.before(values)
    if not np.isfinite(change).any() or len(change) < 3:
        return -1, 0.0
    relative = change - robust.quiet_median(change)
    relative = np.where(np.isfinite(relative), relative, -np.inf)
    return int(relative.argmax()), float(relative.max())


def _one_gradient(event: Event) -> bool | None:
    values = event.run.gradients
    row, by = one_apart(event, values)
    return None if row < 0 else by >= _FAR


def _first_gradient(event: Event) -> bool | None:
    """Return whether the gradient of the first layer rises against those of the others."""
    values = event.run.gradients
    change = event.peak(values) - event.before(values)
    if len(change) < 3 or not np.isfinite(change[0]):
        return None
    return bool(change[0] - robust.quiet_median(change) >= 0.35)


def _vanishes(event: Event) -> bool | None:
    """Return whether the first layers get a thousandth of the last ones' gradient, or less."""
    found = float(event.after(along_depth(event.history)))
    return None if np.isnan(found) else found <= -_VANISHED


def _added_up(event: Event) -> bool | None:
    """Return whether gradients grow, and each is hardly another than that of the snapshot before.

    So are sums over all steps since then: one more batch changes little.
    """
    gradients = np.where(np.isfinite(event.run.gradients), event.run.gradients, np.nan)
    later = gradients[:, event.at + 3 :][:, : _JUDGED + 1]
    if later.shape[1] < AROUND or not np.isfinite(later).any():
        return None
    before = gradients[:, 0] if event.early else event.before(gradients)
    growth = robust.quiet_median(later) - before
    growth = growth[np.isfinite(growth)]
    if not len(growth):
        return None
    alike = robust.quiet_median(robust.sizes_of_steps(later).ravel()) <= _NEARLY_LAST
    return bool(alike and np.quantile(growth, 0.25) >= _GROWN)


def _held(event: Event) -> bool | None:
    """Return whether the gradient of all layers together has the same norm at every snapshot.

    While those of single layers differ, and steps are short: an adaptive optimizer makes up for it.
    """
    here = slice(event.at, event.at + 2 * AROUND)
    norm = event.history.layer("gradient", "l2")[:, here]
    whole = robust.log10(np.sqrt(np.nansum(norm**2, axis=0)))
    whole = whole[np.isfinite(whole)]
    steps = robust.sizes_of_steps(robust.log10(norm))
    if len(whole) < AROUND or not np.isfinite(steps).any():
        return None
    size = np.sqrt(np.maximum(event.history.parameters, 1))[:, None]
    moved = event.history.layer("update", "l2")[:, here] / size
    with np.errstate(invalid="ignore", divide="ignore"):
        short = robust.quiet_median((moved / event.history.learning_rate[here]).ravel())
    held = whole.std() < _HELD * float(np.nanmedian(steps))
    return bool(held and not short > _SHORT)


def no_gradient(event: Event) -> NDArray[np.int64] | None:
    """Return the layers whose gradient is 0 in (nearly) all places from the event on, by depth."""
    zero, norm = (event.history.layer("gradient", s) for s in ("zero_share", "l2"))
    if not np.isfinite(norm).any():
        return None
    after = np.fmax(event.after(zero, skip=1), (event.after(norm, skip=1) == 0).astype(float))
    before = event.before(zero)
    dead = (after >= 0.999) & ~(before >= 0.999)
    return np.flatnonzero(dead)


def _gradient_gone(event: Event) -> bool | None:
    found = no_gradient(event)
    return None if found is None else bool(len(found))


def _dead_filters(event: Event) -> bool | None:
    """Return whether the share of zeros in a layer's gradient jumps."""
    if event.early:  # some zeros are usual: inputs that are 0
        return "dead-filters" in event.rules or _gradient_gone(event) or None
    zero = event.history.layer("gradient", "zero_share")
    rise = event.after(zero, skip=1) - event.before(zero)
    rise = rise[np.isfinite(rise)]
    return None if not len(rise) else bool(rise.max() >= 0.15)


def first_zero(event: Event) -> Place:
    """Return the layer, first by depth, whose gradient vanished: what follows it gets none."""
    found = no_gradient(event)
    if found is not None and len(found):
        if found[-1] == event.run.usual_layers[-1]:
            return _all_zero(event)
        # Where a layer's outputs are 0, it and all ahead of it get no gradient, and the weights
        # behind it none for want of inputs: the deepest two hold the one that died.
        return Place(layers=tuple(int(i) for i in (*found[-2:], *found[:-2])[:_MOST_NAMED]))
    if event.early:
        named = [i for f in event.findings if f.rule == "dead-filters" for i in f.layers]
        return Place(layers=tuple(dict.fromkeys(named))[:_MOST_NAMED])
    zero = event.history.layer("gradient", "zero_share")
    rise = np.nan_to_num(event.after(zero, skip=1) - event.before(zero))
    return Place(layers=(int(rise.argmax()),)) if rise.max(initial=0) >= 0.05 else Place()


def _all_zero(event: Event) -> Place:
    """Return the first layer that puts out nothing but 0, where outputs were recorded.

    With no gradient up to the output layer, gradients do not tell it.
    """
    zero = event.after(event.history.layer("activation", "zero_share"), skip=1)
    silent = np.flatnonzero(zero >= 0.999)
    return Place(layers=(int(silent[0]),)) if len(silent) else Place()


def of_gradient(event: Event) -> Place:
    """Return the layer whose gradient grows most against the others'."""
    row, by = one_apart(event, event.run.gradients)
    ids = event.run.usual_layers
    return Place(layers=(int(ids[row]),)) if row >= 0 and by > 0 else Place()


OF_GRADIENTS = (
    Mark(
        "gradients-grow",
        "the gradients of all layers grow",
        "the gradients do not grow together",
        "layers",
        _gradients_grow,
        usual=0.25,
    ),
    Mark(
        "gradients-shrink",
        "the gradients of all layers shrink",
        "the gradients do not shrink together",
        "layers",
        _gradients_shrink,
        usual=0.06,
    ),
    Mark(
        "one-gradient-grows",
        "the gradient of one layer grows against the others",
        "no layer's gradient grows against the others",
        "layers",
        _one_gradient,
        usual=0.12,
    ),
    Mark(
        "first-gradient-grows",
        "the gradient of the first layer grows against the others",
        "the first layer's gradient keeps its part",
        "layers",
        _first_gradient,
        usual=0.08,
    ),
    Mark(
        "gradients-added-up",
        "gradients grow, and each is nearly that of the snapshot before",
        "gradients differ from snapshot to snapshot",
        "layers",
        _added_up,
        usual=0.01,
    ),
    Mark(
        "gradients-held",
        "the gradient of all layers together has the same norm at every snapshot",
        "the norm of the gradient differs from snapshot to snapshot",
        "layers",
        _held,
        usual=0.03,
    ),
    Mark(
        "gradient-vanishes",
        "the first layers get a thousandth of the gradient of the last ones",
        "the gradient reaches the first layers",
        "layers",
        _vanishes,
        usual=0.02,
    ),
    Mark(
        "gradient-gone",
        "the gradient of a layer is 0 from then on",
        "every layer has a gradient",
        "layers",
        _gradient_gone,
        usual=0.08,
    ),
    Mark(
        "gradient-sparser",
        "the gradient of a layer holds more zeros from then on",
        "no layer's gradient holds more zeros",
        "layers",
        _dead_filters,
        usual=0.11,
    ),
)
