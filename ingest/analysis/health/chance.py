"""How far chance alone moves the error of a class: a sampling model, and its tail.

Of n images, a share is wrong. Under "nothing happened" this share is a Beta variable around the
class's level before: its variance is `dispersion` x p (1 - p), where 1 / n is that of n independent
images (the binomial), and more is what the class, the other classes and the whole set at that very
time swing from snapshot to snapshot (overdispersion; Williams, "The Analysis of Binary Responses
from Toxicological Experiments Involving Reproduction and Teratogenicity", Biometrics 1975). What
all classes do in common is expected of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from ingest.analysis.health import robust
from ingest.analysis.health.history import Floats, History

# Chance may bring one false finding of a kind in so many healthy runs.
FALSE_RUNS = 0.01
# So many snapshots in a row tell about as much as one that is independent of them.
MEMORY = 4
# Snapshots over which a change must last, and their share that may fall back: evidence is taken
# where it is strongest, and the choice is paid for.
LASTING = (3, 5, 10, 20, 40)
BACK = 5
# The median of a chi-square variable with one degree of freedom.
_CHI2_MEDIAN = 0.455
_MOST_DISPERSION = 0.9
# What the other classes tell of a class's swings, in snapshots of its own at an error of 5 %.
_OTHERS = 20 * 0.05 * 0.95


@dataclass(frozen=True)
class Usual:
    """What is usual of each class at each snapshot, by the snapshots ahead, all f8 [C, T].

    `level` is the mean error over the window; `dispersion` as above, without the binomial part of
    the class itself. NaN where less than three snapshots are ahead.
    """

    level: Floats
    dispersion: Floats


def usual(error: Floats, length: int, *, upward: bool = False) -> Usual:
    """Return what is usual of classes with `error` f8 [C, T], over windows of `length`.

    `upward`: only swings upward count, twice. A falling error is no swing, but single classes that
    came down late are the ones that go up again.
    """
    level = mean_before(error, length)
    step = np.square(error - level)
    if upward:
        step = 2 * np.where(error > level, step, 0.0)
    most = np.square(0.02) + level * (1 - level)  # a class without errors has swung by none
    known = np.isfinite(error) & np.isfinite(level)
    step, most = np.where(known, step, 0.0), np.where(known, most, 0.0)
    swung, could = sum_before(step, 4 * length), sum_before(most, 4 * length)
    others = swung.sum(axis=0) / np.maximum(could.sum(axis=0), 1e-12)
    dispersion = (swung + _OTHERS * others) / (could + _OTHERS)
    return Usual(level, np.where(np.isfinite(level), dispersion, np.nan))


def sum_before(values: Floats, length: int) -> Floats:
    """Return the sum of the `length` values ahead of each of [..., T], fewer at the start."""
    total = np.cumsum(values, axis=-1)
    ahead = np.concatenate([np.zeros((*values.shape[:-1], 1)), total], axis=-1)
    places = np.arange(values.shape[-1])
    return ahead[..., places] - ahead[..., np.maximum(0, places - length)]


def mean_before(values: Floats, length: int) -> Floats:
    """Return the mean of the `length` values ahead of each of [..., T]; NaN below 3 of them."""
    known = np.isfinite(values)
    number = sum_before(known.astype(np.float64), length)
    total = sum_before(np.where(known, values, 0.0), length)
    return np.where(number >= min(3, length), total / np.maximum(number, 1), np.nan)


def lasting_low(values: Floats, length: int, *, whole: bool) -> Floats:
    """Return the value that all but every fifth of the `length` from each on reach, f8 [n, T].

    NaN where fewer are left, or one of them is not known. Where not `whole`, two are enough at the
    end.
    """
    n, snapshots = values.shape
    found = np.full(values.shape, np.nan)
    if snapshots >= length:
        windows = np.lib.stride_tricks.sliding_window_view(values, length, axis=1)
        spare = length // BACK
        low = np.partition(windows, spare, axis=-1)[..., spare] if n else windows[..., 0]
        found[:, : snapshots - length + 1] = np.where(np.isnan(windows).any(axis=-1), np.nan, low)
    if not whole and length == LASTING[0] and snapshots >= 2:
        found[:, -2] = values[:, -2:].min(axis=1)
    return found


def common_shift(error: Floats, level: Floats, size: NDArray[np.integer]) -> Floats:
    """Return by how much the log odds of the errors of most classes are above their level, f8 [T].

    The lower median over the classes: of two, the one that moved less. Never below 0.
    """
    at_all = log_odds(error, size) - log_odds(level, size)
    return np.maximum(np.nan_to_num(_lower_median(at_all)), 0.0)


def swing_now(error: Floats, expected: Floats) -> Floats:
    """Return the dispersion that most classes show around what is expected of them, f8 [T]."""
    with np.errstate(invalid="ignore"):
        part = np.square(error - expected) / (np.square(0.02) + expected * (1 - expected))
    return np.nan_to_num(_lower_median(part)) / _CHI2_MEDIAN


def log_odds(share: Floats, size: NDArray[np.integer]) -> Floats:
    """Return the log odds of shares [C, T] of `size` [C] images, half an image on each side."""
    n = np.maximum(size, 1)[:, None]
    return np.asarray(np.log((share * n + 0.5) / ((1 - share) * n + 0.5)))


def shifted(level: Floats, shift: Floats, size: NDArray[np.integer]) -> Floats:
    """Return levels [C, T] with their log odds shifted by [T]: what is expected of each class."""
    return np.asarray(1 / (1 + np.exp(-(log_odds(level, size) + shift))))


def _lower_median(values: Floats) -> Floats:
    """Return the lower median of the known values of each column of [C, T]; NaN for none."""
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)  # NaN last
    middle = np.maximum(0, np.count_nonzero(~np.isnan(values), axis=0) - 1) // 2
    return np.asarray(np.take_along_axis(ordered, middle[None], axis=0)[0])


def tail(
    share: Floats, expected: Floats, dispersion: Floats, size: NDArray[np.number]
) -> NDArray[np.float64]:
    """Return the chance that a class errs on a share of at least `share`, elementwise."""
    spread = np.clip(np.maximum(dispersion, 1 / np.maximum(size, 1)), 1e-6, _MOST_DISPERSION)
    weight = 1 / spread - 1
    p = np.clip(expected, 1e-6, 1 - 1e-6)
    half_below = np.clip(share - 0.5 / np.maximum(size, 1), 1e-9, 1.0)
    return np.asarray(1 - betainc(weight * p, weight * (1 - p), half_below)).clip(1e-300, 1.0)


def lasting_chance(chance: Floats, length: int) -> Floats:
    """Return the chance that so much lasts for `length` snapshots, every fifth aside.

    Snapshots close to each other are alike: MEMORY of them count as one.
    """
    spare = length // BACK
    kept = 1 + (length - spare - 1) / MEMORY
    return np.asarray(np.minimum(1.0, comb(1 + length // MEMORY, spare // MEMORY) * chance**kept))


@dataclass(frozen=True)
class Rises:
    """Rises of classes that chance does not bring, by class and snapshot; all [C, T].

    `surprise` f8 is log10 of how many times rarer than allowed it is, above 0 where it stands out
    over all classes and snapshots of the run; `rise` the lasting rise of the error over what is
    expected; both -Inf where nothing stands out.
    """

    surprise: Floats
    rise: Floats
    level: Floats


def class_rises(
    history: History,
    threshold: float,
    *,
    window: int | None = None,
    lasting: Sequence[int] = LASTING,
) -> Rises:
    """Return where the error of single classes rises by at least the threshold and stays there.

    `window` are the snapshots before that say what is usual, `lasting` those it may last for.
    Tests: every class at every snapshot for every length (Bonferroni), so that FALSE_RUNS of the
    healthy runs have one.
    """
    error, size = history.class_error, history.class_size
    short = robust.window(history.snapshots)
    ahead = usual(error, window or short)
    # What came down a moment ago has not been learned by then: its past counts too.
    ahead = Usual(np.fmax(ahead.level, mean_before(error, 4 * short)), ahead.dispersion)
    shift = common_shift(error, ahead.level, size)
    swings = swing_now(error, shifted(ahead.level, shift, size))
    return _rises(error, size, threshold, (ahead, shift, swings), lasting, history.recording)


def set_rises(
    history: History,
    threshold: float,
    *,
    window: int | None = None,
    lasting: Sequence[int] = LASTING,
) -> Rises:
    """Return where the error of the whole validation set rises and stays, each [1, T]."""
    error = history.validation_error[None]
    size = np.array([max(1, int(history.class_size.sum()))])
    ahead = usual(error, window or robust.window(history.snapshots), upward=True)
    nothing = np.zeros(history.snapshots)
    return _rises(error, size, threshold, (ahead, nothing, nothing), lasting, history.recording)


def _rises(
    error: Floats,
    size: NDArray[np.integer],
    threshold: float,
    expected: tuple[Usual, Floats, Floats],
    lengths: Sequence[int],
    whole: bool,
) -> Rises:
    ahead, shift, swings = expected
    surprise = np.full(error.shape, -np.inf)
    rise = np.full(error.shape, -np.inf)
    classes = max(1, int(np.count_nonzero(size > 0)))
    tests = classes * max(100, error.shape[1]) * len(lengths)
    for lasting in lengths:
        class_id, at, low = _candidates(error, ahead.level, threshold, lasting, whole)
        n, level = size[class_id], ahead.level[class_id, at].clip(0, 1)
        odds = np.log((level * n + 0.5) / ((1 - level) * n + 0.5))
        share = 1 / (1 + np.exp(-(odds + _lasting_mean(shift, lasting)[at])))
        spread = np.maximum(ahead.dispersion[class_id, at], _lasting_mean(swings, lasting)[at])
        by_chance = lasting_chance(tail(low, share, spread, n), lasting)
        more = -np.log10(np.maximum(by_chance, 1e-300) * tests / FALSE_RUNS)
        above = low - np.maximum(share, level)
        keep = (above >= threshold) & (more >= 0)
        place = (class_id[keep], at[keep])
        surprise[place] = np.maximum(more[keep], surprise[place])
        rise[place] = np.maximum(above[keep], rise[place])
    return Rises(surprise, rise, ahead.level)


def _lasting_mean(values: Floats, length: int) -> Floats:
    """Return the mean of the up to `length` values from each on, f8 [T]."""
    return _flip(mean_until(_flip(values), length))


def mean_until(values: Floats, length: int) -> Floats:
    """Return the mean of the up to `length` values up to and with each, f8 [..., T]."""
    total = sum_before(values, length - 1) + values if length > 1 else values
    number = np.minimum(np.arange(1, values.shape[-1] + 1), length)
    return np.asarray(total / number)


def _flip(values: Floats) -> Floats:
    return values[..., ::-1]


def _candidates(
    error: Floats, level: Floats, threshold: float, lasting: int, whole: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return classes, snapshots and the lasting error where it is the threshold above the level.

    A lasting error lies below the highest of its values: most classes of a run that goes well are
    ruled out by that, without sorting.
    """
    with np.errstate(invalid="ignore"):
        some = np.flatnonzero(np.count_nonzero(error - level >= threshold, axis=1) >= 2)
        low = lasting_low(error[some], lasting, whole=whole)
        more = low - level[some]
        # It must have risen at t itself, and not only later.
        row, at = np.nonzero((more >= threshold) & (error[some] - level[some] >= more / 2))
    return some[row], at, low[row, at]
