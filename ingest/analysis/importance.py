"""How much each setting of some runs mattered for a result: pure functions.

Of FOREST_FROM runs and more: permutation importance of a random forest. It is fitted to runs drawn
with replacement; of the runs that were not drawn, the values of one setting are shuffled, and
the importance is by how much the squared error of the forecast grows, in units of the result's
variance. Of fewer runs: rank correlation. Both are repeated with many draws of the runs: the
interval is where the middle 90 % of them lie. Settings that vary together share their importance.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
FOREST_FROM = 30
SECONDS = 6.0
MOST_SETTINGS = 40
TREES = 50
BOOTSTRAPS = 24
SHUFFLES = 4
DRAWS = 400
FEWEST_BOOTSTRAPS = 5
FOREST, RANKS = "forest", "ranks"

Floats = NDArray[np.float64]
Clock = Callable[[], float]


class TooFewRuns(ValueError):  # noqa: N818 - what it is
    """So few runs, or so alike, that nothing can be said; the text says why."""


@dataclass(frozen=True)
class Setting:
    """The values of one setting: numbers f8 [R] (NaN: not set), or the number of each category."""

    name: str
    values: Floats
    is_category: bool


@dataclass(frozen=True)
class Importance:
    """How much a setting matters, with the ends of its interval.

    By a forest it is in units of the result's variance, up to 2, and about 0 where the setting does
    not matter; by ranks the correlation, -1..1 (of categories the correlation ratio, 0..1).
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Importances:
    """All settings, those that matter most first; by which method, and of how many runs.

    `explained` is the share of the variance that the forest foretells of runs that it has not seen
    (NaN by ranks); `together` are pairs of settings that vary together.
    """

    method: str
    runs: int
    rows: tuple[Importance, ...]
    explained: float
    together: tuple[tuple[str, str], ...]


def varying(settings: Mapping[str, Sequence[Any]]) -> list[Setting]:
    """Return the settings that differ between runs: as numbers where all that are set are numbers.

    None stands for a setting that a run does not have.
    """
    found = []
    for name, values in settings.items():
        known = [value for value in values if value is not None]
        if len({repr(value) for value in values}) < 2:
            continue
        if all(_is_number(value) for value in known):
            numbers = [np.nan if value is None else float(value) for value in values]
            found.append(Setting(name, np.array(numbers), is_category=False))
        else:
            order = {text: at for at, text in enumerate(dict.fromkeys(map(repr, values)))}
            codes = np.array([order[repr(value)] for value in values], np.float64)
            if len(order) < len(values):
                found.append(Setting(name, codes, is_category=True))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def importances(
    settings: Sequence[Setting],
    result: Floats,
    *,
    seed: int = 0,
    seconds: float = SECONDS,
    clock: Clock = time.monotonic,
) -> Importances:
    """Return how much each setting matters for a result f8 [R]; runs without one do not count.

    Ends within about `seconds`, with fewer draws where those do not suffice. Raises TooFewRuns.
    """
    known = np.isfinite(result)
    runs = int(known.sum())
    if runs < FEWEST:
        raise TooFewRuns(
            f"{runs} of these runs have this result; importance needs at least {FEWEST}, better "
            f"{FOREST_FROM}."
        )
    kept = [Setting(one.name, one.values[known], one.is_category) for one in settings]
    kept = [one for one in kept if len(np.unique(one.values[~np.isnan(one.values)])) > 1]
    target = result[known]
    if not kept or target.std() == 0:
        raise TooFewRuns("These runs do not differ in their settings, or not in this result.")
    kept = kept[:MOST_SETTINGS]
    rng = np.random.default_rng(seed)
    deadline = clock() + seconds
    if runs < FOREST_FROM:
        draws, explained = _ranks(kept, target, rng), np.nan
        values = np.array([association(one, target) for one in kept])
    else:
        draws, explained = _forest(kept, target, rng, lambda: clock() > deadline)
        values = draws.mean(axis=0)
    low, high = np.nanpercentile(draws, (5, 95), axis=0)
    order = np.argsort(-(np.abs(values) if runs < FOREST_FROM else values), kind="stable")
    rows = tuple(
        Importance(kept[at].name, float(values[at]), float(low[at]), float(high[at]))
        for at in order
    )
    method = RANKS if runs < FOREST_FROM else FOREST
    return Importances(method, runs, rows, float(explained), together(kept))


