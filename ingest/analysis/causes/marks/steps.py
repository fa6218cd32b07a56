"""Marks of the steps and gradients of all layers together."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
from ingest.analysis.causes.marks.rates import logged_rate, rate_change
from ingest.analysis.health import robust
from ingest.analysis.health.history import Floats

# Powers of ten by which all layers' steps must change together.
_TWICE, _FAR = 0.3, 0.6


def _together(event: Event, values: Floats, *, up: bool) -> float | None:
    """Return by how many powers of ten most layers change alike; None: not known."""
    near = event.peak(values) if up else event.trough(values)
    change = near - event.before(values)
    change = change[np.isfinite(change)]
    if not len(change):
        return None
    # What three of four layers exceed.
    return float(np.quantile(change, 0.25) if up else np.quantile(change, 0.75))


def _larger(event: Event) -> bool | None:
    change = _together(event, event.run.steps, up=True)
    return None if change is None else change >= _TWICE


def _larger_than_rate(event: Event) -> bool | None:
    change, rate = _together(event, event.run.steps, up=True), rate_change(event)
    if change is None:
        return None
    return change - max(0.0, float(np.log10(rate)) if rate > 0 else 0.0) >= _TWICE


def _smaller(event: Event) -> bool | None:
    change, rate = _together(event, event.run.steps, up=False), rate_change(event)
    if change is None:
        return None
    return change - min(0.0, float(np.log10(rate)) if rate > 0 else 0.0) <= -_TWICE


def _gradients_grow(event: Event) -> bool | None:
    change = _together(event, event.run.gradients, up=True)
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


def _ratio_large(event: Event) -> bool | None:
    ratio = event.after(event.run.steps)
    ratio = ratio[np.isfinite(ratio)]
    if not len(ratio):
        return None
    return bool(np.median(ratio) >= -1.7)


def _ratio_small(event: Event) -> bool | None:
    """Return whether steps are tiny at a learning rate that no schedule has lowered on purpose."""
    told = logged_rate(event)
    if told is not None and told[1][-1] < 0.5 * told[0].max():
        return False
    ratio = event.after(event.run.steps)
    ratio = ratio[np.isfinite(ratio)]
    return None if not len(ratio) else bool(np.median(ratio) <= -4.0)


OF_STEPS = (
    Mark(
        "steps-larger",
        "all layers take larger steps",
        "the layers' steps do not grow together",
        "layers",
        _larger,
        usual=0.27,
    ),
    Mark(
        "steps-larger-than-rate",
        "steps grow by more than the learning rate tells",
        "steps grow no more than the learning rate tells",
        "layers",
        _larger_than_rate,
        usual=0.2,
    ),
    Mark(
        "steps-smaller",
        "all layers take smaller steps than the learning rate tells",
        "the layers' steps do not shrink together",
        "layers",
        _smaller,
        usual=0.06,
    ),
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
        "ratio-large",
        "steps are a large part of the weights",
        "steps are no large part of the weights",
        "layers",
        _ratio_large,
        usual=0.15,
    ),
    Mark(
        "ratio-small",
        "steps are a tiny part of the weights",
        "steps are no tiny part of the weights",
        "layers",
        _ratio_small,
        usual=0.08,
    ),
)
