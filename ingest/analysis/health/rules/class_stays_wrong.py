"""Class stays wrong: one class is never learned while the others are."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import chance
from ingest.analysis.health.example import healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.needs import VALIDATION, snapshots
from ingest.analysis.health.rules.schedule import settling
from ingest.analysis.health.rules.sources import WILLIAMS
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percents, sentence

_LEAST = 10
# Most classes must have been learned: their error is at most this part of that of guessing.
_OTHERS = 0.5
# So many snapshots in a row are no passing swing.
_MOMENT = 3
# What differs between classes that are all learned: the hardest tenth may be the fault itself.
_HARDEST = 0.1
declare(
    {
        "class-stays-wrong": (
            "{classes} was never learned: its error is {error} at the end, that of most classes "
            "{others}."
        ),
        "classes-stay-wrong": (
            "{classes} were never learned: the error of {worst} is {error} at the end, that of "
            "most classes {others}."
        ),
    }
)


def class_stays_wrong(history: History, threshold: float, names: Names) -> list[Finding]:
    """Classes that stay wrong all along, as chance and usual differences of classes do not make."""
    history = history.validated()
    known = np.flatnonzero((history.class_size > 0) & np.isfinite(history.class_error).any(axis=1))
    last = max(_LEAST, history.snapshots // 5)
    if history.snapshots < 2 * _LEAST or len(known) < 2:
        return []
    error, size = history.class_error, history.class_size[known]
    if len(known) < len(error):
        error = error[known]
    now = np.nanmean(error[:, -last:], axis=1)
    typical = float(np.sort(now)[(len(now) - 1) // 2])
    guessing = 1 - 1 / len(known)
    if typical > _OTHERS * guessing:
        return []
    wrong = now >= max(threshold, 2 * typical)
    if not wrong.any():
        return []
    best = _lowest(history, error, last)
    never = (best >= 0.8 * threshold) & wrong
    # A class that was mostly right at some time after the first phase has been learned then.
    settled = np.nan_to_num(error[never][:, ~settling(history)], nan=1.0)
    moment = chance.mean_until(settled, _MOMENT).min(axis=1, initial=np.inf)
    never[never] = moment >= 0.8 * threshold
    if not never.any():
        return []
    rows = np.flatnonzero(never)
    by_chance = np.minimum(_by_chance(now, size, rows), _by_chance(best, size, rows))
    tests = 2 * len(known) * max(1, history.snapshots // last)
    rows = rows[by_chance * tests <= chance.FALSE_RUNS]
    if not len(rows):
        return []
    order = rows[np.argsort(-now[rows], kind="stable")]
    return [_stays(history, names, known[order], (float(now[order[0]]), typical), threshold)]


def _lowest(history: History, error: Floats, length: int) -> Floats:
    """Return the lowest mean error [n] of each class over so many snapshots."""
    return history.kept.lowest(
        "class-stays-wrong",
        length,
        error,
        lambda part: chance.mean_until(np.nan_to_num(part, nan=1.0), length),
        reach=length,
    )


def _by_chance(
    error: Floats, size: NDArray[np.integer], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the chance of the errors `rows` of [n] in classes that differ as learned ones do."""
    kept = np.sort(error)[: max(1, len(error) - max(1, round(_HARDEST * len(error))))]
    mean = float(kept.mean()) + 0.5 / float(size.mean() * len(kept) + 1)
    # What the hardest tenth would add is made up for; without it three classes seem too alike.
    spread = 2 * float(kept.var()) / (mean * (1 - mean)) + 1 / len(error) ** 2
    expected, spreads = np.full(len(rows), mean), np.full(len(rows), spread)
    return chance.exact_tail(error[rows], expected, spreads, size[rows])


def _stays(
    history: History,
    names: Names,
    ids: NDArray[np.intp],
    errors: tuple[float, float],
    threshold: float,
) -> Finding:
    worst = int(ids[0])
    error, others = percents(*errors)
    of_worst = {"worst": names.of_classes([worst])} if len(ids) > 1 else {}
    said = names.of_classes(ids.tolist())
    return Finding(
        "class-stays-wrong",
        Severity.HIGH if errors[0] >= 1.5 * threshold else Severity.MEDIUM,
        start=int(history.iteration[0]),
        end=None,
        strength=2 * errors[0] / threshold,
        value=errors[0],
        classes=tuple(int(i) for i in ids),
        text=say(
            "classes-stay-wrong" if of_worst else "class-stays-wrong",
            classes=sentence(said),
            error=error,
            others=others,
            **of_worst,
        ),
        chart=chart_of(
            f"error of {names.of_classes([worst])}", history, history.class_error[worst]
        ),
        once=True,
    )


def _example() -> History:
    """A class that is wrong all along while the others are learned."""
    error = healthy().class_error.copy()
    error[2] = 1.0
    return healthy(class_error=error)


RULE = Rule(
    name="class-stays-wrong",
    title="Class never learned",
    meaning="One class stays wrong from the start while the others are learned.",
    looks_at=(
        "The mean error of each class over the last fifth of the run (10 snapshots at least), or "
        "the lowest it ever had over so many, against those of the other classes: a Beta variable "
        "with their mean and twice their variance, the hardest tenth aside, for so few images. It "
        "must be twice that of the middle class, and was never clearly lower; most classes are "
        "learned."
    ),
    needs=(VALIDATION, snapshots(20)),
    threshold=0.5,
    unit="share of the class's images",
    low=0.1,
    high=1,
    severities="high from 1.5 times the threshold, else medium",
    advice=(
        "Check that the class is in the training data under this label, and that its training and "
        "validation images look alike."
    ),
    source=WILLIAMS,
    view="validation",
    lasting=True,
    check=class_stays_wrong,
    example=_example,
)
