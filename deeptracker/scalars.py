"""Scalars between two snapshots, kept where they are until a snapshot takes them along."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deeptracker.description import checked_name
from deeptracker.errors import RecordingError
from deeptracker.format import Series

MAX_NAMES = 1_000

# What is told of a scalar that cannot be kept: its name, why.
OnOdd = Callable[[str, str], None]


class ScalarBuffer:
    """Values by name and iteration; a tensor on a GPU is fetched only with the others."""

    def __init__(self, on_odd: OnOdd) -> None:
        self._values: dict[str, dict[int, float | Tensor]] = {}
        self._on_odd = on_odd

    def add(self, iteration: int, values: Mapping[str, Any]) -> dict[str, float | Tensor]:
        """Keep the values of an iteration: numbers, or tensors and arrays with one element.

        Returns those that were kept; any other goes to `on_odd`, and never raises.
        """
        kept: dict[str, float | Tensor] = {}
        for name, value in values.items():
            try:
                if name not in self._values:
                    self._check_new(name)
                number = _kept(value)
            except Exception as error:  # whatever an odd object does when it is looked at
                self._on_odd(str(name), _reason(error))
                continue
            kept[name] = number
            self._values.setdefault(name, {})[iteration] = number
        return kept

    def _check_new(self, name: str) -> None:
        checked_name("its name", name)
        if len(self._values) >= MAX_NAMES:
            raise RecordingError(f"is one more than {MAX_NAMES} names")

    def restore(self, values: Mapping[str, Mapping[int, float]]) -> None:
        """Take back values that stand in no snapshot of the run, ahead of those to come."""
        for name, series in values.items():
            if series:
                self._values[name] = {**series, **self._values.get(name, {})}

    def take(self) -> dict[str, Series]:
        """Return all that was kept as series; they stay until `clear`."""
        tensors = [v for series in self._values.values() for v in series.values()]
        on_device = [v for v in tensors if isinstance(v, Tensor)]
        fetched = iter(fetch(on_device))
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


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, RecordingError) else f"{type(error).__name__}: {error}"
    return text[:200]


def _kept(value: Any) -> float | Tensor:
    if isinstance(value, Tensor):
        return _kept_tensor(value)
    if isinstance(value, (float, int, np.number, np.bool_)):
        return _real(value)
    if isinstance(value, (str, bytes)) or value is None:
        raise RecordingError(f"is {value!r}, not a number")
    array = np.asarray(value)
    if array.size != 1:
        raise RecordingError(f"has shape {list(array.shape)}; reduce it to one number first")
    return _real(array.reshape(())[()])


def _real(value: Any) -> float:
    if isinstance(value, (complex, np.complexfloating)):
        raise RecordingError("is complex; log its parts, or its size")
    try:
        return float(value)
    except OverflowError:
        raise RecordingError("is a number too large for float64") from None
    except (TypeError, ValueError):
        raise RecordingError(f"is a {type(value).__name__}, no number") from None


def _kept_tensor(value: Tensor) -> float | Tensor:
    if value.numel() != 1:
        raise RecordingError(f"has shape {list(value.shape)}; reduce it to one number first")
    if value.is_complex():
        raise RecordingError("is complex; log its parts, or its size")
    placements: Any = getattr(value, "placements", ())
    if any(not placement.is_replicate() for placement in placements):
        # Its number is that of this process alone; asking the others would wait for them.
        raise RecordingError("is spread over processes; log its full_tensor()")
    local: Any = value
    value = (local.to_local() if placements else value).detach()
    # A copy, because a running sum may be changed in place; on a GPU nothing waits for it.
    return float(value) if value.device.type == "cpu" else value.reshape(()).clone()


def fetch(tensors: list[Tensor]) -> list[float]:
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
