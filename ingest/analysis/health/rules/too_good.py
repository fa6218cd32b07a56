"""Validation too good: validation images are right more often than training images, for long."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import TRAIN_ERROR, VALIDATION, snapshots
from ingest.analysis.health.rules.schedule import settling
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percents

_LEAST = 10
declare(
    {
        "validation-too-good": (
            "Over the last {number} validations the validation error, {validation}, lies below the "
            "training error, {training}."
        ),
    }
)


def too_good(history: History, threshold: float, names: Names) -> list[Finding]:
    """A validation error clearly below the training error over the last part of the run."""
    history = history.validated()
    last = max(_LEAST, history.snapshots // 3)
    if history.snapshots < 2 * _LEAST:
        return []
    length = max(5, robust.window(history.snapshots, share=0.08))
    gap = robust.smooth(history.train_error, length) - robust.smooth(
        history.validation_error, length
    )
    images = max(1, int(history.class_size.sum()))
    error = np.clip(history.train_error, 0, 1)
    # So many images differ by chance from what all images of their kind would show.
    by_chance = 3 * np.sqrt(robust.smooth(error * (1 - error), length) / images)
    with np.errstate(invalid="ignore"):
        flag = (gap >= threshold) & (gap >= by_chance) & ~settling(history)
    if not flag[-last:].all():
        return []
    first = next(s[0] for s in reversed(list(robust.stretches(flag))))
    training, validation = percents(
        float(np.nanmean(history.train_error[first:])),
        float(np.nanmean(history.validation_error[first:])),
    )
    width = float(np.nanmedian(gap[first:]))
    return [
        Finding(
            "validation-too-good",
            Severity.LOW,
            start=int(history.iteration[first]),
            end=None,
            strength=width / threshold,
            value=width,
            text=say(
                "validation-too-good",
                number=f"{history.snapshots - first:,}",
                validation=validation,
                training=training,
            ),
            once=True,
            chart=chart_of("training error less validation error", history, gap, limit=threshold),
        )
    ]


def _example() -> History:
    """A training error that stays far above the validation error."""
    return healthy(train_error=np.maximum(healthy().train_error, 0.25))


RULE = Rule(
    name="validation-too-good",
    title="Validation too good",
    meaning="Validation images are right more often than training images, for a long time.",
    looks_at=(
        "Running medians of training error less validation error over the last third of the run: "
        "above the threshold all the time, and above three standard deviations of chance for so "
        "many validation images."
    ),
    needs=(TRAIN_ERROR, VALIDATION, snapshots(20)),
    threshold=0.05,
    unit="share of images",
    low=0.005,
    high=1,
    severities="low: strong augmentation and dropout make training errors of their own",
    advice=(
        "Without augmentation, dropout or mixing, look for validation images among the training "
        "images (a leak), for easier validation images, and for labels that are wrong in training."
    ),
    source="Kapoor and Narayanan, Leakage and the Reproducibility Crisis, Patterns 2023",
    view="overview",
    lasting=True,
    check=too_good,
    example=_example,
)
