"""Which validation images activate each filter most, and where in them; means over each class."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from deeptracker.activations import ActivationWatch
from deeptracker.format import MOST_TOP_CLASSES, LayerTops, Tops, quantise_maps
from deeptracker.layers import Layer
from deeptracker.seen_field import Sides, seen_fields

# Images kept of each filter.
TOP_IMAGES = 9
_NOTHING = torch.zeros(0)


@dataclass
class _Best:
    """The best images of a layer's filters so far: [k, F] each, the largest first.

    `total` f4 and `count` [classes + 1, F]: of the finite means of maps; the last row is of the
    classes that nobody asks for.
    """

    value: Tensor
    image: Tensor
    place: Tensor
    total: Tensor
    count: Tensor
    size: tuple[int, int]


@dataclass
class _Batch:
    """What a layer put out for a batch of B images: the best [k, F], and means of maps [B, F]."""

    value: Tensor
    image: Tensor
    place: Tensor
    mean: Tensor
    size: tuple[int, int]


@dataclass
class _Pass:
    """One pass over the validation set, at the batch that begins with image `first`."""

    first: int = 0
    count: int = 0
    batches: dict[int, _Batch] = field(default_factory=dict)
    best: dict[int, _Best] = field(default_factory=dict)
    # Of the maps of all layers, which tell how much of the picture a value sees.
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)


class TopWatch:
    """Within its context, finds what activates the filters of some layers most.

    `labels` i4 [N] are the true classes of the images, `sides` the height and width of a picture
    (None: they are no pictures). Of a layer that runs several times in one pass it is the last
    time. A map with a value that is not finite counts for nothing.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[Layer],
        places: Sequence[int],
        labels: NDArray[np.int32],
        sides: Sides | None,
    ) -> None:
        self._layers, self._places, self._sides = layers, set(places), sides
        known = np.unique(labels)
        chosen = min(len(known), MOST_TOP_CLASSES)
        self._classes = known[(2 * np.arange(chosen) + 1) * len(known) // (2 * max(chosen, 1))]
        column = np.searchsorted(self._classes, labels).clip(max=max(chosen - 1, 0))
        column[self._classes[column] != labels] = chosen
        self._column = torch.from_numpy(column.astype(np.int64))
        self._watch = ActivationWatch(model, layers, self._take)
        self._pass = _Pass()
        self._found: Tops | None = None
        # What the last pass took of the time.
        self.seconds = 0.0

    def __enter__(self) -> "TopWatch":
        self._pass, self._found, self.seconds = _Pass(), None, 0.0
        self._watch.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watch.__exit__(kind, error, traceback)
        if error is None:
            self._fold()
            self._found = self._tops()
        self._pass = _Pass()

    def batch(self, first: int, count: int) -> None:
        """Hear that the images from `first` on run next, `count` of them."""
        self._watch.settle()
        self._fold()
        self._pass.first, self._pass.count = first, count

    def take(self) -> Tops | None:
        """Return what the last pass found, once; None where there was none."""
        found, self._found = self._found, None
        return found

    def _take(self, place: int, output: Tensor) -> Tensor:
        began = time.perf_counter()
        layer = self._layers[place]
        values = channels_first(layer, output.detach())
        if values is not None:
            self._pass.sizes[place] = (values.shape[2], values.shape[3])
            fits = values.shape[:2] == (self._pass.count, layer.spec.filters)
            if fits and place in self._places and values.numel():
                self._pass.batches[place] = _best_of(values, self._pass.first)
        self.seconds += time.perf_counter() - began
        return _NOTHING

    def _fold(self) -> None:
        """Put the best of a batch among the best so far."""
        began, here = time.perf_counter(), self._pass
        for place, batch in here.batches.items():
            best = here.best.get(place)
            if best is None:
                best = here.best[place] = self._none_yet(batch)
            best.value, order = _first(torch.cat([best.value, batch.value]))
            best.image = torch.cat([best.image, batch.image]).gather(0, order)
            best.place = torch.cat([best.place, batch.place]).gather(0, order)
            best.size = batch.size
            columns = self._column[here.first : here.first + here.count].to(batch.mean.device)
            finite = batch.mean.isfinite()
            best.total.index_add_(0, columns, batch.mean.where(finite, 0.0))
            best.count.index_add_(0, columns, finite.float())
        here.batches.clear()
        self.seconds += time.perf_counter() - began

    def _none_yet(self, batch: _Batch) -> _Best:
        rows = len(self._classes) + 1
        total = batch.mean.new_zeros((rows, batch.mean.shape[1]))
        return _Best(
            batch.value[:0], batch.image[:0], batch.place[:0], total, total.clone(), batch.size
        )

    def _tops(self) -> Tops | None:
        if not self._pass.best:
            return None
        fields = seen_fields(self._layers, self._pass.sizes, self._sides)
        best: Mapping[int, _Best] = dict(sorted(self._pass.best.items()))
        layers = {place: _layer_tops(one, fields[place]) for place, one in best.items()}
        return Tops(self._classes.astype(np.int32), layers)


def _first(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest values [k, F] of [B, F] and where they are; of equals the first ones."""
    found, order = values.sort(dim=0, descending=True, stable=True)
    return found[:TOP_IMAGES], order[:TOP_IMAGES]


def _best_of(values: Tensor, first: int) -> _Batch:
    """Return the best images of a batch [B, F, h, w], whose first one has the index `first`."""
    size = (values.shape[2], values.shape[3])
    flat = values.flatten(2)
    peak = flat.amax(dim=2).float()
    peak = peak.where(peak.isfinite() & flat.amin(dim=2).isfinite(), -torch.inf)
    value, image = _first(peak)
    # Only of these it is asked where: argmax takes several times as long as amax.
    place = flat[image, torch.arange(flat.shape[1], device=flat.device)].argmax(dim=2)
    mean = flat.mean(dim=2, dtype=torch.float32)
    return _Batch(value, image + first, place, mean, size)


def _layer_tops(best: _Best, seen: NDArray[np.float32]) -> LayerTops:
    value = best.value.T.cpu().numpy().astype(np.float32)
    image = best.image.T.cpu().numpy()
    place = best.place.T.cpu().numpy()
    known = np.isfinite(value)
    height, width = best.size
    centre = np.stack([(place // width + 0.5) / height, (place % width + 0.5) / width], axis=-1)
    codes = np.rint(centre * 255).astype(np.uint8)
    total, count = best.total[:-1].T.cpu().numpy(), best.count[:-1].T.cpu().numpy()
    mean = np.divide(total, count, out=np.full(total.shape, np.nan, np.float32), where=count > 0)
    means = quantise_maps(mean[None, :, None, :])
    return LayerTops(
        image=np.where(known, image, -1).astype(np.int32),
        value=np.where(known, value, np.nan).astype(np.float32),
        place=np.where(known[..., None], codes, 0).astype(np.uint8),
        field=seen,
        mean=means.codes[0, :, 0],
        low=means.low[0],
        high=means.high[0],
    )


def channels_first(layer: Layer, output: Tensor) -> Tensor | None:
    """Return what a layer put out as [P, F, h, w]; None where that has no such form."""
    if isinstance(layer.module, _ConvNd):
        spatial = output.dim() - 2
        if spatial == 1:
            return output.unsqueeze(2)
        return output.mean(dim=2) if spatial == 3 else output if spatial == 2 else None
    if output.dim() < 2 or not output.numel():
        return None
    # Positions of a sequence lie beside each other.
    return output.reshape(len(output), -1, output.shape[-1]).transpose(1, 2).unsqueeze(2)
