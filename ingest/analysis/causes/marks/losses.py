"""Marks of the training loss and the training error."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
from ingest.analysis.health import robust
from ingest.analysis.health.rules.losses import first_loss

# A rise counts from so many usual steps on, and from 25 % on.
_STEPS, _LEAST = 4.0, 0.1
# So much of a rise, of its logarithm, is left where it has passed.
_LEFT = 0.3
# A loss is "at chance" within these parts of ln C, what guessing among C classes costs.
CHANCE_LOW, CHANCE_HIGH = 0.8, 1.5

_LOSS_RULES = frozenset(("loss-jump", "loss-swings", "training-broke", "rising-together"))


def _change(event: Event, *, level: float) -> float | None:
    before = float(event.before(event.run.train_loss))
    return None if np.isnan(before) or np.isnan(level) else level - before


def _beyond(event: Event, change: float | None) -> bool | None:
    if change is None:
        return None
    usual = float(event.usual_step(event.run.train_loss, floor=0.02))
    return change >= max(_STEPS * usual, _LEAST)


def rises(event: Event) -> bool | None:
    """Return whether the training loss rises beyond its usual steps."""
    return _beyond(event, _change(event, level=float(event.peak(event.run.train_loss))))


def _stays_high(event: Event) -> bool | None:
    level = float(event.after(event.run.train_loss, skip=1))
    return _beyond(event, _change(event, level=level))


def _high_at_end(event: Event) -> bool | None:
    return _beyond(event, _change(event, level=float(event.at_end(event.run.train_loss))))


def _passes(event: Event) -> bool | None:
    """Return whether the loss rises and most of the rise is gone again within a third of the run.

    At three snapshots of it. What wrecked some units on its way leaves the loss a little higher.
    """
    if not rises(event):
        return rises(event)
    loss = event.run.train_loss
    usual = float(event.usual_step(loss, floor=0.02))
    before = float(event.before(loss))
    left = max(2 * usual, _LEAST, _LEFT * (float(event.peak(loss)) - before))
    soon = loss[event.at + 2 :][: max(10, event.history.snapshots // 3)]
    with np.errstate(invalid="ignore"):
        back = soon <= before + left
    return bool(np.count_nonzero(back) >= 3) if len(soon) >= 3 else None


def _falls(event: Event) -> bool | None:
    """Return whether the loss falls at once, below all that it was, beyond how it fell anyway."""
    loss = event.run.train_loss
    level = float(event.after(loss, skip=1))
    change = _change(event, level=level)
    if change is None or event.at < event.history.snapshots // 6:
        return None  # at first, every loss falls
    lowest = float(np.nanmin(robust.smooth(loss[: event.at], 3)))
    falls = _beyond(event, 2 * float(event.trend(loss)) - change)
    return bool(falls and level <= lowest - _LEAST)


def chance(event: Event) -> float:
    """Return ln C, the loss of guessing among the classes that have images."""
    classes = int(np.count_nonzero(event.history.class_size))
    return float(np.log(classes)) if classes > 1 else np.nan


def _at_chance(event: Event) -> bool | None:
    loss = event.history.train_loss
    before, after, guess = float(event.before(loss)), float(event.after(loss)), chance(event)
    if not np.isfinite([after, guess]).all():
        return None
    there = CHANCE_LOW * guess <= after <= CHANCE_HIGH * guess
    return bool(there and not before > 0.7 * guess)


def _beyond_chance(event: Event) -> bool | None:
    highest, guess = float(event.peak(event.history.train_loss)), chance(event)
    return None if not np.isfinite([highest, guess]).all() else highest > 2.5 * guess


def _not_finite(event: Event) -> bool | None:
    told = event.run.logged("train_loss", *event.stretch)
    return None if told is None else not np.isfinite(told[1]).all()


def _errors_of_a_class(event: Event) -> bool | None:
    """Return whether training keeps errors, to its end, that a part of one class's images makes.

    Of the usual C classes, from a quarter of a class to one and a half.
    """
    error, classes = event.history.train_error, int(np.count_nonzero(event.history.class_size))
    before = float(event.before(error))
    if event.early or classes < 3 or np.isnan(before):
        return None
    rises = [float(event.after(error, skip=1)), float(event.at_end(error))]
    low, high = (classes * (level - before) for level in (min(rises), max(rises)))
    usual = float(event.usual_step(error, floor=0.0))
    if not np.isfinite([low, high]).all() or usual * classes > 1.0:
        return None  # among so many classes, one is not seen in the error of a batch
    return bool(low >= 0.25 and high <= 1.5)


def _never_fell(event: Event) -> bool | None:
    begun, last = first_loss(event.history), float(event.at_end(event.history.train_loss))
    return None if not np.isfinite([begun, last]).all() else last > 0.7 * begun


OF_LOSSES = (
    Mark(
        "loss-rises",
        "the training loss rises at once",
        "the training loss does not rise",
        "overview",
        rises,
        usual=0.3,
    ),
    Mark(
        "loss-stays-high",
        "it stays above what it was",
        "it is soon what it was",
        "overview",
        _stays_high,
        usual=0.23,
    ),
    Mark(
        "loss-passes",
        "the training loss rises and is soon what it was",
        "no rise of the training loss passes soon",
        "overview",
        _passes,
        usual=0.08,
    ),
    Mark(
        "loss-high-at-end",
        "the training loss never gets back to what it was",
        "the training loss gets back to what it was",
        "overview",
        _high_at_end,
        usual=0.18,
    ),
    Mark(
        "loss-falls",
        "the training loss falls at once",
        "the training loss does not fall at once",
        "overview",
        _falls,
        usual=0.05,
    ),
    Mark(
        "loss-at-chance",
        "the training loss is what guessing costs",
        "the training loss is not what guessing costs",
        "overview",
        _at_chance,
        usual=0.1,
    ),
    Mark(
        "loss-beyond-chance",
        "the training loss is far above what guessing costs",
        "the training loss is never far above what guessing costs",
        "overview",
        _beyond_chance,
        usual=0.09,
    ),
    Mark(
        "loss-not-finite",
        "the training loss is NaN or Inf",
        "the training loss is finite throughout",
        "overview",
        _not_finite,
        usual=0.05,
    ),
    Mark(
        "loss-never-fell",
        "the training loss ends near where it began",
        "the training loss ends well below where it began",
        "overview",
        _never_fell,
        usual=0.13,
    ),
    Mark(
        "errors-of-a-class",
        "training keeps about as many errors as a part of one class has images",
        "training does not keep the errors of one class",
        "overview",
        _errors_of_a_class,
        usual=0.15,
    ),
    Mark(
        "loss-judged",
        "the training loss rises more than its own history explains",
        "the training loss does not rise beyond what its history explains",
        "overview",
        lambda event: bool(event.rules & _LOSS_RULES),
        usual=0.3,
    ),
    Mark(
        "loss-at-softmax-floor",
        "the training loss stops at what a softmax of probabilities costs at least",
        "the training loss does not stop at the floor of a second softmax",
        "overview",
        lambda event: "softmax-twice" in event.rules,
        usual=0.01,
    ),
)
