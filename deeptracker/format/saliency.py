"""Saliency maps in a file of probes: what in an image spoke for a class, written and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format.container import Container
from deeptracker.format.probe_codes import LayerMaps, maps_in

GRAD_CAM, INTEGRATED_GRADIENTS = "grad-cam", "integrated-gradients"
SALIENCY_METHODS = (GRAD_CAM, INTEGRATED_GRADIENTS)
# A map is at most so high and so wide.
SALIENCY_SIDE = 32
_LONGEST_DETAIL = 300


@dataclass(frozen=True)
class Saliency:
    """What one method found in P images: `maps` [P, 2, h, w], its values in units of the score.

    The first map of an image is of the class it is predicted as, the second of its true class
    (the same where both are one). NaN: the image has no prediction, or the gradient was not finite.
    `detail` says of what the maps were made, such as the layer of Grad-CAM.
    """

    maps: LayerMaps
    detail: str


def saliency_arrays(saliency: Mapping[str, Saliency]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file for the maps of each method."""
    found: dict[str, NDArray[Any]] = {}
    for method, one in saliency.items():
        arrays = (one.maps.codes, one.maps.low, one.maps.high)
        found |= dict(zip(_names(method), arrays, strict=True))
    return found


def saliency_texts(saliency: Mapping[str, Saliency]) -> dict[str, str]:
    """Return what the header of a file says of each method."""
    return {f"saliency_detail.{method}": one.detail for method, one in saliency.items()}


def saliency_in(container: Container, images: int) -> dict[str, Saliency]:
    """Return the maps of the methods that this version knows; LogError names what is wrong."""
    found = {}
    for method in SALIENCY_METHODS:
        name, *ends = _names(method)
        if name not in container.names:
            continue
        shape = container.shape(name)
        fits = len(shape) == 4 and shape[:2] == (images, 2)
        if not fits or not all(0 < side <= SALIENCY_SIDE for side in shape[2:]):
            raise LogError(
                container.path,
                name,
                f"has shape {list(shape)}, expected [{images}, 2, 1 to {SALIENCY_SIDE}, "
                f"1 to {SALIENCY_SIDE}]",
            )
        detail = container.texts.get(f"saliency_detail.{method}", "")
        if len(detail) > _LONGEST_DETAIL:
            raise LogError(
                container.path,
                f"saliency_detail.{method}",
                f"has more than {_LONGEST_DETAIL} characters",
            )
        found[method] = Saliency(maps_in(container, name, (ends[0], ends[1]), shape), detail)
    return found


def _names(method: str) -> tuple[str, str, str]:
    return f"saliency_maps.{method}", f"saliency_low.{method}", f"saliency_high.{method}"
