"""Validation worse for good: late in a run the validation error rises, slowly or not, and stays."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, CLASSES, SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import VALIDATION, snapshots
from ingest.analysis.health.rises import set_rises
from ingest.analysis.health.rules.schedule import settling
from ingest.analysis.health.rules.set_events import SUDDEN, set_events, taking_part
from ingest.analysis.health.rules.sources import WILLIAMS
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percents

_LASTING = (10, 20, 40)
_TIMES = 1.3
declare(
    {
        "validation-worse": (
            "The validation error was {before} and rose to {after} after iteration {iteration}; it "
            "has not come back."
        ),
    }
)


def validation_worse(history: History, threshold: float, names: Names) -> list[Finding]:
    """A validation error that, after the first phase, rises and is still up at the end."""
    history = history.validated()
    error = history.validation_error
    if history.snapshots < 2 * _LASTING[0] or not np.isfinite(error[-_LASTING[0] :]).any():
        return []
    window = 4 * robust.window(history.snapshots)
    rises = set_rises(history, threshold, window=window, lasting=_LASTING)
    if rises is None:
        return []
    flag = (rises.surprise[0] >= 0) & ~settling(history)
    if not flag.any():
        return []
    first = int(np.argmax(flag))
    before, now = float(rises.level[0, first]), float(np.nanmean(error[-_LASTING[0] :]))
    if now - before < threshold or now < _TIMES * before or _told(history, first):
        return []
    first = robust.left(error, first, before=before, after=now)
    was, after = percents(before, now)
    return [
        Finding(
            "validation-worse",
            Severity.MEDIUM,
            start=int(history.iteration[first]),
            end=None,
            strength=(now - before) / threshold,
            value=now - before,
            text=say(
                "validation-worse",
                before=was,
                after=after,
                iteration=f"{history.iteration[max(0, first - 1)]:,}",
            ),
            chart=chart_of("validation error", history, error),
        )
    ]


def _told(history: History, first: int) -> bool:
    """Return whether a jump that lasts to the end says it already, or a few classes make it."""
    last = history.snapshots - 1
    if any(event.last == last and event.most for event in set_events(history, SUDDEN)):
        return True
    rise = float(np.nanmean(history.validation_error[first:]))
    rise -= float(np.nanmean(history.validation_error[max(0, first - _LASTING[0]) : first]))
    part, classes = taking_part(history, first, last, rise)
    return classes > 2 and not part


def _example() -> History:
    """Validation errors that rise slowly in the second half."""
    error = healthy().class_error.copy()
    error[:, AT:] = np.minimum(np.linspace(0.03, 0.25, SNAPSHOTS - AT), 0.1)
    return healthy(class_error=error, validation_error=error[0], class_size=np.full(CLASSES, 400))


RULE = Rule(
    name="validation-worse",
    title="Validation worse for good",
    meaning="After the first phase the validation error rises, slowly or not, and stays up.",
    looks_at=(
        "The validation error that lasts 10, 20 or 40 snapshots (a fifth of them aside) less its "
        "mean over four windows before, more than its own swings make it in one of a hundred "
        "healthy runs; at the last snapshots it is still up by the threshold and 1.3 times what it "
        "was. A jump that lasts is told as a jump."
    ),
    needs=(VALIDATION, snapshots(20)),
    threshold=0.04,
    unit="share of all images",
    low=0.005,
    high=1,
    severities="medium",
    advice=(
        "Compare the training loss: where it falls on, the network overfits from there; where it "
        "rises too, look at the learning rate and the data at that iteration."
    ),
    source=WILLIAMS,
    view="validation",
    check=validation_worse,
    example=_example,
)
