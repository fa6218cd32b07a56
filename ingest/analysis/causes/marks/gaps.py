"""Marks of the gap between training and validation: it opens, closes, or was there at first."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
from ingest.analysis.health import robust


def _below_training(event: Event) -> bool | None:
    """Return whether validation is better than training from the event on, in loss and error."""
    history = event.history
    sides = []
    for ours, theirs, factor in (
        (history.validation_loss, history.train_loss, 0.8),
        (history.validation_error, history.train_error, 1.0),
    ):
        one, other = float(event.after(ours)), float(event.after(theirs))
        if np.isfinite([one, other]).all():
            sides.append(one < factor * other)
    return all(sides) if sides else None


def _gap_closes(event: Event) -> bool | None:
    """Return whether the validation loss begins to fall for good against the training loss."""
    ours, theirs = event.run.validation_loss, event.run.train_loss
    gap = ours - theirs
    soon = float(event.after(gap, skip=4) - event.before(gap))
    fell = float(event.at_end(ours) - event.before(ours))
    last = float(event.at_end(gap) - event.before(gap))
    if not np.isfinite([soon, fell, last]).all():
        return None
    least = max(0.05, 2.5 * float(event.usual_step(gap, floor=0.0)))
    sooner = soon - float(event.trend(gap)) <= -least
    return bool(soon <= -least and sooner and last <= -0.1 and fell <= -0.1)


def _gap_opens(event: Event) -> bool | None:
    """Return whether the validation loss rises for good from here while training goes on well."""
    ours, theirs = event.run.validation_loss, event.run.train_loss
    low, end = float(event.trough(ours)), float(event.at_end(ours))
    train, last = float(event.after(theirs)), float(event.at_end(theirs))
    if not np.isfinite([low, end, train, last]).all():
        return None
    lowest = low <= float(np.nanmin(ours[: event.at + 3])) + 0.03
    return bool(lowest and end - low >= 0.05 and last - train <= 0.02)


def _gap_from_first(event: Event) -> bool | None:
    """Return whether a lasting gap was there while every training image was new to the network.

    What a network cannot have learned by heart yet, it does not know better than other images.
    Normalisation may still settle in the first half of the first epoch.
    """
    history = event.history
    if history.epoch is None or "overfitting" not in event.rules:
        return None
    with np.errstate(invalid="ignore"):
        new = (history.epoch > 0.5) & (history.epoch <= 1.0)
        soon = (history.epoch > 0.5) & (history.epoch <= 2.0)
    train, validation = history.train_error[new], history.validation_error[soon]
    validation = validation[np.isfinite(validation)]
    if not np.isfinite(train).any() or not len(validation):
        return None
    return bool(validation.min() - np.nanmean(train) >= 0.2)


def _never_right(event: Event) -> bool | None:
    """Return whether validation is never better than guessing while training ends well."""
    history, guessing = event.history, event.history.guessing_error
    if "overfitting" not in event.rules or np.isnan(guessing):
        return None
    best = robust.smooth(history.validation_error, 3)
    train = float(event.at_end(history.train_error))
    if not np.isfinite(best).any() or np.isnan(train):
        return None
    return bool(np.nanmin(best) >= 0.85 * guessing and train <= 0.5 * guessing)


OF_GAPS = (
    Mark(
        "gap-judged",
        "the validation error parts from the training error for good",
        "the validation error does not part from the training error",
        "overview",
        lambda event: "overfitting" in event.rules,
        usual=0.08,
    ),
    Mark(
        "validation-below-training",
        "validation is better than training",
        "validation is no better than training",
        "overview",
        _below_training,
        usual=0.15,
    ),
    Mark(
        "gap-closes",
        "validation catches up with training",
        "validation does not catch up with training",
        "overview",
        _gap_closes,
        usual=0.05,
    ),
    Mark(
        "gap-opens",
        "the validation loss rises while the training loss falls on",
        "training and validation loss do not part",
        "overview",
        _gap_opens,
        usual=0.2,
    ),
    Mark(
        "gap-from-first-epoch",
        "validation was much worse already while every training image was new",
        "validation was as good as training while every training image was new",
        "overview",
        _gap_from_first,
        usual=0.1,
    ),
    Mark(
        "validation-never-right",
        "validation is never better than guessing, though training ends well",
        "validation gets better than guessing",
        "validation",
        _never_right,
        usual=0.05,
    ),
)
