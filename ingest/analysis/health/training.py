"""Rules over the training as a whole: loss, errors, learning rate."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding, Names, Severity, chart_of
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.sentences import Said, say
from ingest.analysis.health.words import as_times, percent

_LOSS = "training loss"
# What counts: parts of the loss with which the training began.
_LARGE_RISE, _CLEAR_RISE, _SMALL_RISE = 0.25, 0.05, 0.01
_RATE_STEPS_BEFORE = 10


def first_loss(history: History) -> float:
    """Return the loss with which the training began: the largest of its first three; or NaN."""
    finite = history.train_loss[np.isfinite(history.train_loss)][:3]
    return float(finite.max()) if len(finite) else np.nan


def log_loss(history: History) -> Floats:
    """Return log10 of the training loss, f8 [T]; NaN where it is not above 0."""
    loss = history.train_loss
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.log10(np.where(loss > 0, loss, np.nan))
    return np.where(np.isfinite(found), found, np.nan)


def loss_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Sudden rises of the training loss, in usual steps of its logarithm."""
    logged = log_loss(history)
    length = robust.window(history.snapshots)
    usual = robust.usual(logged, length)
    steps = robust.noise(logged, 4 * length, floor=0.1)
    loss = 10**logged  # NaN where it is none
    with np.errstate(invalid="ignore", divide="ignore"):
        height = (logged - usual) / steps
        part = (loss - 10**usual) / first_loss(history)
        # What is large against the first loss need not stand out as much from the noise.
        flag = (height >= threshold) & (part >= _SMALL_RISE)
        flag |= (height >= threshold * 2 / 3) & (part >= _CLEAR_RISE)
        flag &= logged - usual >= np.log10(2)
    found = []
    for first, last in robust.stretches(flag, gap=2):
        peak = first + int(np.nanargmax(loss[first : last + 1]))
        times = float(10 ** (logged[peak] - usual[first]))
        rise = float(np.nanmax(part[first : last + 1]))
        severity = _by(rise, high=_LARGE_RISE, medium=_CLEAR_RISE)
        found.append(
            Finding(
                "loss-jump",
                severity,
                start=int(history.iteration[first]),
                end=robust.last_iteration(history.iteration, last),
                strength=float(np.nanmax(height[first : last + 1])),
                value=float(height[peak]),
                text=say(
                    "loss-jump",
                    times=as_times(times),
                    loss=f"{history.train_loss[peak]:.3g}",
                    iteration=f"{history.iteration[peak]:,}",
                ),
                chart=chart_of(_LOSS, history, history.train_loss, log=True),
            )
        )
    return found


def _by(value: float, *, high: float, medium: float) -> Severity:
    if value >= high:
        return Severity.HIGH
    return Severity.MEDIUM if value >= medium else Severity.LOW


