"""Evaluation broke: validation goes wrong in nearly all classes at once; training does not move."""

from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Finding, Names, Rule
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import TRAIN_LOSS, VALIDATION
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
from ingest.analysis.health.sentences import declare

declare(
    {
        "evaluation-broke": (
            "The validation error rose from {before} to {after} at once, in nearly all classes "
            "({part} of {classes}), while the training loss did not move."
        ),
        "evaluation-broke-in-most": (
            "The validation error rose from {before} to {after} at once, in {part} of {classes} "
            "classes, while the training loss did not move."
        ),
    }
)


def evaluation_broke(history: History, threshold: float, names: Names) -> list[Finding]:
    """Rises of the validation error in most classes that the training loss does not show."""
    history = history.validated()
    return [
        _broke(history, event, threshold)
        for event in set_events(history, threshold)
        if event.most and event.still
    ]


def _broke(history: History, event: SetRise, threshold: float) -> Finding:
    passes = event.last < history.snapshots - 1
    low = passes and (event.with_rate or bool(settling(history)[event.first]))
    text = say_rise("evaluation-broke" if event.nearly_all else "evaluation-broke-in-most", event)
    return finding_of("evaluation-broke", history, event, threshold, text, low=low)


def _example() -> History:
    """Errors of all classes that jump while the training goes on as before."""
    error = healthy().class_error.copy()
    error[:, AT:] = 0.8
    return healthy(
        class_error=error, validation_error=changed("validation_error", slice(AT, None), 0.8)
    )


RULE = Rule(
    name="evaluation-broke",
    title="Evaluation broke",
    meaning="The validation error jumps in most classes at once while the training loss stays.",
    looks_at=(
        "A lasting rise of the validation error, as for a validation error that jumps, in which at "
        "least half of the classes take part, while the mean training loss around it is at most "
        "1.25 times its median before (or within three of its MAD)."
    ),
    needs=(VALIDATION, TRAIN_LOSS),
    threshold=SUDDEN,
    unit="share of all images",
    low=0.01,
    high=1,
    severities=SEVERITIES,
    advice=(
        "The weights learn as before: look at what only the evaluation uses. Running statistics of "
        "batch normalisation, model.eval(), the normalisation of validation images, an average of "
        "weights."
    ),
    source=WILLIAMS + "; Ioffe and Szegedy, Batch Normalization, ICML 2015",
    view="validation",
    may_cause=True,
    check=evaluation_broke,
    example=_example,
)
