"""Scalars between two snapshots, kept where they are until a snapshot takes them along."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deeptracker.description import checked_name
from deeptracker.errors import RecordingError
from deeptracker.format import Series

MAX_NAMES = 1_000


class ScalarBuffer:
    """Values by name and iteration; a tensor on a GPU is fetched only with the others."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, float | Tensor]] = {}

    def add(self, iteration: int, values: Mapping[str, Any]) -> None:
        """Keep the values of an iteration: numbers, or tensors with one element."""
        for name, value in values.items():
            if name not in self._values:
                checked_name("scalar", name)
                if len(self._values) >= MAX_NAMES:
                    raise RecordingError(f"scalar {name!r} is one more than {MAX_NAMES} names")
            self._values.setdefault(name, {})[iteration] = _kept(name, value)

    def take(self) -> dict[str, Series]:
        """Return all that was kept as series; they stay until `clear`."""
        tensors = [v for series in self._values.values() for v in series.values()]
        on_device = [v for v in tensors if isinstance(v, Tensor)]
        fetched = iter(_fetch(on_device))
        found = {}
        for name, series in self._values.items():
            values = [next(fetched) if isinstance(v, Tensor) else v for v in series.values()]
            found[name] = Series(
                np.fromiter(series, dtype=np.int64, count=len(series)),
                np.array(values, dtype=np.float64),
            )
        return {name: series for name, series in found.items() if len(series.iterations)}

    def clear(self) -> None:
        """Drop the values once they are on disk."""
        for series in self._values.values():
            series.clear()


def _kept(name: str, value: Any) -> float | Tensor:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise RecordingError(
                f"scalar {name!r} has shape {list(value.shape)}; reduce it to one number first"
            )
        value = value.detach()
        # A copy, because a running sum may be changed in place; on a GPU nothing waits for it.
        return float(value) if value.device.type == "cpu" else value.reshape(()).clone()
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise RecordingError(f"scalar {name!r} is {value!r}, no number") from error


def _fetch(tensors: list[Tensor]) -> list[float]:
    """Return the values of many one-element tensors with one transfer per device."""
    found = [math.nan] * len(tensors)
    for device in {tensor.device for tensor in tensors}:
        here = [i for i, tensor in enumerate(tensors) if tensor.device == device]
        # Apple's GPUs have no float64.
        wide = torch.float32 if device.type == "mps" else torch.float64
        values = torch.stack([tensors[i].to(wide) for i in here]).tolist()
        for index, value in zip(here, values, strict=True):
            found[index] = value
    return found