def loss_swings(history: History, threshold: float, names: Names) -> list[Finding]:
    """Stretches in which the training loss goes up and down by a factor, again and again."""
    logged = log_loss(history)
    length = max(8, robust.window(history.snapshots, share=0.1))
    step = np.diff(logged, prepend=np.nan)
    recent = robust.before(np.append(step, np.nan), length)[1:]  # up to and with each snapshot
    known = np.count_nonzero(np.isfinite(recent), axis=-1)
    # Half of the steps in a stretch are as large as this one; a quarter must go each way.
    typical = robust.quiet_median(np.abs(recent))
    with np.errstate(invalid="ignore"):
        upward = np.count_nonzero(recent > 0, axis=-1)
    both_ways = (upward >= length // 4) & (known - upward >= length // 4)
    level = robust.smooth(history.train_loss, length)
    with np.errstate(invalid="ignore"):
        swinging = (10**typical >= threshold) & (known >= length) & both_ways
        # A loss near nothing swings by what single images add to it.
        swinging &= level >= _CLEAR_RISE * first_loss(history)
    found = []
    for first, last in robust.stretches(swinging, gap=length // 2):
        low = max(0, first - length + 1)
        large = np.abs(step[low : first + 1]) >= np.log10(threshold)
        began = low + int(np.argmax(large))
        value = float(10 ** np.nanmax(typical[first : last + 1]))
        found.append(
            Finding(
                "loss-swings",
                Severity.MEDIUM,
                start=int(history.iteration[began]),
                end=robust.last_iteration(history.iteration, last),
                strength=value / threshold,
                value=value,
                text=say("loss-swings", times=as_times(value)),
                chart=chart_of(_LOSS, history, history.train_loss, log=True),
            )
        )
    return found


def rising_together(history: History, threshold: float, names: Names) -> list[Finding]:
    """Training loss and training error that both stay above their best by a margin."""
    length = max(5, robust.window(history.snapshots, share=0.08))
    loss = robust.smooth(history.train_loss, length)
    error = robust.smooth(history.train_error, length)
    best_loss, best_error = _best(loss), _best(error)
    with np.errstate(invalid="ignore"):
        flag = (error - best_error >= threshold) & (loss >= 1.5 * best_loss)
        flag &= loss - best_loss >= _CLEAR_RISE * first_loss(history)
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
                text=say("rising-together", rise=percent(rise, places=1)),
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


# Early stopping judges by strips of so many epochs (Prechelt): a gap that is younger may be that of
# a network which has hardly begun, or whose normalisation is still settling.
STRIP_EPOCHS = 5


def overfitting(history: History, threshold: float, names: Names) -> list[Finding]:
    """A gap between validation and training error that stays; begins at the best snapshot."""
    length = max(5, robust.window(history.snapshots, share=0.08))
    gap = robust.smooth(_without_worst(history), length) - robust.smooth(
        history.train_error, length
    )
    with np.errstate(invalid="ignore"):
        flag = gap >= threshold
    places = [s for s in robust.stretches(flag, gap=length) if s[1] == history.snapshots - 1]
    if not places or places[0][1] - places[0][0] + 1 < length:
        return []
    if _epochs(history, *places[0]) < STRIP_EPOCHS:
        return []
    first, last = places[0]
    width = float(np.nanmax(gap[first : last + 1]))
    best = best_snapshot(history.validation_loss)
    falling = best is not None and best > history.snapshots - 1 - length
    start = first if best is None or falling else best
    return [
        Finding(
            "overfitting",
            Severity.HIGH if width >= 2 * threshold else Severity.MEDIUM,
            start=int(history.iteration[start]),
            end=None,
            strength=width / threshold,
            value=width,
            text=_overfits(history, percent(width, places=1), best, falling=falling),
            once=True,
            chart=chart_of("validation error less training error", history, gap, limit=threshold),
        )
    ]


def _overfits(history: History, gap: str, best: int | None, *, falling: bool) -> Said:
    if best is None:
        return say("overfitting", gap=gap)
    if falling:
        return say("overfitting-falling", gap=gap)
    iteration, risen = f"{history.iteration[best]:,}", _risen(history.validation_loss, best)
    if risen <= 0.02:
        return say("overfitting-lowest", gap=gap, iteration=iteration)
    return say("overfitting-risen", gap=gap, iteration=iteration, rise=percent(risen))


def _epochs(history: History, first: int, last: int) -> float:
    """Return the epochs from one snapshot to another; Inf where they are not known."""
    if history.epoch is None:
        return np.inf
    number = float(history.epoch[last] - history.epoch[first])
    return number if np.isfinite(number) else np.inf


def _without_worst(history: History) -> Floats:
    """Return the validation error without the worst tenth of the classes, f8 [T].

    A class whose images are broken is no overfitting. The plain error where classes are few.
    """
    error = history.class_error[history.class_size > 0] if len(history.class_error) else None
    if error is None or len(error) < 5 or error.shape[1] != history.snapshots:
        return history.validation_error
    kept = len(error) - max(1, len(error) // 10)
    return np.asarray(np.sort(error, axis=0)[:kept].mean(axis=0))


def best_snapshot(loss: Floats) -> int | None:
    """Return the snapshot of the lowest loss, the first of equal ones; None where none is known.

    It is what early stopping keeps (Prechelt, "Early Stopping - But When?", 1998).
    """
    finite = np.isfinite(loss)
    return int(np.argmin(np.where(finite, loss, np.inf))) if finite.any() else None


def _risen(loss: Floats, best: int | None) -> float:
    finite = loss[np.isfinite(loss)]
    if best is None or not len(finite) or loss[best] <= 0:
        return 0.0
    return float(np.median(finite[-5:]) / loss[best] - 1)


def plateau(history: History, threshold: float, names: Names) -> list[Finding]:
    """A training loss that stays where it began: less of it gone than the threshold."""
    began = first_loss(history)
    length = max(8, robust.window(history.snapshots, share=0.2))
    loss = history.train_loss
    if history.snapshots < length or not np.isfinite(began) or began <= 0:
        return []
    part = loss[-length:]
    if np.count_nonzero(np.isfinite(part)) < length // 2:
        return []
    level = float(np.nanmedian(part)) / began
    half = length // 2
    moved = abs(robust.quiet_median(part[:half]) - robust.quiet_median(part[-half:])) / began
    if level <= 1 - threshold or not moved <= 0.05:
        return []
    with np.errstate(invalid="ignore"):
        near = np.abs(robust.smooth(loss, 5) / began - level) <= 0.1
    first = next(s[0] for s in reversed([*robust.stretches(near, gap=2), (0, 0)][:1]))
    return [
        Finding(
            "plateau",
            Severity.HIGH if level >= 0.9 else Severity.MEDIUM,
            start=int(history.iteration[first]),
            end=None,
            strength=level / (1 - threshold),
            value=1 - level,
            text=say("plateau", level=percent(level)),
            once=True,
            chart=chart_of(_LOSS, history, loss),
        )
    ]


def rate_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Learning rates far above every earlier one, from one iteration to the next."""
    logged = history.logged.get("learning_rate")
    if logged is None or len(logged.values) < 2:
        return []
    rate = np.where(np.isfinite(logged.values), logged.values, 0.0)
    highest = np.maximum.accumulate(rate)[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.where(highest > 0, rate[1:] / highest, 1.0)
    # A warm-up begins near nothing: its first steps are no jumps.
    times[: min(_RATE_STEPS_BEFORE, len(times))] = 1.0
    found = []
    for at in np.flatnonzero(times >= threshold) + 1:
        back = np.flatnonzero(rate[at:] < rate[at] / threshold)
        last = at + int(back[0]) - 1 if len(back) else len(rate) - 1
        first = _snapshot_at(history, int(logged.iterations[at]))
        closing = _snapshot_at(history, int(logged.iterations[last]))
        factor = float(times[at - 1])
        found.append(
            Finding(
                "rate-jump",
                Severity.HIGH if factor >= 2 * threshold else Severity.MEDIUM,
                start=int(history.iteration[first]),
                end=robust.last_iteration(history.iteration, closing),
                strength=2 * factor / threshold,
                value=factor,
                text=say(
                    "rate-jump",
                    times=as_times(factor),
                    rate=f"{rate[at]:.3g}",
                    first=f"{logged.iterations[at]:,}",
                    last=f"{logged.iterations[last]:,}",
                ),
                chart=chart_of("learning rate", history, history.learning_rate, log=True),
            )
        )
    return found


def _snapshot_at(history: History, iteration: int) -> int:
    """Return the first snapshot at or after an iteration; the last one where there is none."""
    return min(int(np.searchsorted(history.iteration, iteration)), history.snapshots - 1)
