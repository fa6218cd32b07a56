"""Rises of the error of classes, and of the whole validation set, that chance does not bring."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ingest.analysis.health import chance, robust
from ingest.analysis.health.ahead import Ahead
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.kept import AT_ONCE

# Snapshots over which a change must last, and their share that may fall back: evidence is taken
# where it is strongest, and the choice is paid for.
LASTING = (3, 5, 10, 20, 40)


@dataclass(frozen=True)
class Rises:
    """Rises of classes that chance does not bring, by class and snapshot; f8 [n, T].

    `classes` [n], rising, are those of which something stands out. `surprise` is log10 of how many
    times rarer than allowed it is, above 0 where it stands out over all classes and snapshots of
    the run; `rise` the lasting rise of the error over what is expected; both -Inf where nothing
    stands out. `level` is what is expected of them, `level_of_all` [T] its mean over all classes.
    """

    classes: NDArray[np.intp]
    surprise: Floats
    rise: Floats
    level: Floats
    level_of_all: Floats

    def row(self, class_id: int) -> int:
        """Return where a class stands among `classes`, which has it."""
        return int(np.searchsorted(self.classes, class_id))


def class_rises(
    history: History,
    threshold: float,
    *,
    window: int | None = None,
    lasting: Sequence[int] = LASTING,
    among: NDArray[np.bool_] | None = None,
) -> Rises | None:
    """Return where the error of single classes rises by at least the threshold and stays there.

    `window` are the snapshots before that say what is usual, `lasting` those it may last for,
    `among` [C] the classes to look at (all). Who asks for the same threshold and window goes on
    from where another was. None: nothing stands out. Tests: every class at every snapshot for
    every length (Bonferroni), so that FALSE_RUNS of the healthy runs have one.
    """
    error, size = history.class_error, history.class_size
    short = robust.window(history.snapshots)
    lengths = (window or short, 4 * short)
    given = (*lengths, threshold, size.tobytes())
    name = f"rises from {threshold}{' over more' if window else ''}"
    expected = history.kept.following(name, given, error, lambda: Ahead(*lengths, size, threshold))
    some = expected.above >= 2
    if among is not None:
        some &= among
    return _rises(error, size, threshold, expected, lasting, history.recording, some)


def set_rises(
    history: History,
    threshold: float,
    *,
    window: int | None = None,
    lasting: Sequence[int] = LASTING,
) -> Rises | None:
    """Return where the error of the whole validation set rises and stays, each [1, T].

    None: nothing stands out.
    """
    error = history.validation_error[None]
    size = np.array([max(1, int(history.class_size.sum()))])
    ahead = chance.usual(error, window or robust.window(history.snapshots), upward=True)
    expected = _Set(ahead.level, ahead.dispersion, np.zeros(history.snapshots))
    some = np.ones(1, np.bool_)
    return _rises(error, size, threshold, expected, lasting, history.recording, some)


class _Expected(Protocol):
    """What is expected of classes: see Ahead."""

    @property
    def level(self) -> Floats: ...

    @property
    def dispersion(self) -> Floats: ...

    @property
    def shift(self) -> Floats: ...

    @property
    def swings(self) -> Floats: ...

    @property
    def level_of_all(self) -> Floats: ...


@dataclass(frozen=True)
class _Set:
    """What is expected of the whole set, which has no others beside it."""

    level: Floats
    dispersion: Floats
    shift: Floats

    @property
    def swings(self) -> Floats:
        """Return that no others swing."""
        return self.shift

    @property
    def level_of_all(self) -> Floats:
        """Return the level of the set itself."""
        return np.asarray(self.level[0])


def _rises(
    error: Floats,
    size: NDArray[np.integer],
    threshold: float,
    expected: _Expected,
    lengths: Sequence[int],
    whole: bool,
    some: NDArray[np.bool_],
) -> Rises | None:
    """Return the rises of the classes `some` [C]; None where nothing stands out."""
    level, dispersion = expected.level, expected.dispersion
    tests = max(1, int(np.count_nonzero(size > 0))) * max(100, error.shape[1]) * len(lengths)
    found = []
    for lasting in lengths:
        class_id, at, low = _all_candidates(error, level, threshold, lasting, whole, some)
        n, before = size[class_id], level[class_id, at].clip(0, 1)
        odds = np.log((before * n + 0.5) / ((1 - before) * n + 0.5))
        share = 1 / (1 + np.exp(-(odds + _lasting_mean(expected.shift, lasting)[at])))
        spread = np.maximum(dispersion[class_id, at], _lasting_mean(expected.swings, lasting)[at])
        above = low - np.maximum(share, before)
        at_most = chance.lasting_chance(chance.tail(low, share, spread, n), lasting)
        keep = (above >= threshold) & (at_most * tests <= chance.FALSE_RUNS)
        # Only what the quick one lets through is worth the exact one.
        class_id, at, above = class_id[keep], at[keep], above[keep]
        exact = chance.exact_tail(low[keep], share[keep], spread[keep], n[keep])
        by_chance = chance.lasting_chance(exact, lasting).clip(1e-300)
        more = -np.log10(by_chance * tests / chance.FALSE_RUNS)
        keep = more >= 0
        found.append((class_id[keep], at[keep], more[keep], above[keep]))
    classes = np.unique(np.concatenate([class_id for class_id, *_ in found]))
    if not len(classes):
        return None
    surprise, rise = (np.full((len(classes), error.shape[1]), -np.inf) for _ in range(2))
    for class_id, at, more, above in found:
        place = (np.searchsorted(classes, class_id), at)
        surprise[place] = np.maximum(more, surprise[place])
        rise[place] = np.maximum(above, rise[place])
    return Rises(classes, surprise, rise, level[classes], expected.level_of_all)


def _lasting_mean(values: Floats, length: int) -> Floats:
    """Return the mean of the up to `length` values from each on, f8 [T]."""
    return _flip(chance.mean_until(_flip(values), length))


def _flip(values: Floats) -> Floats:
    return values[..., ::-1]


def _all_candidates(
    error: Floats,
    level: Floats,
    threshold: float,
    lasting: int,
    whole: bool,
    among: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return `_candidates` of some classes at a time, for the memory."""
    classes = np.flatnonzero(among)
    step = max(1, AT_ONCE // max(1, error.shape[1]))
    parts = [
        _candidates(error, level, threshold, lasting, whole, classes[begin : begin + step])
        for begin in range(0, max(1, len(classes)), step)
    ]
    class_id, at, low = (np.concatenate(part) for part in zip(*parts, strict=True))
    return class_id, at, low


def _candidates(
    error: Floats,
    level: Floats,
    threshold: float,
    lasting: int,
    whole: bool,
    some: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return classes, snapshots and the lasting error where it is the threshold above the level.

    A lasting error lies below the highest of its values: most classes of a run that goes well are
    not among `some`, those that are so high at two snapshots.
    """
    with np.errstate(invalid="ignore"):
        low = lasting_low(error[some], lasting, whole=whole)
        more = low - level[some]
        # It must have risen at t itself, and not only later.
        row, at = np.nonzero((more >= threshold) & (error[some] - level[some] >= more / 2))
    return some[row], at, low[row, at]


def lasting_low(values: Floats, length: int, *, whole: bool) -> Floats:
    """Return the value that all but every fifth of the `length` from each on reach, f8 [n, T].

    NaN where fewer are left, or one of them is not known. Where not `whole`, two are enough at the
    end.
    """
    snapshots = values.shape[1]
    found = np.full(values.shape, np.nan)
    begin, end = length // 2, snapshots - length + 1
    # Row by row: all windows of 10,000 classes at once would take gigabytes.
    for row, given in zip(found, values, strict=True) if end > 0 else ():
        unknown = np.isnan(given)
        filled = np.where(unknown, np.inf, given)
        low = ndimage.rank_filter(filled, length // chance.BACK, size=length, mode="constant")
        row[:end] = low[begin : begin + end]
        if unknown.any():
            gaps = np.concatenate([[0], np.cumsum(unknown)])
            row[:end][gaps[length:] > gaps[:-length]] = np.nan
    if not whole and length == LASTING[0] and snapshots >= 2:
        found[:, -2] = values[:, -2:].min(axis=1)
    return found
