"""Of a probe's layers: the images that activate each filter most, and its mean over each class."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format.container import Container
from deeptracker.format.manifest import Manifest

# Images of a filter, classes of a probe.
MOST_TOP_IMAGES, MOST_TOP_CLASSES = 16, 64
_IMAGES = re.compile(r"top_image\.([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True)
class LayerTops:
    """Of the F filters of a layer the K images with the largest activation, the largest first.

    `image` i4 [F, K]: indices of validation images, -1: there is none more; `value` f4 [F, K], the
    greatest value of the filter's map for it (NaN where there is no image); `place` u1 [F, K, 2]:
    where that lies, down and across, 0: the first edge of the map, 255: the last; `field` f4 [2]:
    which share of the picture's height and width one value of the map sees, 0 to 1.

    `mean` u1 [F, C]: the mean of the filter's map over the images of each of the probe's classes,
    in codes as those of LayerMaps, with `low` and `high` f4 [F].
    """

    image: NDArray[np.int32]
    value: NDArray[np.float32]
    place: NDArray[np.uint8]
    field: NDArray[np.float32]
    mean: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def first(self, images: int, classes: NDArray[np.intp]) -> "LayerTops":
        """Return fewer images of each filter, and of the classes those at some places."""
        return replace(
            self,
            image=self.image[:, :images],
            value=self.value[:, :images],
            place=self.place[:, :images],
            mean=self.mean[:, classes],
        )


@dataclass(frozen=True)
class Tops:
    """What a validation showed of the layers of a probe, by their places in the manifest.

    `classes` i4 [C]: the classes over whose images means were taken, rising; a few of many.
    """

    classes: NDArray[np.int32]
    layers: Mapping[int, LayerTops]

    def first(self, images: int, classes: int) -> "Tops":
        """Return at most so many images of each filter, and so many classes, spread evenly."""
        count = len(self.classes)
        wanted = min(classes, count)
        places = (2 * np.arange(wanted) + 1) * count // (2 * max(wanted, 1))
        layers = {place: one.first(images, places) for place, one in self.layers.items()}
        return Tops(self.classes[places], layers)

    @property
    def nbytes(self) -> int:
        """Return how large the arrays of the layers are."""
        return sum(array.nbytes for layer in self.layers.values() for array in vars(layer).values())


def top_arrays(tops: Tops | None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file, by their names."""
    if tops is None:
        return {}
    found: dict[str, NDArray[Any]] = {"top_class": tops.classes.astype("<i4", copy=False)}
    for place, layer in tops.layers.items():
        found |= {
            f"top_image.{place}": layer.image.astype("<i4", copy=False),
            f"top_value.{place}": layer.value.astype("<f4", copy=False),
            f"top_place.{place}": layer.place,
            f"top_field.{place}": layer.field.astype("<f4", copy=False),
            f"top_mean.{place}": layer.mean,
            f"top_low.{place}": layer.low.astype("<f4", copy=False),
            f"top_high.{place}": layer.high.astype("<f4", copy=False),
        }
    return found


def parse_tops(container: Container, manifest: Manifest, *, layers: int) -> Tops | None:
    """Return what a file says, None: nothing; LogError where it is wrong, or of too many layers."""
    if "top_class" not in container.names:
        return None
    shape, known = container.shape("top_class"), len(manifest.classes)
    if len(shape) != 1 or shape[0] > MOST_TOP_CLASSES:
        raise LogError(
            container.path,
            "top_class",
            f"has shape {list(shape)}, expected [0 to {MOST_TOP_CLASSES}]",
        )
    classes = container.array("top_class", np.dtype("<i4"), shape)
    rises = bool((classes[1:] > classes[:-1]).all())
    if shape[0] and (not rises or int(classes[0]) < 0 or int(classes[-1]) >= known):
        raise LogError(container.path, "top_class", f"must rise within 0..{known - 1}")
    places = sorted(int(match[1]) for name in container.names if (match := _IMAGES.fullmatch(name)))
    if len(places) > layers:
        raise LogError(container.path, "top_image", f"are of more than {layers} layers")
    return Tops(classes, dict(_layers(container, manifest, places, shape[0])))


def _layers(
    container: Container, manifest: Manifest, places: list[int], classes: int
) -> Iterator[tuple[int, LayerTops]]:
    for place in places:
        name = f"top_image.{place}"
        if place >= len(manifest.layers):
            told = f"is of none of the {len(manifest.layers)} layers"
            raise LogError(container.path, name, told)
        shape, filters = container.shape(name), manifest.layers[place].filters
        if len(shape) != 2 or shape[0] != filters or not 0 < shape[1] <= MOST_TOP_IMAGES:
            raise LogError(
                container.path,
                name,
                f"has shape {list(shape)}, expected [{filters}, 1 to {MOST_TOP_IMAGES}]",
            )
        found = LayerTops(
            container.array(name, np.dtype("<i4"), shape),
            container.array(f"top_value.{place}", np.dtype("<f4"), shape),
            container.array(f"top_place.{place}", np.dtype("u1"), (*shape, 2)),
            container.array(f"top_field.{place}", np.dtype("<f4"), (2,)),
            container.array(f"top_mean.{place}", np.dtype("u1"), (filters, classes)),
            container.array(f"top_low.{place}", np.dtype("<f4"), (filters,)),
            container.array(f"top_high.{place}", np.dtype("<f4"), (filters,)),
        )
        _check(container, manifest, place, found)
        yield place, found


def _check(container: Container, manifest: Manifest, place: int, found: LayerTops) -> None:
    images = len(manifest.images.class_id)
    if int(found.image.min()) < -1 or int(found.image.max()) >= images:
        told = f"must lie within -1..{images - 1}"
        raise LogError(container.path, f"top_image.{place}", told)
    if not np.array_equal(np.isfinite(found.value), found.image >= 0):
        told = "must be finite where there is an image, else NaN"
        raise LogError(container.path, f"top_value.{place}", told)
    if not bool(((found.field > 0) & (found.field <= 1)).all()):
        raise LogError(container.path, f"top_field.{place}", "must be shares above 0, at most 1")
    low, high = found.low, found.high
    odd = np.isnan(low) & np.isnan(high)
    if not bool((odd | (np.isfinite(low) & np.isfinite(high) & (low <= high))).all()):
        told = "must be finite and at most `top_high`, or both NaN"
        raise LogError(container.path, f"top_low.{place}", told)
