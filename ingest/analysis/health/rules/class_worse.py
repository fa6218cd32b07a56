"""Class worse for good: the error of one learned class rises moderately or slowly, and stays."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import chance, robust
from ingest.analysis.health.example import AT, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History
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
    means = history.kept.columns(
        "class-worse",
        None,
        history.class_error,
        lambda error: chance.mean_until(np.nan_to_num(error, nan=1.0), 5),
        reach=5,
    )
    lowest = means.min(axis=1, initial=np.inf)
    among = (now - lowest >= threshold) & (now >= _TIMES * lowest)  # the others need no look
    if not among.any():
        return []
    rises = class_rises(
        history,
        threshold,
        name="class-worse",
        window=window,
        lasting=_LASTING,
        among=np.asarray(among),
    )
    if rises is None:
        return []
    flag = np.asarray((rises.surprise >= 0) & learned(history, rises))
    ids = np.flatnonzero(flag.any(axis=1))
    if not len(ids):
        return []
    same = np.asarray(flag.any(axis=1))
    of_collapse = class_rises(history, SUDDEN, name="class-worse at once", among=same)
    if of_collapse is not None:
        ids = ids[~np.asarray((of_collapse.surprise >= 0).any(axis=1))[ids]]
    since = {int(i): _since(history, rises, np.asarray(flag[i]), int(i), threshold) for i in ids}
    stays = {class_id: first for class_id, first in since.items() if first is not None}
    if not stays:
        return []
    found = max(stays, key=lambda i: _now(history, i) - rises.level[i, stays[i]])
    return [_worse(history, names, stays, found, rises.level, threshold)]


def _now(history: History, class_id: int) -> float:
    """Return the error of a class over the last snapshots."""
    return float(np.nanmean(history.class_error[class_id, -_LASTING[0] :]))


def _since(
    history: History, rises: Rises, flag: NDArray[np.bool_], class_id: int, threshold: float
) -> int | None:
    """Return since when a class is worse, None where it is not so at the end, or not clearly."""
    first = int(np.argmax(flag))
    before = float(rises.level[class_id, first])
    now = _now(history, class_id)
    large = now - before >= max(threshold, float(rises.rise[class_id, first]) / 2)
    if not large or now < _TIMES * before:
        return None
    return robust.left(history.class_error[class_id], first, before=before, after=now)


def _worse(
    history: History,
    names: Names,
    stays: dict[int, int],
    worst: int,
    level: Floats,
    threshold: float,
) -> Finding:
    def rise(class_id: int) -> float:
        return _now(history, class_id) - float(level[class_id, stays[class_id]])

    ids = sorted(stays, key=lambda i: -rise(i))
    before, after = percents(float(level[worst, stays[worst]]), _now(history, worst))
    of_worst = {"worst": names.of_classes([worst])} if len(ids) > 1 else {}
    return Finding(
        "class-worse",
        Severity.MEDIUM,
        start=int(history.iteration[stays[worst]]),
        end=None,
        strength=rise(worst) / threshold,
        value=rise(worst),
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
