"""What two or more runs have in common and where they differ: pure functions.

Layers and classes are matched by name, settings are told apart, values at the same tick of
alignment.py are subtracted and averaged.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Hyperparameters by these names (or ending so, after a dot) are seeds.
SEEDS = ("seed", "random_seed", "manual_seed", "rng_seed")
NONE = -1

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Matching:
    """Things of several runs matched by name.

    `names` [M] that at least two runs have, in the order of the first run that has them; `places`
    i4 [R, M] is where each run has them, -1: not there. `lone`: the names that only this run has.
    """

    names: tuple[str, ...]
    places: Ints
    lone: tuple[tuple[str, ...], ...]


def match_names(runs: Sequence[Sequence[str]]) -> Matching:
    """Match by equal names; the second of equal names in one run is matched with the second."""
    keyed = [_numbered(names) for names in runs]
    order = list(dict.fromkeys(key for keys in keyed for key in keys))
    shared = [key for key in order if sum(key in keys for keys in keyed) > 1]
    places = np.array(
        [[keys.get(key, NONE) for key in shared] for keys in keyed], np.int32
    ).reshape(len(runs), len(shared))
    kept = set(shared)
    lone = tuple(tuple(name for name, at in keys if (name, at) not in kept) for keys in keyed)
    return Matching(tuple(name for name, _ in shared), places, lone)


def _numbered(names: Sequence[str]) -> dict[tuple[str, int], int]:
    seen: dict[str, int] = {}
    found = {}
    for place, name in enumerate(names):
        seen[name] = seen.get(name, -1) + 1
        found[name, seen[name]] = place
    return found


def difference(first: Floats, second: Floats) -> Floats:
    """Return second - first; NaN wherever either is."""
    return second - first


@dataclass(frozen=True)
class Disagreement:
    """The images on which two runs differ, by id, rising; and how many both know, or neither."""

    first_only: Ints
    second_only: Ints
    both: int
    neither: int


def disagreement(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Disagreement:
    """Compare whether each image [N] is classified correctly; ValueError for unlike lengths."""
    if first.shape != second.shape:
        raise ValueError(f"{first.shape} images cannot be compared with {second.shape}")
    return Disagreement(
        np.flatnonzero(first & ~second).astype(np.int32),
        np.flatnonzero(second & ~first).astype(np.int32),
        int((first & second).sum()),
        int((~first & ~second).sum()),
    )


@dataclass(frozen=True)
class Spread:
    """Mean, sample standard deviation (n - 1; NaN of a single run) and number of runs, [..., K]."""

    mean: Floats
    deviation: Floats
    count: Ints


def mean_and_spread(values: Floats) -> Spread:
    """Average runs [R, ..., K]; NaN does not count, and the mean of nothing is NaN."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / count
        squares = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
        deviation = np.sqrt(squares / (count - 1.0))
    deviation = np.where(count > 1, deviation, np.nan)
    return Spread(np.where(count > 0, mean, np.nan), deviation, count.astype(np.int32))


@dataclass(frozen=True)
class Extremes:
    """The least and the greatest value of runs, [..., K]; NaN where fewer than two have one."""

    low: Floats
    high: Floats


def extremes(values: Floats) -> Extremes:
    """Return the least and the greatest of runs [R, ..., K]; NaN does not count."""
    several = (~np.isnan(values)).sum(axis=0) > 1
    low = np.fmin.reduce(values, axis=0)
    high = np.fmax.reduce(values, axis=0)
    return Extremes(np.where(several, low, np.nan), np.where(several, high, np.nan))


ABSENT = object()


@dataclass(frozen=True)
class Settings:
    """Settings of runs as (name, a value for each run): those that differ, those that do not.

    ABSENT stands for a setting that a run does not have.
    """

    different: tuple[tuple[str, tuple[Any, ...]], ...]
    same: tuple[tuple[str, tuple[Any, ...]], ...]


def compare_settings(settings: Sequence[Mapping[str, Any]]) -> Settings:
    """Tell which settings of runs differ, in the order in which they are first named."""
    rows = [
        (name, tuple(one.get(name, ABSENT) for one in settings))
        for name in dict.fromkeys(name for one in settings for name in one)
    ]
    differs = [len({_key(value) for value in values}) > 1 for _, values in rows]
    return Settings(
        tuple(row for row, yes in zip(rows, differs, strict=True) if yes),
        tuple(row for row, yes in zip(rows, differs, strict=True) if not yes),
    )


def is_seed(name: str) -> bool:
    """Return whether a setting says nothing but where the random numbers began."""
    return name.rpartition(".")[2].lower() in SEEDS


def seed_groups(settings: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the group of each run: equal for runs that differ by nothing but seeds; 0 and up."""
    numbers: dict[Hashable, int] = {}
    found = []
    for one in settings:
        kept = tuple(sorted((name, _key(one[name])) for name in one if not is_seed(name)))
        found.append(numbers.setdefault(kept, len(numbers)))
    return found


def setting_groups(
    settings: Sequence[Mapping[str, Any]], name: str = ""
) -> tuple[list[int], list[str]]:
    """Return the group of each run by the value of one setting, and what each group is called.

    Without a name it is the first setting, no seed, that differs and has a value twice, else the
    first one. Groups stand in the order of their values: numbers by size, then texts.
    """
    by = name or _telling(settings)
    values = [one.get(by, ABSENT) for one in settings]
    keys = [_key(value) for value in values]
    first = {key: value for key, value in zip(reversed(keys), reversed(values), strict=True)}
    order = sorted(first, key=lambda key: _order(first[key]))
    numbers = {key: number for number, key in enumerate(order)}
    return [numbers[key] for key in keys], [f"{by} {as_text(first[key])}" for key in order]


def _telling(settings: Sequence[Mapping[str, Any]]) -> str:
    different = compare_settings(settings).different
    telling = [
        name
        for name, values in different
        if not is_seed(name) and len({_key(value) for value in values}) < len(values)
    ]
    return next(iter([*telling, *(name for name, _ in different), *settings[0]]), "")


def _order(value: Any) -> tuple[int, float, str]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, float(value), ""
    return (2 if value is ABSENT else 1), 0.0, as_text(value)


def as_text(value: Any) -> str:
    """Return a setting's value as people write it."""
    if value is ABSENT:
        return "not set"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return str(value)


def _key(value: Any) -> str:
    """Return a text that is equal for equal values: 1 and 1.0 are, 1 and true are not."""
    if value is ABSENT:
        return "absent"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"number {float(value)!r}"
    return f"{type(value).__name__} {value!r}"