def association(setting: Setting, target: Floats) -> float:
    """Return the rank correlation of a setting with a result; 0 where either does not vary.

    Of categories it is the correlation ratio of the ranks, less what chance alone would give.
    """
    known = ~np.isnan(setting.values)
    values, ranks = setting.values[known], _ranked(target[known])
    if len(values) < 3 or ranks.std() == 0 or values.std() == 0:
        return 0.0
    if not setting.is_category:
        return float(np.corrcoef(_ranked(values), ranks)[0, 1])
    groups = [ranks[values == code] for code in np.unique(values)]
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    free = len(ranks) - len(groups)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    by_chance = (len(groups) - 1) * within / free if free else total
    return float(np.sqrt(max(0.0, (total - within - by_chance) / total)))


def _ranked(values: Floats) -> Floats:
    """Return ranks; equal values share the mean of theirs."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return (ends - (count - 1) / 2.0)[inverse]


def _ranks(settings: Sequence[Setting], target: Floats, rng: np.random.Generator) -> Floats:
    """Return the association of each setting in runs drawn with replacement, [draws, settings]."""
    draws = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(target), len(target))
        own = [Setting(one.name, one.values[drawn], one.is_category) for one in settings]
        draws.append([association(one, target[drawn]) for one in own])
    return np.array(draws)


def _forest(
    settings: Sequence[Setting],
    target: Floats,
    rng: np.random.Generator,
    is_late: Callable[[], bool],
) -> tuple[Floats, float]:
    """Return importances in drawn runs, [draws, settings], and the share that is foretold."""
    from sklearn.ensemble import RandomForestRegressor

    columns, owner = _columns(settings)
    draws, errors = [], []
    for number in range(BOOTSTRAPS):
        if number >= FEWEST_BOOTSTRAPS and is_late():
            break
        drawn = rng.integers(0, len(target), len(target))
        left = np.setdiff1d(np.arange(len(target)), drawn)
        forest = RandomForestRegressor(TREES, random_state=int(rng.integers(2**31)))
        forest.fit(columns[drawn], target[drawn])
        shuffled = _shuffled(columns[left], owner, len(settings), rng)
        foretold = forest.predict(shuffled.reshape(-1, columns.shape[1]))
        squares = ((foretold.reshape(-1, len(left)) - target[left]) ** 2).mean(axis=1)
        plain, others = squares[0], squares[1:].reshape(len(settings), SHUFFLES).mean(axis=1)
        draws.append((others - plain) / target.var())
        errors.append(plain)
    return np.array(draws), float(1 - np.mean(errors) / target.var())


def _columns(settings: Sequence[Setting]) -> tuple[Floats, NDArray[np.int64]]:
    """Return what a forest is fitted to, [R, columns], a column for each category; and the place of
    the setting that each column is of.
    """
    columns, owner = [], []
    for at, one in enumerate(settings):
        parts = (
            [(one.values == code).astype(np.float64) for code in np.unique(one.values)]
            if one.is_category
            else [one.values]
        )
        columns += parts
        owner += [at] * len(parts)
    return np.stack(columns, axis=1), np.array(owner)


def _shuffled(
    columns: Floats, owner: NDArray[np.int64], settings: int, rng: np.random.Generator
) -> Floats:
    """Return the columns [1 + settings * SHUFFLES, n, columns]: as they are, then with those of one
    setting after the other shuffled together.
    """
    found = np.repeat(columns[None], 1 + settings * SHUFFLES, axis=0)
    for setting in range(settings):
        own = np.flatnonzero(owner == setting)
        for shuffle in range(SHUFFLES):
            order = rng.permutation(len(columns))
            found[1 + setting * SHUFFLES + shuffle][:, own] = columns[order][:, own]
    return found


TOGETHER = 0.7


def together(settings: Sequence[Setting]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of settings whose ranks (of numbers) correlate by TOGETHER or more."""
    numbers = [one for one in settings if not one.is_category]
    return tuple(
        (first.name, second.name)
        for at, first in enumerate(numbers)
        for second in numbers[at + 1 :]
        if not np.isnan(second.values).any() and abs(association(first, second.values)) >= TOGETHER
    )
