"""Marks of the whole validation set: what it says against the training."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
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
