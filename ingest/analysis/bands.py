"""Bands that good runs of one recipe stay within, learned from these runs, and who leaves them.

Runs are laid on one axis (progress, epochs or iterations) and their series are made comparable:
logarithms of what is positive, asin(sqrt()) of shares, whose spread then hardly depends on the
share. At each place the centre is the median over the runs, the spread their standard deviation,
pooled over neighbouring places and moderated by that of the whole series (few runs tell little of
a spread at one place). How many spreads wide a band is, is calibrated by leaving one good run out
at a time: the largest departure of a left-out run, over all places and all series of its family, is
what one more good run has, too. So a band holds for all its series over the whole run at once.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

LEAST_RUNS = 5
MOST_PLACES = 200
# How often one more good run may leave any of its bands.
RATE = 0.05
_POOLED = 0.05  # of the places, to both sides together, and at least three of them
_PRIOR = 2.0  # runs that the spread of the whole series counts for
_LEAST_SPREAD = 0.05  # of the logarithm of the largest departures: few runs may agree by chance

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """Series of one family: f8 [n, T], comparable; `floor` f8 [n] is the least spread of each."""

    values: Floats
    floor: Floats


@dataclass(frozen=True)
class Course:
    """One run: where its snapshots stand, f8 [T], rising, and its series by family."""

    position: Floats
    families: Mapping[str, Series]


@dataclass(frozen=True)
class Band:
    """The bands of one family, f8 [n, P]: within `width` times `spread` of `centre`; NaN: none."""

    centre: Floats
    spread: Floats
    width: float


@dataclass(frozen=True)
class Bands:
    """What good runs stay within: on the places f8 [P] of the axis, by family; of so many runs."""

    position: Floats
    families: Mapping[str, Band]
    runs: int


@dataclass(frozen=True)
class Departure:
    """A series that left its band: from place `first` to `last`, None while it lasts.

    `excess` is its largest distance from the centre in widths of the band: 1 is at its edge.
    `side` is 1 above, -1 below.
    """

    family: str
    series: int
    first: int
    last: int | None
    excess: float
    side: int


def learn(runs: Sequence[Course], *, rate: float = RATE) -> Bands | None:
    """Return the bands of good runs; None for fewer than LEAST_RUNS of them."""
    if len(runs) < LEAST_RUNS:
        return None
    places = _places(runs)
    shared = [name for name in runs[0].families if all(_alike(runs[0], run, name) for run in runs)]
    found = {}
    for name in shared:
        values = np.stack([at_places(run, name, places) for run in runs])  # [G, n, P]
        floor = np.max([run.families[name].floor for run in runs], axis=0)
        band = _band(values, floor, rate / max(1, len(shared)))
        if band is not None:
            found[name] = band
    return Bands(places, found, len(runs))


def _alike(one: Course, other: Course, name: str) -> bool:
    there = other.families.get(name)
    return there is not None and len(there.values) == len(one.families[name].values)


def _places(runs: Sequence[Course]) -> Floats:
    """Return the snapshots of a usual run: of many, more of the early ones."""
    usual = sorted(runs, key=lambda run: len(run.position))[len(runs) // 2].position
    if len(usual) <= MOST_PLACES:
        return usual
    part = np.linspace(0, 1, MOST_PLACES) ** 1.5
    return usual[np.unique(np.round(part * (len(usual) - 1)).astype(int))]


def at_places(run: Course, family: str, places: Floats) -> Floats:
    """Return the series of a family at the places, f8 [n, P], between snapshots by straight lines.

    NaN ahead of the first snapshot that has them and after the last.
    """
    values = run.families[family].values
    there = np.isfinite(values).any(axis=0) if values.size else np.zeros(0, np.bool_)
    position, values = run.position[there], values[:, there]
    if not len(position):
        return np.full((len(run.families[family].values), len(places)), np.nan)
    after = np.clip(np.searchsorted(position, places), 0, len(position) - 1)
    before = np.maximum(0, after - (position[after] > places))
    span = position[after] - position[before]
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(span > 0, (places - position[before]) / span, 0.0)
        found = values[:, before] * (1 - weight) + values[:, after] * weight
    # Where the weight is 0 or 1, the other end does not matter, whatever it is.
    found = np.where(weight == 0, values[:, before], found)
    outside = (places < position[0]) | (places > position[-1])
    return np.where(outside | ~np.isfinite(found), np.nan, found)


def _band(values: Floats, floor: Floats, rate: float) -> Band | None:
    """Return the band of [G, n, P], calibrated so that one more run leaves it at this rate."""
    everyone = np.arange(len(values))
    departures = []
    for left_out in everyone:
        centre, spread = _usual(values[everyone != left_out], floor)
        away = lasting(_distance(values[left_out], centre, spread))
        departures.append(np.nanmax(away) if np.isfinite(away).any() else np.nan)
    largest = np.array(departures)
    largest = largest[np.isfinite(largest) & (largest > 0)]
    if len(largest) < LEAST_RUNS:
        return None
    centre, spread = _usual(values, floor)
    return Band(centre, spread, _width(largest, rate))


def _width(largest: Floats, rate: float) -> float:
    """Return what the largest departure of one more run exceeds at this rate.

    By a prediction interval of its logarithm, and never less than any run had.
    """
    logs, number = np.log(largest), len(largest)
    spread = max(float(logs.std(ddof=1)), _LEAST_SPREAD)
    beyond = float(stdtrit(number - 1, 1 - rate)) * spread * np.sqrt(1 + 1 / number)
    return float(np.exp(max(logs.max(), logs.mean() + beyond)))


def _usual(values: Floats, floor: Floats) -> tuple[Floats, Floats]:
    """Return centre and spread of [G, n, P], each [n, P]; NaN where fewer than all but one are."""
    known = np.isfinite(values).sum(axis=0)
    enough = known >= max(2, len(values) - 1)
    clean = np.where(enough, values, np.nan)
    with np.errstate(invalid="ignore"):
        centre = _quietly(np.nanmedian, clean)
        variance = _quietly(np.nanvar, clean) * known / np.maximum(1, known - 1)
    pooled = _smooth(variance)
    whole = np.maximum(_quietly(np.nanmedian, variance, axis=1)[:, None], floor[:, None] ** 2)
    degrees = np.maximum(1, known - 1)
    spread = np.sqrt((pooled * degrees + whole * _PRIOR) / (degrees + _PRIOR))
    return centre, np.where(enough, np.maximum(spread, floor[:, None]), np.nan)


def _quietly(function: Callable[..., Floats], values: Floats, *, axis: int = 0) -> Floats:
    """Apply a function of numpy that warns of what is NaN throughout."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(values, axis=axis)


