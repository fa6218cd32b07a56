"""Class collapsed: the error of a class that had been learned rises suddenly and stays high."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import VALIDATION
from ingest.analysis.health.rises import Rises, class_rises
from ingest.analysis.health.rules.schedule import rate_rises, settling
from ingest.analysis.health.rules.set_events import SUDDEN as SET_SUDDEN
from ingest.analysis.health.rules.set_events import set_events
from ingest.analysis.health.rules.sources import PAPER, WILLIAMS
from ingest.analysis.health.sentences import declare, join, say
from ingest.analysis.health.words import percents

SUDDEN = 0.3
# Classes that rise within so many snapshots of the one that rose most are one finding.
PERSISTENCE = 3
# Of so many snapshots it is no passing swing.
LASTING = 5
# A class has been learned where its error is at most this part of that of guessing.
LEARNED, LEARNED_IN_ALL = 0.75, 0.9
_MOSTLY_RIGHT = 0.5
declare(
    {
        "class-collapse": "The error of {classes} rose suddenly from {before} to {after}.",
        "classes-collapse": (
            "The error of {classes} rose suddenly, of {worst} from {before} to {after}."
        ),
        "collapse-with-rate": (
            "It came with a rise of the learning rate, which unsettles classes for a while."
        ),
        "collapse-early": "That was in the first phase, in which errors swing.",
    }
)


def class_collapse(history: History, threshold: float, names: Names) -> list[Finding]:
    """Classes whose error rises by the threshold and stays; those at one time are one finding."""
    history = history.validated()
    rises = class_rises(history, threshold)
    if rises is None:
        return []
    flag = (rises.surprise >= 0) & learned(history, rises)
    classes = int(np.count_nonzero(history.class_size > 0))
    of_set = [event.first for event in set_events(history, SET_SUDDEN) if event.most]
    left = sorted(_collapses(history, flag, rises), key=lambda c: (-c.rise, c.first))
    found = []
    while left:
        centre = left[0].first
        group = [c for c in left if abs(c.first - centre) <= PERSISTENCE]
        left = [c for c in left if c not in group]
        # Of many of them at once the whole set tells.
        of_all = any(abs(at - centre) <= PERSISTENCE for at in of_set)
        if len(group) <= max(1, classes / (10 if of_all else 2)):
            found.append(_collapsed(history, names, group, threshold))
    return found


def learned(history: History, rises: Rises) -> NDArray[np.bool_]:
    """Return where a class had been learned before: its level is clearly below guessing, [n, T].

    That of the whole set is below guessing too: where all images are predicted as one class, it is
    right without having been learned.
    """
    guessing = 1 - 1 / max(int(np.count_nonzero(history.class_size > 0)), 2)
    of_all = rises.level_of_all <= LEARNED_IN_ALL * guessing
    return np.asarray((rises.level <= LEARNED * guessing) & of_all)


@dataclass(frozen=True)
class _Collapse:
    """One class that collapsed: snapshots from `first` to `last`, largest lasting rise.

    `usual` is its error before, `high` the one that it kept since, which lies above.
    """

    class_id: int
    first: int
    last: int
    usual: float
    high: float
    rise: float


def _collapses(history: History, flag: NDArray[np.bool_], rises: Rises) -> Iterator[_Collapse]:
    length = robust.window(history.snapshots)
    for row in np.flatnonzero(flag.any(axis=1)):
        class_id = int(rises.classes[row])
        error = history.class_error[class_id]
        done = -1
        for first, flagged in robust.stretches(flag[row], gap=length):
            if first <= done:
                continue
            rise = float(rises.rise[row, first : flagged + 1].max())
            usual = float(rises.level[row, first])
            last = _until(error, first, usual + rise / 2)
            if last - first + 1 < 2:
                continue
            done = last
            high = float(np.nanmedian(error[first : last + 1]))
            began = _began(error, first, usual + rise / 4)
            yield _Collapse(class_id, began, last, usual, max(high, usual + rise), rise)


def _began(error: Floats, first: int, limit: float) -> int:
    """Return where a stretch above a limit began, of which a rise was seen at `first`."""
    low = max(0, first - PERSISTENCE)
    below = np.flatnonzero(~(error[low:first] >= limit))
    return low + int(below[-1]) + 1 if len(below) else low


def _until(error: Floats, first: int, limit: float) -> int:
    """Return the last snapshot of a stretch above a limit; a single one below it ends nothing."""
    high = (error >= limit) & (np.arange(len(error)) >= first)
    stretches = robust.stretches(high, gap=1)
    return next((end for begin, end in stretches if begin <= first + PERSISTENCE), first)


def _collapsed(history: History, names: Names, group: list[_Collapse], threshold: float) -> Finding:
    worst = group[0]
    # A class that hardly rose, by chance a little earlier, does not date the others.
    first = min(c.first for c in group if c.rise >= worst.rise / 2)
    last = max(c.last for c in group)
    ids = [c.class_id for c in group]
    severity, aside = _severity(history, worst, threshold)
    before, high = percents(worst.usual, worst.high)
    of_worst = {"worst": names.of_classes([worst.class_id])} if len(ids) > 1 else {}
    text = say(
        "classes-collapse" if of_worst else "class-collapse",
        classes=names.of_classes(ids),
        before=before,
        after=high,
        **of_worst,
    )
    error = history.class_error[worst.class_id]
    return Finding(
        "class-collapse",
        severity,
        start=int(history.iteration[first]),
        end=robust.last_iteration(history.iteration, last),
        strength=2 * worst.rise / threshold,
        value=worst.rise,
        classes=tuple(ids),
        text=join([text, say(aside)]) if aside else text,
        chart=chart_of(f"error of {names.of_classes([worst.class_id])}", history, error),
    )


def _severity(history: History, worst: _Collapse, threshold: float) -> tuple[Severity, str]:
    """Return how bad a collapse is, and the sentence that says why it is not worse."""
    snapshots = worst.last - worst.first + 1
    stays = worst.last == history.snapshots - 1 and snapshots >= 4 * LASTING
    if not stays and rate_rises(history)[worst.first]:
        return Severity.LOW, "collapse-with-rate"
    # What was learned in a few snapshots may be what a first guess is by chance.
    well = stays and worst.usual <= LEARNED / 4
    if not well and settling(history)[worst.first]:
        return Severity.LOW, "collapse-early"
    lasts = snapshots >= LASTING
    passed = not lasts and worst.last < history.snapshots - 1
    if passed and worst.rise < 2 * threshold:
        return Severity.LOW, ""
    # A class that was wrong as often as right had not been learned yet.
    large = worst.rise >= 1.33 * threshold and worst.usual <= _MOSTLY_RIGHT
    return Severity.HIGH if large and lasts else Severity.MEDIUM, ""


def _example() -> History:
    """Two classes that go wrong almost at once."""
    error = healthy().class_error.copy()
    error[1, AT:70], error[4, AT + 1 : 70] = 1.0, 0.7
    return healthy(class_error=error)


RULE = Rule(
    name="class-collapse",
    title="Class collapsed",
    meaning="The error of a class that had been learned rises suddenly and stays high.",
    looks_at=(
        "The lasting error of a class (over 3, 5, 10, 20 or 40 snapshots from the one judged on, a "
        "fifth of them aside) less what is expected: its mean over the window before, moved by "
        "what most classes do at that time. It must be larger than chance makes it in one of a "
        "hundred healthy runs, over all classes and snapshots together: shares of so few images "
        "are binomial, and swing more than that as far as this class, the others and the whole set "
        "at that time were seen to (beta-binomial). The class must have been learned: its error at "
        "most three quarters of that of guessing. At the end of a training two snapshots are "
        "enough; while it records, the third is waited for. Classes within three snapshots of the "
        "one that rose most are one finding. Where most classes rise at once, the validation error "
        "tells it and not they."
    ),
    needs=(VALIDATION,),
    threshold=SUDDEN,
    unit="share of the class's images",
    low=0.02,
    high=1,
    severities=(
        "high from 1.33 times the threshold where it lasts five snapshots, else medium; low where "
        "it passes earlier and is below twice the threshold, with a "
        "rise of the learning rate or in the first fifth, unless it lasts for 20 snapshots to the "
        "end (in the first fifth: of a class that had been learned well)"
    ),
    advice=(
        "Open the class in the validation view: what are its images predicted as? Check its "
        "training and validation data at that iteration."
    ),
    source=f"{PAPER}; {WILLIAMS}",
    view="validation",
    check=class_collapse,
    example=_example,
)
