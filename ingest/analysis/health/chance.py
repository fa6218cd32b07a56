"""How far chance alone moves the error of a class: a sampling model, and its tail.

Of n images, a share is wrong. Under "nothing happened" this share is a Beta variable around the
class's level before: its variance is `dispersion` x p (1 - p), where 1 / n is that of n independent
images (the binomial), and more is what the class, the other classes and the whole set at that very
time swing from snapshot to snapshot (overdispersion; Williams, "The Analysis of Binary Responses
from Toxicological Experiments Involving Reproduction and Teratogenicity", Biometrics 1975). What
all classes do in common is expected of each.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln

from ingest.analysis.health.history import Floats

# Chance may bring one false finding of a kind in so many healthy runs.
FALSE_RUNS = 0.01
# So many snapshots in a row tell about as much as one that is independent of them.
MEMORY = 4
# The share of the snapshots of a change that may fall back is one in so many.
BACK = 5
# The median of a chi-square variable with one degree of freedom.
_CHI2_MEDIAN = 0.455
_MOST_DISPERSION = 0.9
MANY = 100
# Sums in whole numbers of such a part are exact.
FIXED = 2.0**36
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
    step, most = swings(error, level, upward=upward)
    swung, could = sum_before(step, 4 * length), sum_before(most, 4 * length)
    return Usual(level, dispersion(level, swung, could))


def swings(error: Floats, level: Floats, *, upward: bool = False) -> tuple[Floats, Floats]:
    """Return the square by which each error is off its level, and that of guessing; 0: unknown."""
    step = np.square(error - level)
    if upward:
        step = 2 * np.where(error > level, step, 0.0)
    most = np.square(0.02) + level * (1 - level)  # a class without errors has swung by none
    known = np.isfinite(error) & np.isfinite(level)
    return np.where(known, step, 0.0), np.where(known, most, 0.0)


def dispersion(level: Floats, swung: Floats, could: Floats) -> Floats:
    """Return the dispersion of classes [C, T] by the sums of their swings, and of the others'."""
    others = sum_of_classes(swung) / np.maximum(sum_of_classes(could), 1e-12)
    found = (swung + _OTHERS * others) / (could + _OTHERS)
    return np.where(np.isfinite(level), found, np.nan)


def sum_of_classes(values: Floats) -> Floats:
    """Return the sum of each column of [C, T], rounded the same however many columns there are."""
    return np.asarray(np.ascontiguousarray(values.T).sum(axis=-1))


def sum_before(values: Floats, length: int) -> Floats:
    """Return the sum of the `length` values ahead of each of [..., T], fewer at the start.

    In fixed point, to 1.5e-11: such sums are exact, and the same whatever came long before.
    """
    found = np.zeros(values.shape)
    if values.shape[-1] < 2:
        return found
    np.multiply(values[..., :-1], FIXED, out=found[..., 1:])
    np.rint(found, out=found)
    np.cumsum(found, axis=-1, out=found)
    if values.shape[-1] > length:
        found[..., length:] -= found[..., :-length].copy()
    found /= FIXED
    return found


def mean_before(values: Floats, length: int) -> Floats:
    """Return the mean of the `length` values ahead of each of [..., T]; NaN below 3 of them."""
    known = np.isfinite(values)
    if known.all():
        number = np.minimum(np.arange(values.shape[-1], dtype=np.float64), length)
        total = sum_before(values, length)
    else:
        number = sum_before(known.astype(np.float64), length)
        total = sum_before(np.where(known, values, 0.0), length)
    return np.where(number >= min(3, length), total / np.maximum(number, 1), np.nan)


def mean_until(values: Floats, length: int) -> Floats:
    """Return the mean of the up to `length` values up to and with each, f8 [..., T]."""
    total = sum_before(values, length - 1) + values if length > 1 else values
    number = np.minimum(np.arange(1, values.shape[-1] + 1), length)
    return np.asarray(total / number)


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


def exact_tail(
    share: Floats, expected: Floats, dispersion: Floats, size: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the same as the sum of the terms of the beta-binomial, elementwise over [n].

    Of few images the upper tail is heavier than that of the Beta variable; of more than MANY the
    two agree, and the latter is given.
    """
    found = tail(share, expected, dispersion, size)
    few = np.flatnonzero((size <= MANY) & (size > 1))
    if not len(few):
        return found
    n = size[few].astype(np.float64)[:, None]
    spread = np.clip(np.maximum(dispersion[few, None], 1 / n), 1e-6, _MOST_DISPERSION)
    within = np.maximum((spread - 1 / n) / (1 - 1 / n), 1e-6)
    p = np.clip(expected[few, None], 1e-6, 1 - 1e-6)
    a, b = p * (1 / within - 1), (1 - p) * (1 / within - 1)
    k = np.arange(int(n.max()) + 1)
    wrong = np.minimum(k, n)
    log = betaln(wrong + a, n - wrong + b) - betaln(a, b)
    log -= np.log(n + 1) + betaln(n - wrong + 1, wrong + 1)
    counted = (k <= n) & (k >= np.round(share[few, None] * n))
    found[few] = np.where(counted, np.exp(log), 0.0).sum(axis=1).clip(1e-300, 1.0)
    return found


def lasting_chance(chance: Floats, length: int) -> Floats:
    """Return the chance that so much lasts for `length` snapshots, every fifth aside.

    Snapshots close to each other are alike: MEMORY of them count as one.
    """
    spare = length // BACK
    kept = 1 + (length - spare - 1) / MEMORY
    return np.asarray(np.minimum(1.0, comb(1 + length // MEMORY, spare // MEMORY) * chance**kept))
