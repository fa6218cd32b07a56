"""What happens to the weights of a synthetic network, snapshot by snapshot, in any order.

The filters come first; norms and means of a layer are computed from them, so that both agree.
Distributions are a normal one for weights, a mixture of two for gradients and updates.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks.log_schedule import FIRST_RATE, Schedule
from deeptracker.format import BAND_THRESHOLDS, HISTOGRAM_EDGES, STATISTICS, LayerSpec

Floats = NDArray[np.float32]

# (share, standard deviation) of the normals that make up a distribution of variance 1.
_NORMAL = ((1.0, 1.0),)
_HEAVY = ((0.8, 0.6), (0.2, 1.8868))
_SHAPES = {"weight": _NORMAL, "gradient": _HEAVY, "update": _HEAVY}
_FILTERS_IN_POOL = 0.03


@dataclass(frozen=True)
class Weights:
    """The weights' part of one snapshot, in the shapes of deeptracker.format.Snapshot."""

    statistics: Mapping[str, Floats]
    histogram: Mapping[str, NDArray[np.uint32]]
    bands: Floats
    filters: Mapping[str, Floats]


class WeightModel:
    """The layers and filters of a synthetic run."""

    def __init__(self, layers: tuple[LayerSpec, ...], *, seed: int, plan: Schedule) -> None:
        rng = np.random.default_rng([seed, 3])
        self._seed, self._plan = seed, plan
        widths = np.array([layer.filters for layer in layers])
        self._begin = np.concatenate([[0], np.cumsum(widths)[:-1]])
        self._parameters = np.array([layer.parameters for layer in layers], np.float64)
        self._layer = np.repeat(np.arange(len(layers)), widths)
        self._weights = (self._parameters / widths)[self._layer].astype(np.float32)
        outputs = np.array([layer.filters * np.prod(layer.kernel or (1,)) for layer in layers])
        self._depth = (np.arange(len(layers)) / max(1, len(layers) - 1))[self._layer].astype("f4")
        count = len(self._layer)
        self._std = np.sqrt(2 / outputs)[self._layer].astype("f4")
        self._std *= np.exp(rng.normal(0, 0.06, count)).astype("f4")
        self._target = np.exp(rng.normal(-0.5, 0.35, count)).astype("f4")
        self._mean = rng.normal(0, 0.05, count).astype("f4")
        self._restless = np.exp(rng.normal(0, 0.6, count)).astype("f4")
        self._phase = rng.uniform(0, 2 * np.pi, count).astype("f4")
        self._speed = rng.uniform(0.01, 0.15, count).astype("f4")
        self._peaks = self._plant(rng, len(layers))

    def _plant(self, rng: np.random.Generator, layers: int) -> dict[int, tuple[NDArray, Floats]]:
        """Choose which filters change by how much more at the planted snapshots.

        Half of them come from a pool that all events share: they return, as some real ones do.
        """
        count = len(self._layer)
        busy = rng.choice(layers, max(1, round(0.3 * layers)), replace=False)
        home = np.flatnonzero(np.isin(self._layer, busy))
        size = max(4, round(_FILTERS_IN_POOL * count))
        pool = rng.choice(home, min(size, len(home)), replace=False)
        peaks = {}
        for event in self._plan.planted:
            again = rng.choice(pool, max(1, len(pool) // 3), replace=False)
            new = rng.choice(count, max(1, len(pool) // 6), replace=False)
            chosen = np.unique(np.concatenate([again, new]))
            peaks[event.index] = chosen, rng.uniform(4, 15, len(chosen)).astype("f4")
        return peaks

    def at(self, index: int) -> Weights:
        """Return statistics, histograms, bands and filters of snapshot `index`."""
        filters = self._filters(index)
        norm = {
            "weight": filters["weight_l2"],
            "gradient": filters["gradient_l2"],
            "update": filters["weight_l2"] * filters["update_ratio"],
        }
        statistics, histogram = {}, {}
        for quantity, shape in _SHAPES.items():
            l2 = np.sqrt(np.add.reduceat(norm[quantity].astype(np.float64) ** 2, self._begin))
            mean = np.zeros(len(self._begin))
            if quantity == "weight":
                total = filters["weight_mean"].astype(np.float64) * self._weights
                mean = np.add.reduceat(total, self._begin) / self._parameters
            std = np.sqrt(np.maximum(l2**2 / self._parameters - mean**2, 1e-30))
            statistics[quantity] = _statistics(self._parameters, mean, std, l2, shape)
            histogram[quantity] = _histogram(self._parameters, mean, std, shape)
        bands = self._bands(filters["update_ratio"])
        if index == 0:
            for name in ("relative_change", "cosine_change"):
                filters[name] = np.full_like(filters[name], np.nan)
        return Weights(statistics, histogram, bands, filters)

    def _filters(self, index: int) -> dict[str, Floats]:
        rng = np.random.default_rng([self._seed, 4, index])
        rate = self._plan.rate(index) / FIRST_RATE
        age = np.float32(-np.expm1(-(index + 1) / (0.15 * self._plan.snapshots + 1)))
        wave = np.sin(self._speed * np.float32(index) + self._phase)
        std = self._std * self._target**age * (1 + np.float32(0.02) * wave)
        mean = self._mean * std * (np.float32(0.3) + age)
        l2 = np.sqrt(self._weights * (std**2 + mean**2))
        shock = np.exp(np.float32(0.45) * rng.standard_normal(len(std), np.float32))
        early = np.float32(1 + 4 * np.exp(-index / (0.02 * self._plan.snapshots + 1)))
        # The weights move most while the network settles to a lower rate.
        settling = self._plan.rate(max(0, index - 1)) / FIRST_RATE
        change = np.float32(0.05 * settling**0.6) * early * self._restless * shock
        change *= 1 + self._depth
        if index in self._peaks:
            chosen, factor = self._peaks[index]
            change[chosen] *= factor
        change = np.minimum(change, np.float32(1.8))
        other = np.exp(np.float32(0.3) * rng.standard_normal(len(std), np.float32))
        ratio = np.float32(1.5e-3 * rate**0.7) * self._restless**0.5 * other
        gradient = np.float32(0.03) * early * self._restless * shock**0.5 * other * (1.2 - age)
        return {
            "weight_mean": mean,
            "weight_std": std,
            "weight_l2": l2,
            "gradient_l2": gradient,
            "update_ratio": ratio,
            "relative_change": change,
            # For a small turn 1 - cos is half the square of the relative change.
            "cosine_change": np.float32(0.5) * change**2 * np.minimum(other, np.float32(1)),
        }

    def _bands(self, ratio: Floats) -> Floats:
        """Return the share of parameters whose |update| / |weight| is at most each threshold."""
        widths = np.diff(np.concatenate([self._begin, [len(ratio)]]))
        centre = np.add.reduceat(np.log10(ratio.astype(np.float64)), self._begin) / widths
        steps = (np.log10(BAND_THRESHOLDS)[None, :] - centre[:, None]) / 0.8
        return ndtr(steps).astype("f4")


def _cumulative(x: NDArray[np.float64], shape: tuple[tuple[float, float], ...]) -> NDArray:
    return np.sum([share * ndtr(x / width) for share, width in shape], axis=0)


def _statistics(
    parameters: NDArray, mean: NDArray, std: NDArray, l2: NDArray, shape: tuple
) -> Floats:
    """Return f4 [L, S] in the order of STATISTICS."""
    grid = np.linspace(0, 2, 4001)
    quarter = float(np.interp(0.75, _cumulative(grid, shape), grid))
    # The largest of n normal numbers, to first order.
    reach = std * np.sqrt(2 * np.log(parameters + 2)) * max(width for _, width in shape)
    size = np.sqrt(2 / np.pi) * sum(share * width for share, width in shape)
    columns = {
        "minimum": mean - reach,
        "q1": mean - quarter * std,
        "median": mean,
        "q3": mean + quarter * std,
        "maximum": mean + reach,
        "mean": mean,
        "std": std,
        "total": mean * parameters,
        "l1": size * std * parameters,
        "l2": l2,
    }
    zero = np.zeros_like(mean)
    return np.stack([columns.get(name, zero) for name in STATISTICS], axis=1).astype("f4")


def _histogram(
    parameters: NDArray, mean: NDArray, std: NDArray, shape: tuple
) -> NDArray[np.uint32]:
    """Return u4 [L, B]; the bins of a layer add up to its parameters."""
    steps = (HISTOGRAM_EDGES[None, :] - mean[:, None]) / std[:, None]
    edges = np.rint(_cumulative(steps, shape) * parameters[:, None])
    return np.diff(edges, axis=1).astype(np.uint32)
