"""Marks of the steps of all layers together."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
from ingest.analysis.causes.marks.rates import logged_rate, rate_change
from ingest.analysis.health.history import Floats

# Powers of ten by which all layers' steps must change together.
_TWICE = 0.3


def together(event: Event, values: Floats, *, up: bool) -> float | None:
    """Return by how many powers of ten most layers change alike; None: not known."""
    near = event.peak(values) if up else event.trough(values)
    change = near - event.before(values)
    change = change[np.isfinite(change)]
    if not len(change):
        return None
    # What three of four layers exceed.
    return float(np.quantile(change, 0.25) if up else np.quantile(change, 0.75))


def _larger(event: Event) -> bool | None:
    change = together(event, event.run.steps, up=True)
    return None if change is None else change >= _TWICE


def _larger_than_rate(event: Event) -> bool | None:
    change, rate = together(event, event.run.steps, up=True), rate_change(event)
    if change is None:
        return None
    return change - max(0.0, float(np.log10(rate)) if rate > 0 else 0.0) >= _TWICE


def _smaller(event: Event) -> bool | None:
    change, rate = together(event, event.run.steps, up=False), rate_change(event)
    if change is None:
        return None
    return change - min(0.0, float(np.log10(rate)) if rate > 0 else 0.0) <= -_TWICE


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
    # Without a gradient only decay moves a layer, at any rate.
    ratio = event.after(np.where(np.isfinite(event.run.gradients), event.run.steps, np.nan))
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
