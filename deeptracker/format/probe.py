"""What the network saw of the probes at one iteration: its file, checked, and written whole."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format.container import Container, unpack
from deeptracker.format.entries import MAX_TIME
from deeptracker.format.files import read_limited
from deeptracker.format.manifest import Manifest
from deeptracker.format.origin import (
    check_origin,
    check_rising,
    generation_of,
    iteration_of,
    number_of,
    write_recorded,
)
from deeptracker.format.probe_codes import Kernels, LayerMaps, maps_in
from deeptracker.format.probe_top import Tops, parse_tops, top_arrays
from deeptracker.format.saliency import Saliency, saliency_arrays, saliency_in, saliency_texts

MAX_PROBE = 32 * 2**20
# A map is at most so high and so wide.
MAP_SIDE = 16
MOST_PROBE_IMAGES, MOST_PROBE_LAYERS = 64, 64
_MAPS = re.compile(r"maps\.([0-9]{1,5})", re.ASCII)
_KERNEL_SIDE, _KERNEL_CHANNELS = 64, (1, 3)


@dataclass(frozen=True)
class Probe:
    """What the network made of P validation images at an iteration.

    `image` i4 [P], their indices, rising; `prediction` i4 [P], the class each was predicted as
    (-1: none); `probability` f4 [P], of its true class (NaN: none); `maps` of the layers that were
    looked at, by their places in the manifest; `kernels` of the first layer, None where they are
    no pictures. `recorded_at` is in seconds since 1970 (UTC), `seconds` how long it took
    the training (NaN: not said). `saliency` is by method, of those that were asked for; `tops` is
    None where the snapshot was not validated.
    """

    iteration: int
    recorded_at: float
    image: NDArray[np.int32]
    prediction: NDArray[np.int32]
    probability: NDArray[np.float32]
    maps: Mapping[int, LayerMaps]
    kernels: Kernels | None = None
    generation: int = 0
    seconds: float = float("nan")
    tops: Tops | None = None
    saliency: Mapping[str, Saliency] = field(default_factory=dict)


def write_probe(path: Path, manifest: Manifest, probe: Probe) -> int:
    """Write `probe` to `path`, complete or not at all; return its size in bytes.

    Raises LogError, which names the array, where a reader would refuse it; OSError where the disk
    is full.
    """
    texts = {"seconds": repr(float(probe.seconds))}
    arrays: dict[str, NDArray[Any]] = {
        "image": probe.image.astype("<i4", copy=False),
        "prediction": probe.prediction.astype("<i4", copy=False),
        "probability": probe.probability.astype("<f4", copy=False),
    }
    for layer, maps in probe.maps.items():
        arrays |= {
            f"maps.{layer}": maps.codes,
            f"low.{layer}": maps.low,
            f"high.{layer}": maps.high,
        }
    if probe.kernels is not None:
        texts["kernel_layer"] = str(probe.kernels.layer)
        arrays |= {"kernel": probe.kernels.codes, "kernel.scale": probe.kernels.scale}
    arrays |= top_arrays(probe.tops) | saliency_arrays(probe.saliency)
    texts |= saliency_texts(probe.saliency)
    return write_recorded(path, manifest, probe, arrays, texts, parse_probe)


def read_probe(path: Path, manifest: Manifest) -> Probe:
    """Read and check one file; unknown arrays are ignored, LogError names what is wrong."""
    return parse_probe(path, read_limited(path, MAX_PROBE), manifest)


def parse_probe(path: Path, data: bytes, manifest: Manifest) -> Probe:
    """Return what the bytes of a file say; `path` is only named in errors, see above."""
    if len(data) > MAX_PROBE:
        raise LogError(path, "maps", f"come to {len(data)} bytes; {MAX_PROBE} are allowed")
    container = unpack(path, data)
    check_origin(container, manifest)
    shape = container.shape("image")
    if len(shape) != 1 or not 0 < shape[0] <= MOST_PROBE_IMAGES:
        raise LogError(
            path, "image", f"has shape {list(shape)}, expected [1 to {MOST_PROBE_IMAGES}]"
        )
    image = container.array("image", np.dtype("<i4"), shape)
    prediction = container.array("prediction", np.dtype("<i4"), shape)
    probability = container.array("probability", np.dtype("<f4"), shape)
    _check_images(path, manifest, image, prediction, probability)
    return Probe(
        iteration=iteration_of(container),
        recorded_at=number_of(container, "recorded_at", most=MAX_TIME),
        image=image,
        prediction=prediction,
        probability=probability,
        maps=dict(_maps(container, manifest, shape[0])),
        kernels=_kernels(container, manifest),
        saliency=saliency_in(container, shape[0]),
        generation=generation_of(container),
        seconds=_seconds(container),
        tops=parse_tops(container, manifest, layers=MOST_PROBE_LAYERS),
    )


def _seconds(container: Container) -> float:
    if "seconds" not in container.texts:
        return float("nan")
    return number_of(container, "seconds", most=MAX_TIME, unknown=True)


def _check_images(
    path: Path,
    manifest: Manifest,
    image: NDArray[np.int32],
    prediction: NDArray[np.int32],
    probability: NDArray[np.float32],
) -> None:
    images, classes = len(manifest.images.class_id), len(manifest.classes)
    check_rising(path, "image", image, 0, images - 1)
    if int(prediction.min()) < -1 or int(prediction.max()) >= classes:
        raise LogError(path, "prediction", f"must lie within -1..{classes - 1}")
    if bool(((probability < 0) | (probability > 1)).any()):
        raise LogError(path, "probability", "must lie within 0..1, or be NaN")


def _maps(container: Container, manifest: Manifest, images: int) -> Iterator[tuple[int, LayerMaps]]:
    found = sorted(int(match[1]) for name in container.names if (match := _MAPS.fullmatch(name)))
    if len(found) > MOST_PROBE_LAYERS:
        raise LogError(container.path, "maps", f"are of more than {MOST_PROBE_LAYERS} layers")
    for layer in found:
        name = f"maps.{layer}"
        filters = _filters(container, manifest, name, layer)
        shape = container.shape(name)
        sides = shape[2:]
        fits = len(shape) == 4 and shape[:2] == (images, filters)
        if not fits or not all(0 < side <= MAP_SIDE for side in sides):
            raise LogError(
                container.path,
                name,
                f"has shape {list(shape)}, expected [{images}, {filters}, 1 to {MAP_SIDE}, "
                f"1 to {MAP_SIDE}]",
            )
        yield layer, maps_in(container, name, (f"low.{layer}", f"high.{layer}"), shape)


def _filters(container: Container, manifest: Manifest, name: str, layer: int) -> int:
    if layer >= len(manifest.layers):
        raise LogError(container.path, name, f"is of none of the {len(manifest.layers)} layers")
    return manifest.layers[layer].filters


def _kernels(container: Container, manifest: Manifest) -> Kernels | None:
    if "kernel" not in container.names:
        return None
    text = container.texts.get("kernel_layer", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise LogError(container.path, "kernel_layer", f"is {text[:40]!r}, not a layer's number")
    layer = int(text)
    filters = _filters(container, manifest, "kernel_layer", layer)
    shape = container.shape("kernel")
    fits = len(shape) == 4 and shape[0] == filters and shape[3] in _KERNEL_CHANNELS
    if not fits or not all(0 < side <= _KERNEL_SIDE for side in shape[1:3]):
        raise LogError(
            container.path,
            "kernel",
            f"has shape {list(shape)}, expected [{filters}, height, width, 1 or 3], at most "
            f"{_KERNEL_SIDE} a side",
        )
    scale = container.array("kernel.scale", np.dtype("<f4"), (filters,))
    if bool(((scale < 0) | np.isinf(scale)).any()):
        raise LogError(container.path, "kernel.scale", "must be finite and not negative, or NaN")
    return Kernels(layer, container.array("kernel", np.dtype("u1"), shape), scale)
