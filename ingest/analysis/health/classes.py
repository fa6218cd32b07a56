"""Rules over the validation classes: a class that collapses, images forgotten all at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.analysis import anomalies
from ingest.analysis.flip_index import index_window
from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.sentences import Said, say
from ingest.analysis.health.words import percent, percents

# A rise counts where it lasts: the median over this many snapshots.
PERSISTENCE = 3
# Of so many snapshots it is no passing swing.
LASTING = 5
# A rise must be so many usual steps of the class's error.
_STEPS = 4.0


def class_collapse(history: History, threshold: float, names: Names) -> list[Finding]:
    """Classes whose error rises by the threshold and stays; those at one time are one finding."""
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


def mass_forgetting(history: History, threshold: float, names: Names) -> list[Finding]:
    """Snapshots at which a large share of all correct images is wrong at once."""
    counts = history.transitions.astype(np.float64)
    known = (counts >= 0).all(axis=1)
    total = counts.sum(axis=1)
    share = np.where(known & (total > 0), counts[:, 1] / np.maximum(total, 1), np.nan)
    length = robust.window(history.snapshots)
    usual = robust.usual(share, 4 * length)
    spread = robust.MAD_TO_STD * robust.quiet_median(
        np.abs(robust.before(share, 4 * length) - usual[:, None])
    )
    with np.errstate(invalid="ignore"):
        flag = (share >= threshold) & (share >= usual + 6 * np.maximum(spread, 0.01))
    error = history.validation_error
    found = []
    for first, last in robust.stretches(flag, gap=1):
        value = float(np.nanmax(share[first : last + 1]))
        closing = min(len(error), last + 1 + max(PERSISTENCE, length // 2))
        after = robust.quiet_median(error[last:closing])
        before = robust.quiet_median(error[max(0, first - length) : first])
        lasting = bool(after - before >= threshold) and closing - last > 2
        classes = _most_forgotten(history, first)
        found.append(
            Finding(
                "mass-forgetting",
                Severity.MEDIUM if lasting else Severity.LOW,
                start=int(history.iteration[first]),
                end=int(history.iteration[last]),
                strength=value / threshold,
                value=value,
                classes=tuple(classes),
                text=_forgotten(percent(value), names, classes),
                chart=chart_of("share of images forgotten", history, share, limit=threshold),
            )
        )
    return found


def _forgotten(share: str, names: Names, classes: list[int]) -> Said:
    if not classes:
        return say("mass-forgetting", share=share)
    return say("class-forgetting", share=share, classes=names.of_classes(classes))


def _most_forgotten(history: History, at: int) -> list[int]:
    """Return the classes, at most three, that lost most images at a snapshot."""
    flips = history.flips
    here: NDArray[np.bool_] = (flips.snapshot == at) & (flips.learned == 0)
    lost = np.bincount(history.image_class[flips.image[here]], minlength=len(history.class_size))
    order = np.argsort(-lost, kind="stable")[:3]
    return [int(i) for i in order if lost[i] > 0.2 * history.class_size[i]]


def anomaly(history: History, threshold: float, names: Names) -> list[Finding]:
    """Iterations at which stable images of a class flip: the anomalies at their default limits.

    `threshold` multiplies the number of images that makes a class anomalous.
    """
    flips = history.flips
    if not len(flips.snapshot):
        return []
    k = anomalies.default_window(history.snapshots)
    index = index_window(
        (flips.snapshot, flips.image, flips.before, flips.learned),
        k=k,
        snapshots=history.snapshots,
        image_class=history.image_class.astype(np.int32),
        classes=len(history.class_size),
    )
    m = threshold * anomalies.default_threshold(index.class_size)
    left = anomalies.find_anomalies(index, k=k, m=m, live=history.recording).left
    found = []
    for at in np.unique(left.snapshot):
        here = np.flatnonzero(left.snapshot == at)
        images = left.forgotten[here] + left.learned[here]
        order = here[np.argsort(-images, kind="stable")]
        ids = [int(i) for i in left.class_id[order]]
        found.append(
            Finding(
                "anomaly",
                Severity.INFO,
                start=int(history.iteration[at]),
                end=int(history.iteration[at]),
                strength=float(images.max() / m),
                value=float(images.sum()),
                classes=tuple(ids),
                text=say(
                    "anomaly", images=int(images.sum()), classes=names.of_classes(ids), window=k
                ),
            )
        )
    return found
