"""Class worse for good: the error of one learned class rises moderately or slowly, and stays."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import chance, robust
from ingest.analysis.health.example import AT, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import VALIDATION, snapshots
from ingest.analysis.health.rises import Rises, class_rises
from ingest.analysis.health.rules.class_collapse import SUDDEN, learned
from ingest.analysis.health.rules.sources import WILLIAMS
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percents

_LASTING = (10, 20, 40)
# A moderate rise matters where the error is so many times what it was.
_TIMES = 2.0
declare(
    {
        "class-worse": (
            "The error of {classes} rose from {before} to {after} and stays there; most classes "
            "did not change so."
        ),
        "classes-worse": (
            "The error of {classes} rose, of {worst} from {before} to {after}, and stays there; "
            "most classes did not change so."
        ),
    }
)


def class_worse(history: History, threshold: float, names: Names) -> list[Finding]:
    """Classes whose error rose moderately or slowly, and lies there up to the last snapshot."""
    history = history.validated()
    window = 4 * robust.window(history.snapshots)
    now = robust.quiet_mean(history.class_error[:, -_LASTING[0] :])
    lowest = history.kept.lowest(
        "class-worse",
        None,
        history.class_error,
        lambda error: chance.mean_until(np.nan_to_num(error, nan=1.0), 5),
        reach=5,
    )
    among = (now - lowest >= threshold) & (now >= _TIMES * lowest)  # the others need no look
    if not among.any():
        return []
    rises = class_rises(
        history, threshold, window=window, lasting=_LASTING, among=np.asarray(among)
    )
    if rises is None:
        return []
    flag = np.asarray((rises.surprise >= 0) & learned(history, rises))
    ids = rises.classes[flag.any(axis=1)]
    if not len(ids):
        return []
    same = np.zeros(len(history.class_size), np.bool_)
    same[ids] = True
    of_collapse = class_rises(history, SUDDEN, among=same)
    if of_collapse is not None:
        ids = np.setdiff1d(ids, of_collapse.classes)
    since = {int(i): _since(history, rises, flag[rises.row(i)], int(i), threshold) for i in ids}
    stays = {class_id: first for class_id, first in since.items() if first is not None}
    if not stays:
        return []
    rise = {i: _now(history, i) - float(rises.level[rises.row(i), at]) for i, at in stays.items()}
    return [_worse(history, names, rises, stays, rise, threshold)]


def _now(history: History, class_id: int) -> float:
    """Return the error of a class over the last snapshots."""
    return float(np.nanmean(history.class_error[class_id, -_LASTING[0] :]))


def _since(
    history: History, rises: Rises, flag: NDArray[np.bool_], class_id: int, threshold: float
) -> int | None:
    """Return since when a class is worse, None where it is not so at the end, or not clearly."""
    first = int(np.argmax(flag))
    row = rises.row(class_id)
    before = float(rises.level[row, first])
    now = _now(history, class_id)
    large = now - before >= max(threshold, float(rises.rise[row, first]) / 2)
    if not large or now < _TIMES * before:
        return None
    return robust.left(history.class_error[class_id], first, before=before, after=now)


def _worse(
    history: History,
    names: Names,
    rises: Rises,
    stays: dict[int, int],
    rise: dict[int, float],
    threshold: float,
) -> Finding:
    """Return the finding of classes by since when they stay worse, and by how much."""
    ids = sorted(stays, key=lambda i: -rise[i])
    worst = ids[0]
    level = float(rises.level[rises.row(worst), stays[worst]])
    before, after = percents(level, _now(history, worst))
    of_worst = {"worst": names.of_classes([worst])} if len(ids) > 1 else {}
    return Finding(
        "class-worse",
        Severity.MEDIUM,
        start=int(history.iteration[stays[worst]]),
        end=None,
        strength=rise[worst] / threshold,
        value=rise[worst],
        classes=tuple(ids),
        text=say(
            "classes-worse" if of_worst else "class-worse",
            classes=names.of_classes(ids),
            before=before,
            after=after,
            **of_worst,
        ),
        chart=chart_of(
            f"error of {names.of_classes([worst])}", history, history.class_error[worst]
        ),
    )


def _example() -> History:
    """A class whose error is five times what it was, and stays there."""
    error = healthy().class_error.copy()
    error[1, AT:] = 0.18
    return healthy(class_error=error, class_size=np.full(len(error), 400))


RULE = Rule(
    name="class-worse",
    title="Class worse for good",
    meaning="The error of one learned class rises moderately or slowly, and stays there.",
    looks_at=(
        "The error of a class that lasts 10, 20 or 40 snapshots (a fifth of them aside) less what "
        "is expected: its mean over four windows before, moved by what most classes do; more than "
        "chance makes it in one of a hundred healthy runs, as for classes that collapse. At the "
        "last snapshots it is still at least twice what it was. Classes that collapse are not told "
        "again."
    ),
    needs=(VALIDATION, snapshots(14)),
    threshold=0.12,
    unit="share of the class's images",
    low=0.01,
    high=1,
    severities="medium",
    advice=(
        "Open the class in the validation view: what are its images predicted as since? Look for "
        "labels or images of it that changed in the training data."
    ),
    source=WILLIAMS,
    view="validation",
    check=class_worse,
    example=_example,
)
