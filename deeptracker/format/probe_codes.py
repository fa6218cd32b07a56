"""Numbers as bytes: maps and kernels of a probe, each with a scale of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format.container import Container

Floats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]

# The largest code of a map; the one above it stands for what is not finite.
TOP = 254
NOT_FINITE_CODE = 255
# The code of 0 in a kernel; 0 stands for what is not finite.
MIDDLE, REACH = 128, 127


@dataclass(frozen=True)
class LayerMaps:
    """What a layer put out for P images: `codes` u1 [P, F, h, w], `low` and `high` f4 [P, F].

    The value of a code is low + code / 254 * (high - low), so that one is at most
    (high - low) / 508 off; code 255: NaN or infinite. low and high are those of the map, NaN where
    it has no finite value.
    """

    codes: Bytes
    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Kernels:
    """The kernels of a layer that looks at pictures: `codes` u1 [F, h, w, 1 or 3], `scale` f4 [F].

    The value of a code is (code - 128) / 127 * scale, at most scale / 254 off; code 0: NaN or
    infinite. scale is the largest size of a weight of the kernel, NaN where none is finite.
    """

    layer: int
    codes: Bytes
    scale: NDArray[np.float32]


def quantise_maps(values: Floats) -> LayerMaps:
    """Return maps [P, F, h, w] as bytes; the ends of each are exact."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    none = ~finite.any(axis=(2, 3))
    low = np.where(finite, wide, np.inf).min(axis=(2, 3))
    high = np.where(finite, wide, -np.inf).max(axis=(2, 3))
    low[none] = high[none] = np.nan
    spread = (high - low)[..., None, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(spread > 0, (wide - low[..., None, None]) / spread, 0.0)
    codes = np.where(finite, np.rint(np.clip(np.nan_to_num(share), 0, 1) * TOP), NOT_FINITE_CODE)
    return LayerMaps(codes.astype(np.uint8), low.astype(np.float32), high.astype(np.float32))


def restore_maps(codes: Bytes, low: Floats, high: Floats) -> NDArray[np.float32]:
    """Return the values f4 [..., h, w] of codes with ends [...]; NaN for what was not finite."""
    ends = low.astype(np.float64)[..., None, None], high.astype(np.float64)[..., None, None]
    values = ends[0] + codes / TOP * (ends[1] - ends[0])
    return np.where(codes == NOT_FINITE_CODE, np.nan, values).astype(np.float32)


def quantise_kernels(layer: int, values: Floats) -> Kernels:
    """Return kernels [F, h, w, C] as bytes."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    scale = np.where(finite, np.abs(wide), -np.inf).max(axis=(1, 2, 3))
    scale[~finite.any(axis=(1, 2, 3))] = np.nan
    by = scale[:, None, None, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(by > 0, wide / by, 0.0)
    codes = np.where(finite, MIDDLE + np.rint(np.clip(np.nan_to_num(share), -1, 1) * REACH), 0)
    return Kernels(layer, codes.astype(np.uint8), scale.astype(np.float32))


def maps_in(
    container: Container, name: str, ends: tuple[str, str], shape: tuple[int, ...]
) -> LayerMaps:
    """Return maps of a file by the names of their codes and ends; LogError for odd ends."""
    low, high = (container.array(end, np.dtype("<f4"), shape[:2]) for end in ends)
    odd = np.isnan(low) & np.isnan(high)
    if not bool((odd | (np.isfinite(low) & np.isfinite(high) & (low <= high))).all()):
        raise LogError(container.path, ends[0], "must be finite and at most `high`, or both NaN")
    return LayerMaps(container.array(name, np.dtype("u1"), shape), low, high)
