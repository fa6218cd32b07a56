"""Loss and error rise.

Training loss and training error should fall together; both stay above their best.
"""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, changed, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import TRAIN_ERROR, TRAIN_LOSS
from ingest.analysis.health.rules.losses import CLEAR_RISE, first_loss
from ingest.analysis.health.rules.sources import PAPER
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import points

declare(
    {
        "rising-together": (
            "Training loss and training error rise together: the error is {rise} above its best."
        ),
    }
)


def rising_together(history: History, threshold: float, names: Names) -> list[Finding]:
    """Training loss and training error that both stay above their best by a margin."""
    length = max(5, robust.window(history.snapshots, share=0.08))
    loss = robust.smooth(history.train_loss, length)
    error = robust.smooth(history.train_error, length)
    best_loss, best_error = _best(loss), _best(error)
    with np.errstate(invalid="ignore"):
        flag = (error - best_error >= threshold) & (loss >= 1.5 * best_loss)
        flag &= loss - best_loss >= CLEAR_RISE * first_loss(history)
    found = []
    for first, last in robust.stretches(flag, gap=length):
        if last - first + 1 < length and last < history.snapshots - 1:
            continue
        rise = float(np.nanmax((error - best_error)[first : last + 1]))
        lasts = last == history.snapshots - 1 and last - first + 1 >= length
        began = _left_best(history.train_loss, first, length)
        found.append(
            Finding(
                "rising-together",
                Severity.HIGH if rise >= 4 * threshold and lasts else Severity.MEDIUM,
                start=int(history.iteration[began]),
                end=robust.last_iteration(history.iteration, last),
                strength=rise / threshold,
                value=rise,
                text=say("rising-together", rise=points(rise)),
                chart=chart_of("training error", history, history.train_error),
            )
        )
    return found


def _best(values: Floats) -> Floats:
    """Return the lowest value up to each snapshot."""
    return np.fmin.accumulate(values) if len(values) else values


def _left_best(values: Floats, first: int, length: int) -> int:
    """Return where, shortly ahead of `first`, a smoothed series left its level."""
    low = max(0, first - length)
    part = values[low : first + 1]
    if not np.isfinite(part).any():
        return first
    middle = np.nanmedian(part)
    above = np.flatnonzero(part > middle)
    return low + int(above[0]) if len(above) else first


def _example() -> History:
    """Loss and error that rise at once and stay."""
    loss = changed("train_loss", slice(AT, None), 1.5)
    return healthy(train_loss=loss, train_error=changed("train_error", slice(AT, None), 0.5))


RULE = Rule(
    name="rising-together",
    title="Loss and error rise",
    meaning=("Training loss and training error should fall together; both stay above their best."),
    looks_at=(
        "Running medians of training loss and training error: the error lies the threshold above "
        "its best so far while the loss is 1.5 times its best and 5 % of the first loss above it."
    ),
    needs=(TRAIN_LOSS, TRAIN_ERROR),
    threshold=0.05,
    unit="share of images",
    low=0.005,
    high=1,
    severities="high from four times the threshold, where it lasts to the end; else medium",
    advice=(
        "The training is getting worse: go back to an earlier snapshot, lower the learning rate, "
        "and check whether the data changed."
    ),
    source=PAPER,
    view="overview",
    lasting=True,
    check=rising_together,
    example=_example,
)
