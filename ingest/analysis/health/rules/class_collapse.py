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
from ingest.analysis.health.rules.sources import PAPER, ROBUST
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percents

# A rise counts where it lasts: the median over this many snapshots.
PERSISTENCE = 3
# Of so many snapshots it is no passing swing.
LASTING = 5
# A rise must be so many usual steps of the class's error.
_STEPS = 4.0
declare(
    {
        "class-collapse": "The error of {classes} rose suddenly from {before} to {after}.",
        "classes-collapse": (
            "The error of {classes} rose suddenly, of {worst} from {before} to {after}."
        ),
    }
)


def class_collapse(history: History, threshold: float, names: Names) -> list[Finding]:
    """Classes whose error rises by the threshold and stays; those at one time are one finding."""
    history = history.validated()
    rise = np.full(history.class_error.shape, -np.inf)
    some = may_rise(history, threshold)
    rise[some] = class_rise(history, some)
    flag = rise >= threshold
    for class_id in np.flatnonzero(flag.any(axis=1)):
        flag[class_id] &= rise[class_id] >= _STEPS * usual_step(history, int(class_id))
    together: list[list[_Collapse]] = []
    for collapse in sorted(_collapses(history, flag, rise, threshold), key=lambda c: c.first):
        if together and collapse.first - together[-1][0].first <= PERSISTENCE:
            together[-1].append(collapse)
        else:
            together.append([collapse])
    return [_collapsed(history, names, group, threshold) for group in together]


@dataclass(frozen=True)
class _Collapse:
    """One class that collapsed: snapshots from `first` to `last`, largest rise.

    `usual` and `high` are its error before and its highest one since, which lies above.
    """

    class_id: int
    first: int
    last: int
    usual: float
    high: float
    rise: float


def _collapses(
    history: History, flag: NDArray[np.bool_], rise: Floats, threshold: float
) -> Iterator[_Collapse]:
    for class_id in np.flatnonzero(flag.any(axis=1)):
        error = history.class_error[class_id]
        level = robust.usual(error, robust.window(history.snapshots))
        for first, last in robust.stretches(flag[class_id], gap=robust.window(history.snapshots)):
            usual = float(robust.quiet_median(error[max(0, first - 5) : first]))
            high = (error - usual >= threshold / 2) & (np.arange(len(error)) >= first)
            above = robust.stretches(high, gap=1)
            closing = next((stretch[1] for stretch in above if stretch[0] <= first + 1), last)
            height = float(rise[class_id, first : last + 1].max())
            last = max(last, closing)
            highest = float(np.nanmax(error[first : last + 1]))
            # The rule measures the rise from its own window; the last few may have been higher.
            before = usual if usual < highest else float(level[first])
            yield _Collapse(int(class_id), first, last, before, highest, height)


def _collapsed(history: History, names: Names, group: list[_Collapse], threshold: float) -> Finding:
    group = sorted(group, key=lambda c: (-c.rise, c.first))
    worst = group[0]
    first, last = min(c.first for c in group), max(c.last for c in group)
    lasts = worst.last - worst.first + 1 >= LASTING
    ids = [c.class_id for c in group]
    error = history.class_error[worst.class_id]
    before, high = percents(worst.usual, worst.high)
    of_worst = {"worst": names.of_classes([worst.class_id])} if len(ids) > 1 else {}
    text = say(
        "classes-collapse" if of_worst else "class-collapse",
        classes=names.of_classes(ids),
        before=before,
        after=high,
        **of_worst,
    )
    return Finding(
        "class-collapse",
        Severity.HIGH if worst.rise >= 1.33 * threshold and lasts else Severity.MEDIUM,
        start=int(history.iteration[first]),
        end=robust.last_iteration(history.iteration, last),
        strength=2 * worst.rise / threshold,
        value=worst.rise,
        classes=tuple(ids),
        text=text,
        chart=chart_of(f"error of {names.of_classes([worst.class_id])}", history, error),
    )


def may_rise(history: History, threshold: float) -> NDArray[np.intp]:
    """Return the classes whose `class_rise` may reach the threshold somewhere, i8 [n], rising.

    A median lies between the lowest and the highest of its values: most classes of a run that goes
    well are ruled out by these, in a tenth of the time that the medians take.
    """
    error = history.class_error
    lowest = np.where(np.isnan(error), np.inf, error)
    length = robust.window(history.snapshots)
    reach = 1
    while reach < length:  # the lowest of the values up to and with each, and `reach` in number
        step = min(reach, length - reach)
        lowest[:, step:] = np.minimum(lowest[:, step:], lowest[:, :-step])
        reach += step
    highest = np.where(np.isnan(error), -np.inf, error)
    for _ in range(PERSISTENCE - 1):
        highest[:, :-1] = np.maximum(highest[:, :-1], highest[:, 1:])
    with np.errstate(invalid="ignore"):
        possible = highest[:, 1:] - lowest[:, :-1] >= threshold
    return np.flatnonzero(possible.any(axis=1))


def class_rise(history: History, class_ids: NDArray[np.intp]) -> Floats:
    """Return the lasting rise of the error of some classes, f8 [n, T].

    The rise at t is the median error over PERSISTENCE snapshots from t on (at the end of a training
    two are enough; while it records, the third is waited for) less the median over a window before;
    -Inf where that cannot be said.
    """
    error = history.class_error[class_ids]
    classes, snapshots = error.shape
    if not classes or snapshots < 2:
        return np.full(error.shape, -np.inf)
    usual = robust.usual(error, robust.window(snapshots))
    ahead = np.concatenate([error, np.full((classes, PERSISTENCE - 1), np.nan)], axis=1)
    coming = np.lib.stride_tricks.sliding_window_view(ahead, PERSISTENCE, axis=1)
    level = robust.quiet_median(coming)
    least = PERSISTENCE if history.recording else 2
    level[np.count_nonzero(~np.isnan(coming), axis=-1) < least] = np.nan
    rise = level - usual
    # It must have risen at t itself, and not only later.
    with np.errstate(invalid="ignore"):
        rise = np.where(error - usual >= rise / 2, rise, -np.inf)
    return np.where(np.isnan(rise), -np.inf, rise)


def usual_step(history: History, class_id: int) -> Floats:
    """Return how much the error of a class usually changes in one snapshot, f8 [T].

    At least the standard deviation that chance gives its images at an error of 5 %.
    """
    chance = np.sqrt(0.05 * 0.95 / max(int(history.class_size[class_id]), 1))
    length = 4 * robust.window(history.snapshots)
    return robust.noise(history.class_error[class_id], length, floor=float(chance))


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
        "Median error of a class over three snapshots from the one judged on, less its median "
        "over the window before; at least four times its usual step, which is never less than "
        "chance at an error of 5 %. At the end of a training two snapshots are enough; while it "
        "records, the third is waited for. Classes that collapse within three snapshots are one "
        "finding."
    ),
    needs=(VALIDATION,),
    threshold=0.3,
    unit="share of the class's images",
    low=0.02,
    high=1,
    severities="high from 1.33 times the threshold where it lasts five snapshots, else medium",
    advice=(
        "Open the class in the validation view: what are its images predicted as? Check its "
        "training and validation data at that iteration."
    ),
    source=f"{PAPER}; {ROBUST}",
    view="validation",
    check=class_collapse,
    example=_example,
)
