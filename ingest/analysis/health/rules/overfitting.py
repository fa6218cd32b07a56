"""Overfitting: validation images go wrong much more often than training images."""

import numpy as np

from ingest.analysis.health import chance, robust
from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import TRAIN_ERROR, VALIDATION, epochs
from ingest.analysis.health.sentences import Said, declare, say
from ingest.analysis.health.words import percent, points

# Early stopping judges by strips of so many epochs (Prechelt): a gap that is younger may be that of
# a network which has hardly begun, or whose normalisation is still settling.
STRIP_EPOCHS = 5
declare(
    {
        "overfitting": "The validation error is {gap} above the training error.",
        "overfitting-falling": (
            "The validation error is {gap} above the training error; the validation loss still "
            "falls."
        ),
        "overfitting-lowest": (
            "The validation error is {gap} above the training error; the validation loss was "
            "lowest at iteration {iteration}."
        ),
        "overfitting-risen": (
            "The validation error is {gap} above the training error; the validation loss was "
            "lowest at iteration {iteration} and has risen by {rise} since."
        ),
    }
)


def overfitting(history: History, threshold: float, names: Names) -> list[Finding]:
    """A gap between validation and training error that stays; begins at the best snapshot."""
    history = history.validated()
    length = max(5, robust.window(history.snapshots, share=0.08))
    gap = robust.smooth(_without_worst(history), length) - robust.smooth(
        history.train_error, length
    )
    with np.errstate(invalid="ignore"):
        flag = gap >= threshold
    places = [s for s in robust.stretches(flag, gap=length) if s[1] == history.snapshots - 1]
    if not places or places[0][1] - places[0][0] + 1 < length:
        return []
    if _epochs(history, *places[0]) < STRIP_EPOCHS:
        return []
    first, last = places[0]
    width = float(gap[last])
    best = best_snapshot(history.validation_loss)
    falling = best is not None and best > history.snapshots - 1 - length
    start = first if best is None or falling else best
    return [
        Finding(
            "overfitting",
            _severity(history, (first, last), width, threshold),
            start=int(history.iteration[start]),
            end=None,
            strength=width / threshold,
            value=width,
            text=_overfits(history, points(width), best, falling=falling),
            once=True,
            chart=chart_of("validation error less training error", history, gap, limit=threshold),
        )
    ]


def _severity(
    history: History, stretch: tuple[int, int], width: float, threshold: float
) -> Severity:
    """Return how bad a gap is: low where so few validation images have it by chance.

    Under chance, the validation error over the stretch is binomial, around the training error and
    half the threshold; all snapshots see the same images, so that they count once.
    """
    part = slice(stretch[0], stretch[1] + 1)
    error = robust.quiet_median(history.train_error[part])
    images = max(1, int(history.class_size.sum()))
    usual = min(1.0, max(0.0, float(error)) + threshold / 2)
    share = np.array([round(min(1.0, usual - threshold / 2 + width) * images) / images])
    by_chance = chance.exact_tail(share, np.array([usual]), np.array([0.0]), np.array([images]))
    if by_chance[0] > chance.FALSE_RUNS:
        return Severity.LOW
    return Severity.HIGH if width >= 2 * threshold else Severity.MEDIUM


def _overfits(history: History, gap: str, best: int | None, *, falling: bool) -> Said:
    if best is None:
        return say("overfitting", gap=gap)
    if falling:
        return say("overfitting-falling", gap=gap)
    iteration, risen = f"{history.iteration[best]:,}", _risen(history.validation_loss, best)
    if risen <= 0.02:
        return say("overfitting-lowest", gap=gap, iteration=iteration)
    return say("overfitting-risen", gap=gap, iteration=iteration, rise=percent(risen))


def _epochs(history: History, first: int, last: int) -> float:
    """Return the epochs from one snapshot to another; Inf where they are not known."""
    if history.epoch is None:
        return np.inf
    number = float(history.epoch[last] - history.epoch[first])
    return number if np.isfinite(number) else np.inf


def _without_worst(history: History) -> Floats:
    """Return the validation error without the worst tenth of the classes, f8 [T].

    A class whose images are broken is no overfitting. The plain error where classes are few.
    """
    some = history.class_size > 0
    error = history.class_error if some.all() else history.class_error[some]
    if len(error) < 5 or error.shape[1] != history.snapshots:
        return history.validation_error
    kept = len(error) - max(1, len(error) // 10)
    return history.kept.columns(
        "overfitting",
        kept,
        error,
        lambda part: chance.sum_of_classes(np.sort(part, axis=0)[:kept]) / kept,
        reach=0,
    )


def best_snapshot(loss: Floats) -> int | None:
    """Return the snapshot of the lowest loss, the first of equal ones; None where none is known.

    It is what early stopping keeps (Prechelt, "Early Stopping - But When?", 1998).
    """
    finite = np.isfinite(loss)
    return int(np.argmin(np.where(finite, loss, np.inf))) if finite.any() else None


def _risen(loss: Floats, best: int | None) -> float:
    finite = loss[np.isfinite(loss)]
    if best is None or not len(finite) or loss[best] <= 0:
        return 0.0
    return float(np.median(finite[-5:]) / loss[best] - 1)


def _example() -> History:
    """Validation errors that stay while the training error falls, and a loss that rises."""
    error = healthy().class_error.copy()
    error[:, 20:] = 0.4
    loss = np.concatenate([np.linspace(2.3, 0.5, 21), np.linspace(0.55, 1.5, SNAPSHOTS - 21)])
    return healthy(class_error=error, validation_loss=loss)


RULE = Rule(
    name="overfitting",
    title="Overfitting",
    meaning="Validation images go wrong much more often than training images.",
    looks_at=(
        "Running medians of validation error less training error, over the last stretch up to the "
        "last snapshot; the worst tenth of the classes is left out, so that one broken class is "
        "no overfitting. It must have lasted for 5 epochs, the strip by which Prechelt stops "
        "early: at the very start, while normalisation still adapts, validation goes wrong in "
        "trainings that go well. It begins at the snapshot of the lowest validation loss (what "
        "early stopping keeps), or with the gap while that loss still falls."
    ),
    needs=(VALIDATION, TRAIN_ERROR, epochs(STRIP_EPOCHS)),
    threshold=0.1,
    unit="share of images",
    low=0.01,
    high=1,
    severities=(
        "high from twice the threshold, else medium; low where chance may have made so many errors "
        "of so few images"
    ),
    advice=(
        "Stop near the iteration named, or use more data, augmentation, weight decay or dropout."
    ),
    source=(
        "Prechelt, Early Stopping - But When?, 1998; Goodfellow et al., Deep Learning, 2016, 5.2"
    ),
    view="overview",
    lasting=True,
    check=overfitting,
    example=_example,
)
