"""Marks of the whole validation set: what it says against the training."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
from ingest.analysis.health import robust
from ingest.analysis.health.history import Floats

# A change of the validation error counts from so many points of error on.
_LEAST = 0.03


def _spread(event: Event, error: Floats) -> float:
    """Return the standard deviation of a difference of two errors: of sampling, and as usual."""
    images = max(int(event.history.class_size.sum()), 1)
    share = float(np.clip(event.before(error), 1 / images, 1 - 1 / images))
    sampling = np.sqrt(2 * share * (1 - share) / images)
    return float(np.hypot(sampling, event.usual_step(error, floor=0.0)))


def _change(event: Event, level: float) -> float | None:
    before = float(event.before(event.history.validation_error))
    return None if np.isnan(before) or np.isnan(level) else level - before


def _beyond(event: Event, change: float | None) -> bool | None:
    if change is None:
        return None
    return change >= max(_LEAST, 3 * _spread(event, event.history.validation_error))


def worse(event: Event) -> bool | None:
    """Return whether the validation error rises beyond sampling and its usual steps."""
    return _beyond(event, _change(event, float(event.peak(event.history.validation_error))))


def _stays(event: Event) -> bool | None:
    error = event.history.validation_error
    return _beyond(event, _change(event, float(event.after(error, skip=1))))


def _high_at_end(event: Event) -> bool | None:
    return _beyond(event, _change(event, float(event.at_end(event.history.validation_error))))


def _better(event: Event) -> bool | None:
    error = event.history.validation_error
    change = _change(event, float(event.after(error, skip=1)))
    return _beyond(event, None if change is None else -change)


def _large(event: Event) -> bool | None:
    """Return whether more than half of what was right is wrong at once."""
    error = event.history.validation_error
    before, peak = float(event.before(error)), float(event.peak(error))
    if not np.isfinite([before, peak]).all():
        return None
    return bool(peak - before >= 0.5 * max(1 - before, 0.05))


def _nearly_all(event: Event) -> bool | None:
    """Return whether the rise of the error is shared by nearly all classes."""
    if not worse(event):
        return None
    error, size = event.history.class_error, event.history.class_size
    rise = (event.peak(error) - event.before(error))[size > 0]
    rise = rise[np.isfinite(rise)]
    if len(rise) < 4:
        return None  # of three, two are nearly all
    return bool(np.mean(rise > 0.25 * rise.mean()) >= 0.6)


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


def _loss_jumps(event: Event) -> bool | None:
    """Return whether the validation loss doubles at once."""
    loss = event.run.validation_loss
    change = float(event.peak(loss) - event.before(loss))
    usual = float(event.usual_step(loss, floor=0.02))
    return None if np.isnan(change) else change >= max(0.3, 4 * usual)


def _one_class_predicted(event: Event) -> bool | None:
    """Return whether most images are predicted as one class."""
    for at in (event.at + 1, event.at):
        told = event.run.taken_for(at) if at < event.history.snapshots else None
        if told is not None:
            break
    else:
        return None
    classes = len(event.history.class_size)
    counts = np.bincount(told[1][told[1] >= 0], minlength=classes)
    if classes < 3 or not counts.sum():
        return None
    return bool(counts.max() >= 0.6 * len(told[1]))


OF_VALIDATION = (
    Mark(
        "evaluation-alone",
        "the validation error rises in nearly all classes while the training loss does not move",
        "validation and training go together",
        "validation",
        lambda event: "evaluation-broke" in event.rules,
        usual=0.08,
    ),
    Mark(
        "gap-judged",
        "the validation error parts from the training error for good",
        "the validation error does not part from the training error",
        "overview",
        lambda event: "overfitting" in event.rules,
        usual=0.08,
    ),
    Mark(
        "validation-worse",
        "the validation error rises at once",
        "the validation error does not rise at once",
        "validation",
        worse,
        usual=0.4,
    ),
    Mark(
        "validation-stays-worse",
        "the validation error stays up",
        "the validation error does not stay up",
        "validation",
        _stays,
        usual=0.33,
    ),
    Mark(
        "validation-worse-at-end",
        "the validation error never gets back to what it was",
        "the validation error gets back to what it was",
        "validation",
        _high_at_end,
        usual=0.3,
    ),
    Mark(
        "validation-breaks",
        "more than half of what was right is wrong at once",
        "most of what was right stays right",
        "validation",
        _large,
        usual=0.23,
    ),
    Mark(
        "validation-better",
        "the validation error falls at once",
        "the validation error does not fall at once",
        "validation",
        _better,
        usual=0.03,
    ),
    Mark(
        "nearly-all-classes",
        "nearly all classes are hit",
        "only some classes are hit",
        "validation",
        _nearly_all,
        usual=0.6,
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
    Mark(
        "validation-loss-jumps",
        "the validation loss doubles at once",
        "the validation loss does not jump",
        "overview",
        _loss_jumps,
        usual=0.33,
    ),
    Mark(
        "one-class-predicted",
        "most images are predicted as one class",
        "predictions are spread over the classes",
        "validation",
        _one_class_predicted,
        usual=0.1,
    ),
)
