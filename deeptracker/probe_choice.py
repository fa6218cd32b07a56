"""Which validation images and layers are probed, and how often: what the script said, checked."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from deeptracker.errors import RecordingError
from deeptracker.format import MOST_PROBE_IMAGES, MOST_PROBE_LAYERS
from deeptracker.given import whole
from deeptracker.layers import Layer
from deeptracker.saliency_choice import checked_methods

# Of convolutions, where the script names no layers; the last layer comes besides.
SPREAD = 5


@dataclass(frozen=True)
class ProbeChoice:
    """`images`: how many, or their indices; `layers`: their names, None: a few, spread.

    `saliency`: by which methods, often none.
    """

    images: int | Sequence[int]
    layers: Sequence[str] | None
    every: int
    saliency: tuple[str, ...] = ()


def checked_choice(
    images: Any,
    layers: Sequence[str] | None,
    every: Any,
    saliency: Any = None,
    *,
    validates: bool,
    shared: bool,
) -> ProbeChoice | None:
    """Return what the arguments probes=, probe_layers=, ... mean; None: no probes.

    `validates`: the Recorder has images; `shared`: the network is sharded. RecordingError, which
    names the argument, for what cannot be; MissingExtra where saliency needs one.
    """
    if images is None:
        for name, given in (("probe_layers", layers), ("probe_saliency", saliency)):
            if given is not None:
                raise RecordingError(f"{name}= needs probes=, the images that are looked into")
        return None
    if not validates:
        raise RecordingError("probes= needs validation=, whose images they are of")
    if shared:
        raise RecordingError("probes= is not supported in a sharded network")
    every = whole("probe_every", every)
    if isinstance(layers, str):
        raise RecordingError(f"probe_layers must be a list of names, such as [{layers!r}]")
    if layers is not None and not 0 < len(layers) <= MOST_PROBE_LAYERS:
        raise RecordingError(f"probe_layers has {len(layers)} names; give 1 to {MOST_PROBE_LAYERS}")
    return ProbeChoice(_images(images), layers, every, checked_methods(saliency))


def _images(given: Any) -> int | Sequence[int]:
    said = f"probes must be a number of images or their indices, not {given!r:.80}"
    try:
        if isinstance(given, (bool, str, bytes)):
            raise TypeError
        if not hasattr(given, "__iter__"):
            count = operator.index(given)
            found: Any = count
        else:
            found = sorted({operator.index(index) for index in given})
            count = len(found)
    except TypeError as error:
        raise RecordingError(said) from error
    if not 0 < count <= MOST_PROBE_IMAGES:
        raise RecordingError(f"probes= asks for {count} images; give 1 to {MOST_PROBE_IMAGES}")
    if not isinstance(found, int) and found[0] < 0:
        raise RecordingError(f"probes= holds {found[0]}; indices of validation images begin at 0")
    return found


def indices_of(choice: ProbeChoice, size: int | None) -> list[int]:
    """Return the indices of the probes, rising; of a number of them, spread over `size` images.

    Where it is not known how many there are (None), they are the first.
    """
    if not isinstance(choice.images, int):
        return list(choice.images)
    count = choice.images if size is None else min(choice.images, size)
    if size is None:
        return list(range(count))
    return [(2 * place + 1) * size // (2 * count) for place in range(count)]


def probe_layers(choice: ProbeChoice, layers: Sequence[Layer]) -> list[int]:
    """Return the places of the layers that are looked into, rising.

    RecordingError for a name that is none of a convolution or linear layer.
    """
    able = [place for place, layer in enumerate(layers) if can_be_probed(layer)]
    if choice.layers is None:
        return _spread(layers, able)
    places = {layers[place].spec.name: place for place in able}
    for name in choice.layers:
        if name not in places:
            some = ", ".join(map(repr, list(places)[:8])) + (", ..." if len(places) > 8 else "")
            raise RecordingError(
                f"probe_layers= names {name!r}, which is no convolution or linear layer of the "
                f"network; there are {some or 'none'}"
            )
    return sorted({places[name] for name in choice.layers})


def can_be_probed(layer: Layer) -> bool:
    """Say whether what a layer puts out is a map, or a number, for each of its filters."""
    return isinstance(layer.module, (_ConvNd, nn.Linear)) and not layer.part.below


def _spread(layers: Sequence[Layer], able: Sequence[int]) -> list[int]:
    main = [place for place in able if layers[place].spec.branch == "main"] or list(able)
    if not main:
        raise RecordingError("probes= needs a network with a convolution or a linear layer")
    deep = [place for place in main if isinstance(layers[place].module, _ConvNd)] or main
    steps = max(1, SPREAD - 1)
    chosen = {deep[round(step * (len(deep) - 1) / steps)] for step in range(steps + 1)}
    return sorted({*chosen, main[-1]})
