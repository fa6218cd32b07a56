"""Looks into the network for the probes: what its layers put out, as small maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deeptracker.activations import ActivationWatch
from deeptracker.errors import RecordingError
from deeptracker.format import MAP_SIDE
from deeptracker.layers import Layer
from deeptracker.probe_choice import ProbeChoice, indices_of, probe_layers
from deeptracker.top_watch import TopWatch, channels_first
from deeptracker.validation import Found, ValidationSet

_NOTHING = torch.zeros(0)


@dataclass(frozen=True)
class Seen:
    """What the network made of P images: as Probe has it, but with the values of the maps.

    `maps`: f4 [P, F, h, w] by the places of the layers.
    """

    prediction: NDArray[np.int64]
    probability: NDArray[np.float32]
    maps: dict[int, NDArray[np.float32]]


class Probing:
    """Keeps the probes from the first pass over the validation set, and looks into the network.

    `image` i4 [P] are their indices; `every` is the number of snapshots from one look to the next.
    """

    def __init__(
        self, model: nn.Module, layers: Sequence[Layer], choice: ProbeChoice, found: ValidationSet
    ) -> None:
        self.layers, self.every, self._set = layers, choice.every, found
        self._named = choice.layers is not None
        self._places = probe_layers(choice, layers)
        indices = indices_of(choice, found.size)
        self.image = np.array(indices, np.int32)
        self._wanted, self._kept, self._passed = set(indices), [], 0
        self._side = MAP_SIDE
        self._watch = ActivationWatch(model, layers, self._take)
        self._model = model

    tops: TopWatch
    _kept: list[Tensor]

    def look(self, images: Any, count: int) -> None:
        """Keep the probes among a batch of `count` images."""
        here = [i for i in range(count) if self._passed + i in self._wanted]
        self._passed += count
        if not here:
            return
        if not isinstance(images, Tensor) or len(images) != count:
            raise RecordingError(
                "probes= needs images in one tensor; pass validation_unpack=, a function from a "
                "batch to (images, labels)"
            )
        self._kept += [images[i].detach().to("cpu", copy=True) for i in here]

    def begin(self, labels: NDArray[np.int32]) -> None:
        """Look for the first time; RecordingError where that cannot be done later either."""
        if self.image[-1] >= len(labels):
            raise RecordingError(
                f"probes= holds {self.image[-1]}, but the validation set has {len(labels)} images: "
                f"0 to {len(labels) - 1}"
            )
        try:
            self._images = torch.stack(self._kept)
        except RuntimeError as error:
            raise RecordingError("probes= needs images of one size; name others") from error
        self._kept, self._labels = [], labels[self.image]
        try:
            seen = self.see(MAP_SIDE)
        except Exception as error:
            raise RecordingError(
                f"the model fails on the probes ({type(error).__name__}: {error}); omit probes="
            ) from error
        silent = [self.layers[p].spec.name for p in self._places if p not in seen.maps]
        if silent and (self._named or not seen.maps):
            raise RecordingError(
                f"layer {silent[0]!r} puts out nothing for the validation images, or not one map "
                "for each filter; name others in probe_layers="
            )
        self._places = list(seen.maps)
        sides = self._images.shape[2:] if self._images.dim() == 4 else None
        self.tops = TopWatch(self._model, self.layers, self._places, labels, sides)

    def see(self, side: int) -> Seen:
        """Run the network over the probes; maps are at most `side` high and wide.

        The training does not notice. Raises whatever the network raises.
        """
        self._side = side
        with self._watch:
            prediction, probability = self._set.judge(self._images, self._labels)
        found = {}
        for place in self._places:
            for taken in self._watch.taken(place)[:1]:
                if taken.numel():
                    found[place] = taken.cpu().numpy()
        return Seen(prediction, probability, found)

    def with_scores(
        self, work: Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Found]
    ) -> Found:
        """Return what `work` makes of (images -> scores [n, C], the probes, their true classes).

        As ValidationSet.with_scores.
        """
        labels = torch.as_tensor(self._labels, dtype=torch.int64)
        return self._set.with_scores(lambda scores: work(scores, self._images, labels))

    def _take(self, place: int, output: Tensor) -> Tensor:
        if place not in self._places:
            return _NOTHING
        layer = self.layers[place]
        values = channels_first(layer, output.detach())
        if values is None or values.shape[:2] != (len(self.image), layer.spec.filters):
            return _NOTHING
        return shrunk(values, self._side)


def shrunk(values: Tensor, side: int) -> Tensor:
    """Return [P, F, H, W] as float32, averaged to at most `side` high and wide."""
    values = values.cpu() if values.device.type == "mps" else values
    height, width = values.shape[2:]
    size = min(side, height), min(side, width)
    if size == (height, width):
        return values.float().clone()
    return nn.functional.adaptive_avg_pool2d(values.float(), size)
