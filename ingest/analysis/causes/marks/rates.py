"""Marks of the learning rate and of what the run says of itself."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event, once
from ingest.analysis.health.history import Floats
from ingest.analysis.health.rules.rate_ends import RULE, rate_ended


@once
def logged_rate(event: Event) -> tuple[Floats, Floats] | None:
    """Return the learning rates before and around the event, each f8 [n]; None: not logged."""
    told = event.run.logged("learning_rate", *event.stretch)
    if told is None:
        return None
    before, here = map(_rates, told)
    return (before, here) if len(before) and len(here) else None


def _rates(values: Floats) -> Floats:
    """Return what can be a learning rate: a script that diverges may log Inf as one, too."""
    return values[np.isfinite(values) & (values > 0)]


def rate_change(event: Event) -> float:
    """Return by how many times the rate is higher around the event than before; NaN: not known."""
    told = logged_rate(event)
    if told is None:
        return np.nan
    before, here = told
    last = float(np.median(before[-5:]))
    up, down = float(here.max()) / last, float(here.min()) / last
    return up if up * down >= 1 else down


def _at_once(before: Floats, here: Floats) -> bool:
    """Return whether the rate rises by half from one logged value to the next, as no warm-up does.

    Warm-ups from near 0 do in their first few iterations.
    """
    values = np.concatenate([before[-1:], here])
    return bool((values[1:] / values[:-1]).max() >= 1.5)


def _rose(event: Event) -> bool | None:
    told = logged_rate(event)
    return None if told is None else bool(rate_change(event) >= 2.0 and _at_once(*told))


def _highest(event: Event) -> bool | None:
    told = logged_rate(event)
    if told is None:
        return None
    before, here = told
    return bool(here.max() >= 1.5 * before.max() and _at_once(before, here))


def _begun_anew(event: Event) -> bool | None:
    """Return whether the rate is where it began, had fallen, and rose by no regular restart."""
    told = logged_rate(event)
    if told is None:
        return None
    before, here = told
    back = here.max() >= 0.7 * before.max() and here.max() <= 1.4 * before.max()
    fallen = float(np.median(before[-5:])) <= 0.6 * before.max()
    return bool(back and fallen and not _restarts(event.history.logged["learning_rate"].values))


def _restarts(rate: Floats) -> bool:
    """Return whether the rate rises by half at once again and again: a schedule of restarts."""
    rate = _rates(rate)
    rises = np.flatnonzero(rate[1:] >= 1.5 * rate[:-1])
    # Those of a warm-up are no restarts.
    return int((rises > len(rate) // 20).sum()) >= 2


def _dropped(event: Event) -> bool | None:
    change = rate_change(event)
    return None if np.isnan(change) else change <= 0.6


def _resumed(event: Event) -> bool | None:
    if event.run.resumed is None:
        return None
    first, last = event.stretch
    return any(first < at <= last + 1 for at in event.run.resumed)


def _from_the_start(event: Event) -> bool | None:
    return event.at <= max(2, event.history.snapshots // 25)


def _ended(event: Event) -> bool | None:
    """Return whether the rate is next to nothing for most of the run, where that shows."""
    if np.isnan(event.history.learning_rate).all():
        return None
    return bool({"rate-ends-early", "plateau"} & event.rules) and (
        rate_ended(event.history, RULE.threshold) is not None
    )


OF_RATES = (
    Mark(
        "rate-ended",
        "the learning rate is next to nothing for most of the run",
        "the learning rate does not end early",
        "overview",
        _ended,
        usual=0.02,
    ),
    Mark(
        "rate-rises",
        "the learning rate at least doubles",
        "the learning rate does not rise",
        "overview",
        _rose,
        usual=0.08,
    ),
    Mark(
        "rate-highest",
        "the learning rate is higher than it ever was",
        "the learning rate is not higher than ever",
        "overview",
        _highest,
        usual=0.05,
    ),
    Mark(
        "rate-begun-anew",
        "the learning rate is back where the schedule began",
        "the schedule does not start again",
        "overview",
        _begun_anew,
        usual=0.03,
    ),
    Mark(
        "rate-falls",
        "the learning rate falls",
        "the learning rate does not fall",
        "overview",
        _dropped,
        usual=0.1,
    ),
    Mark(
        "resumed",
        "the training was resumed there",
        "the training was not resumed there",
        "overview",
        _resumed,
        usual=0.1,
    ),
    Mark(
        "from-the-start",
        "it is so from the start",
        "it begins later",
        "overview",
        _from_the_start,
        usual=0.12,
    ),
)