def _smooth(values: Floats) -> Floats:
    """Return the mean over neighbouring places of [n, P]; NaN counts for nothing."""
    reach = max(1, round(_POOLED * values.shape[-1] / 2))
    known = np.isfinite(values)
    total = np.cumsum(np.pad(np.where(known, values, 0.0), ((0, 0), (1, 0))), axis=1)
    number = np.cumsum(np.pad(known, ((0, 0), (1, 0))), axis=1)
    at = np.arange(values.shape[-1])
    last, first = np.minimum(at + reach + 1, values.shape[-1]), np.maximum(at - reach, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total[:, last] - total[:, first]) / (number[:, last] - number[:, first])


def _distance(values: Floats, centre: Floats, spread: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (values - centre) / spread


def lasting(distance: Floats) -> Floats:
    """Return how far each is away at least for two places on end, on one side: f8 [n, P], >= 0.

    One place alone may be the noise of one snapshot.
    """
    before = np.concatenate([np.full((len(distance), 1), np.nan), distance[:, :-1]], axis=1)
    return np.maximum(np.minimum(distance, before), np.minimum(-distance, -before)).clip(0)


def leave(bands: Bands, run: Course, *, threshold: float = 1.0) -> list[Departure]:
    """Return which series of a run left their bands, the farthest first.

    `threshold` is how many times as wide as calibrated the bands are.
    """
    found = []
    for name, band in bands.families.items():
        there = run.families.get(name)
        if there is None or len(there.values) != len(band.centre):
            continue
        distance = _distance(at_places(run, name, bands.position), band.centre, band.spread)
        away = lasting(distance) / (band.width * threshold)
        for series in np.flatnonzero((away > 1).any(axis=1)):
            found.append(_departure(name, int(series), away[series], distance[series]))
    return sorted(found, key=lambda one: (-one.excess, one.first))


def _departure(family: str, series: int, away: Floats, distance: Floats) -> Departure:
    outside = np.flatnonzero(away > 1)
    worst = int(np.nanargmax(away))
    known = int(np.flatnonzero(np.isfinite(distance))[-1])
    last = int(outside[-1])
    return Departure(
        family,
        series,
        int(outside[0]) - 1,  # it was outside at the place before, too
        None if last >= known else last,
        float(away[worst]),
        1 if distance[worst] > 0 else -1,
    )
