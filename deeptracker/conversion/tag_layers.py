"""Layers made of histograms that a script logged under the names of its parameters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeptracker.conversion.checkpoints.names import forward_order
from deeptracker.conversion.collected import Histogram
from deeptracker.conversion.tag_names import named
from deeptracker.format.entries import MAX_NAME
from deeptracker.format.manifest import LayerSpec
from deeptracker.format.names import BINS, QUANTITIES, STATISTICS
from deeptracker.format.snapshot import MAX_ITERATION
from deeptracker.hierarchy import place

# What a layer is called of which nothing but histograms is known (FORMAT.md).
KIND = "Histogram"
_MOST_LAYERS = 20_000
_MOST_PARAMETERS = 2**62
UNKNOWN = "a histogram of a tag whose name says of no layer's weights, gradients or updates"
ONE_AXIS = "a histogram of a bias or of another weight of one axis"
_AGAIN = "a histogram of a tag that says of a layer what another one says"
_AROUND = f"a histogram at an iteration that is not within 0 to {MAX_ITERATION:,}"
_BETWEEN = "a histogram between two snapshots, of which the last one stands"
_BEYOND = f"a histogram of a layer beyond the first {_MOST_LAYERS:,}"

_Key = tuple[str, str]
Series = Mapping[int, Histogram]


@dataclass(frozen=True)
class TagLayers:
    """The layers of a run by name and quantity; `dropped` counts by reason what is of none."""

    specs: tuple[LayerSpec, ...]
    quantities: tuple[str, ...]
    iterations: NDArray[np.int64]
    dropped: Mapping[str, int]
    exact: bool
    _series: Mapping[_Key, Series]
    _at: Mapping[_Key, NDArray[np.int64]]

    def arrays(
        self, after: int, until: int
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.uint32]]]:
        """Return statistics f4 [L, S] and histograms u4 [L, B] of all quantities, by their names.

        Of a layer's histograms after one iteration and until another, the last; NaN and zeros
        where there is none.
        """
        layers = len(self.specs)
        rows = {name: np.full((layers, len(STATISTICS)), np.nan, np.float32) for name in QUANTITIES}
        bins = {name: np.zeros((layers, BINS), np.uint32) for name in QUANTITIES}
        for layer, spec in enumerate(self.specs):
            for quantity in self.quantities:
                found = self._last((spec.name, quantity), after, until)
                if found is not None:
                    rows[quantity][layer], bins[quantity][layer] = found.measured
        return rows, bins

    def _last(self, key: _Key, after: int, until: int) -> Histogram | None:
        at = self._at.get(key)
        if at is None:
            return None
        place = int(np.searchsorted(at, until, "right")) - 1
        return self._series[key][int(at[place])] if place >= 0 and at[place] > after else None

    def between(self, ends: Sequence[int]) -> dict[str, int]:
        """Return how many histograms snapshots at these iterations do not show, by reason."""
        lost = 0
        for at in self._at.values():
            lost += len(at) - len(np.unique(np.searchsorted(ends, at)))
        return {_BETWEEN: lost} if lost else {}


def tag_layers(histograms: Mapping[str, Series]) -> TagLayers | None:
    """Return the layers that histograms by tag and iteration are of; None where they are of none.

    A layer with as many weights as biases has weights of one axis, as of a normalisation.
    """
    dropped: dict[str, int] = {}
    series: dict[_Key, Series] = {}
    biases: dict[str, int] = {}
    for tag, found in histograms.items():
        name = named(tag)
        if name is None or not 0 < len(name.layer) <= MAX_NAME or ".." in name.layer:
            _count(dropped, UNKNOWN, len(found))
        elif name.one_axis:
            biases[name.layer] = max(biases.get(name.layer, 0), _size(found))
            _count(dropped, ONE_AXIS, len(found))
        elif (name.layer, name.quantity) in series:
            _count(dropped, _AGAIN, len(found))
        else:
            kept = {at: one for at, one in found.items() if 0 <= at <= MAX_ITERATION}
            _count(dropped, _AROUND, len(found) - len(kept))
            if kept:
                series[name.layer, name.quantity] = kept
    for key in [key for key in series if biases.get(key[0]) == _size(series[key])]:
        _count(dropped, ONE_AXIS, len(series.pop(key)))
    names = _names(series)
    for key in [key for key in series if key[0] in set(names[_MOST_LAYERS:])]:
        _count(dropped, _BEYOND, len(series.pop(key)))
    if not series:
        return None
    names = names[:_MOST_LAYERS]
    at = {key: np.array(sorted(found), np.int64) for key, found in series.items()}
    return TagLayers(
        specs=tuple(_spec(name, names, _of_layer(series, name)) for name in names),
        quantities=tuple(name for name in QUANTITIES if any(key[1] == name for key in series)),
        iterations=np.unique(np.concatenate(list(at.values()))),
        dropped=dropped,
        exact=all(one.squares is not None for found in series.values() for one in found.values()),
        _series=series,
        _at=at,
    )


def _names(series: Mapping[_Key, Series]) -> list[str]:
    """Return the names of the layers in the order of the network.

    Scripts log weights in that order; gradients may come by the way back through the network.
    """
    weights = [layer for layer, quantity in series if quantity == QUANTITIES[0]]
    others = dict.fromkeys(layer for layer, _ in series if layer not in set(weights))
    return [*weights, *forward_order(others)]


def _count(dropped: dict[str, int], reason: str, times: int) -> None:
    if times:
        dropped[reason] = dropped.get(reason, 0) + times


def _of_layer(series: Mapping[_Key, Series], name: str) -> Iterable[Series]:
    return (series[name, quantity] for quantity in QUANTITIES if (name, quantity) in series)


def _size(found: Series) -> int:
    """Return of how many values a series of histograms is."""
    return max((round(min(one.number, _MOST_PARAMETERS)) for one in found.values()), default=0)


def _spec(name: str, names: list[str], found: Iterable[Series]) -> LayerSpec:
    """Return what is known of a layer: its name, and how many weights it has."""
    size = max(1, *map(_size, found))
    stage, block, branch = place(name, names)
    return LayerSpec(name, KIND, stage, block, branch, 1, size, size, (), (), 1)
