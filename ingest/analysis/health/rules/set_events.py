"""Rises of the error of the whole validation set: since when, how many classes, what else moved."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.rises import set_rises
from ingest.analysis.health.rules.schedule import rate_rises
from ingest.analysis.health.sentences import Said, say
from ingest.analysis.health.words import percents

# A class took part where it rose by this part of what the whole set did.
_TAKES_PART = 1 / 3
# "Nearly all" classes, and the training loss "does not move" up to this part of what it was.
NEARLY_ALL = 0.7
_STILL = 1.25
SUDDEN = 0.1
SEVERITIES = (
    "high from twice the threshold where it lasts five snapshots, else medium; low where it "
    "passes, with a rise of the learning rate or in the first fifth"
)
_FEW = 5


@dataclass(frozen=True)
class SetRise:
    """The validation error rose: snapshots, error before and since, classes that took part.

    `still` tells that the training loss did not move; `with_rate` that the learning rate rose.
    """

    first: int
    last: int
    before: float
    after: float
    rise: float
    part: int
    classes: int
    still: bool
    with_rate: bool

    @property
    def most(self) -> bool:
        """Return whether at least half of the classes took part."""
        return 2 * self.part >= max(self.classes, 1)

    @property
    def nearly_all(self) -> bool:
        """Return whether nearly all classes took part."""
        return self.part >= NEARLY_ALL * self.classes


def set_events(history: History, threshold: float) -> Iterator[SetRise]:
    """Yield the lasting rises of the validation error of a validated history, in their order."""
    if not history.snapshots:
        return
    rises = set_rises(history, threshold)
    if rises is None:
        return
    error, length = history.validation_error, robust.window(history.snapshots)
    rates = rate_rises(history)
    done = -1
    for first, flagged in robust.stretches(rises.surprise[0] >= 0, gap=length):
        if first <= done:
            continue
        rise = float(rises.rise[0, first : flagged + 1].max())
        before = float(rises.level[0, first])
        high = (error >= before + rise / 2) & (np.arange(len(error)) >= first)
        above = robust.stretches(high, gap=1)
        done = last = next((end for begin, end in above if begin <= first), first)
        after = max(float(np.nanmedian(error[first : last + 1])), before + rise)
        part, classes = taking_part(history, first, last, rise)
        yield SetRise(
            first,
            last,
            before,
            after,
            rise,
            part,
            classes,
            training_still(history, first, last),
            bool(rates[first]),
        )


def finding_of(
    rule: str, history: History, event: SetRise, threshold: float, text: Said, *, low: bool
) -> Finding:
    """Return the finding of a rule about a rise; `low`: it matters little."""
    high = event.rise >= 2 * threshold and event.last - event.first >= 4
    return Finding(
        rule,
        Severity.LOW if low else Severity.HIGH if high else Severity.MEDIUM,
        start=int(history.iteration[event.first]),
        end=robust.last_iteration(history.iteration, event.last),
        strength=2 * event.rise / threshold,
        value=event.rise,
        text=text,
        chart=chart_of("validation error", history, history.validation_error),
    )


def say_rise(sentence: str, event: SetRise) -> Said:
    """Return a sentence about a rise with its facts: before, after, part, classes."""
    before, after = percents(event.before, event.after)
    return say(
        sentence,
        before=before,
        after=after,
        part=f"{event.part:,}",
        classes=f"{event.classes:,}",
    )


def taking_part(history: History, first: int, last: int, rise: float) -> tuple[int, int]:
    """Return how many classes rose then, and how many there are.

    None where a few of many classes make more than half of it: that is their matter.
    """
    length = robust.window(history.snapshots)
    error = history.class_error[history.class_size > 0]
    before = robust.quiet_mean(error[:, max(0, first - length) : first])
    after = robust.quiet_mean(error[:, first : min(last + 1, first + length)])
    with np.errstate(invalid="ignore"):
        more = np.sort((after - before)[np.isfinite(after - before)])
    some = max(1, min(_FEW, round(len(more) / 5)))
    if len(more) > 2 and more[:-some].sum() < more.sum() / 2:
        return 0, len(more)
    return int(np.count_nonzero(more >= _TAKES_PART * rise)), len(more)


def training_still(history: History, first: int, last: int) -> bool:
    """Return whether the training loss is known and did not rise with the validation error.

    Nor shortly before: what the evaluation shows, an earlier step may have done.
    """
    length = robust.window(history.snapshots)
    loss = history.train_loss
    before = robust.quiet_median(loss[max(0, first - length - 1) : max(first - 1, 1)])
    around = loss[max(0, first - 1) : min(last + 1, first + length)]
    if not np.isfinite(before) or not np.isfinite(around).any():
        return False
    usual = robust.MAD_TO_STD * float(
        np.nan_to_num(robust.quiet_median(np.abs(loss[max(0, first - length) : first] - before)))
    )
    return bool(np.nanmean(around) <= max(_STILL * before, before + 3 * usual))
