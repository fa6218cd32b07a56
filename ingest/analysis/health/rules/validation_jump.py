"""Validation error jumped: in nearly all classes at once, with the training loss or unknown to it.

The jump of single classes is that of classes; one that the training does not see has its own rule.
"""

from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Finding, Names, Rule
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import VALIDATION
from ingest.analysis.health.rules.schedule import settling
from ingest.analysis.health.rules.set_events import (
    SEVERITIES,
    SUDDEN,
    SetRise,
    finding_of,
    say_rise,
    set_events,
)
from ingest.analysis.health.rules.sources import WILLIAMS
from ingest.analysis.health.sentences import Said, declare, join, say

declare(
    {
        "validation-jump": (
            "The validation error rose from {before} to {after} at once, in {part} of {classes} "
            "classes."
        ),
        "validation-jump-nearly-all": (
            "The validation error rose from {before} to {after} at once, in nearly all classes "
            "({part} of {classes})."
        ),
        "validation-jump-with-rate": "It came with a rise of the learning rate.",
        "validation-jump-early": "That was in the first phase, in which errors swing.",
    }
)


def validation_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Rises of the whole validation error that the training loss goes along with."""
    history = history.validated()
    return [
        _jump(history, event, threshold)
        for event in set_events(history, threshold)
        if event.most and not event.still
    ]


def _jump(history: History, event: SetRise, threshold: float) -> Finding:
    passes = event.last < history.snapshots - 1
    early = bool(settling(history)[event.first])
    low = passes and (event.with_rate or early)
    text = _said(event, early=early and low)
    return finding_of("validation-jump", history, event, threshold, text, low=low)


def _said(event: SetRise, *, early: bool) -> Said:
    text = say_rise("validation-jump-nearly-all" if event.nearly_all else "validation-jump", event)
    if event.with_rate:
        return join([text, say("validation-jump-with-rate")])
    return join([text, say("validation-jump-early")]) if early else text


def _example() -> History:
    """Errors of all classes and a training loss that jump."""
    error = healthy().class_error.copy()
    error[:, AT:] = 0.6
    return healthy(
        class_error=error,
        validation_error=changed("validation_error", slice(AT, None), 0.6),
        train_loss=changed("train_loss", slice(AT, None), 1.8),
    )


RULE = Rule(
    name="validation-jump",
    title="Validation error jumped",
    meaning="The validation error rises suddenly in most classes at once, and stays high.",
    looks_at=(
        "The lasting validation error (over 3 to 40 snapshots, a fifth of them aside) less its "
        "mean over the window before, more than its own swings make it in one of a hundred healthy "
        "runs. At least half of the classes rise by a third of it or more; nearly all: 70 %. Where "
        "the training loss is known not to move, it is the evaluation that broke, and not told "
        "here."
    ),
    needs=(VALIDATION,),
    threshold=SUDDEN,
    unit="share of all images",
    low=0.01,
    high=1,
    severities=SEVERITIES,
    advice=(
        "All classes at once are no matter of one class: look at the learning rate, at the data as "
        "a whole (normalisation, augmentation), and at the layers at that iteration."
    ),
    source=WILLIAMS,
    view="validation",
    check=validation_jump,
    example=_example,
)
