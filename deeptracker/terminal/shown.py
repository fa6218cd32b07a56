"""What is shown of a run, wherever it comes from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.thinning import telling

CURVES = ("train_loss", "validation_loss", "train_error", "validation_error")
TITLES = ("Training loss", "Validation loss", "Training error", "Validation error")

# Values of a curve in JSON.
_MOST_VALUES = 400


@dataclass(frozen=True)
class Curve:
    """A series: rising iterations [n] and f8 values [n], NaN and infinities as logged."""

    iterations: NDArray[Any]
    values: NDArray[Any]


@dataclass(frozen=True)
class Cause:
    """A probable cause of an event, its probability 0..1, and what would refute it."""

    title: str
    probability: float
    text: str
    counter_test: str = ""


@dataclass(frozen=True)
class Told:
    """An answer with its causes, or a finding, which has none: what, since when, how severe.

    `last` is None where it lasts to the end; `advice` is that of the rule of a finding.
    """

    severity: str
    first: int
    last: int | None
    text: str
    page: str
    advice: str = ""
    causes: Sequence[Cause] = ()


@dataclass(frozen=True)
class Shown:
    """One run: `source` is the server or folder, `page` its address ("": none).

    `facts` are words beside the name, `settings` the hyperparameters, `notes` what a reader should
    know besides. `answers` and `findings` are None where nobody has judged the run.
    """

    name: str
    state: str
    source: str
    page: str
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]
    curves: Mapping[str, Curve]
    answers: Sequence[Told] | None = None
    findings: Sequence[Told] | None = None
    notes: Sequence[str] = field(default=())

    def document(self) -> dict[str, Any]:
        """Return it as JSON takes it: curves thinned, NaN and infinities as texts."""
        found = {
            name: value for name, value in asdict(self).items() if name not in ("curves", "facts")
        }
        found["facts"] = dict(self.facts)
        found["curves"] = {name: _thinned(curve) for name, curve in self.curves.items()}
        plain: dict[str, Any] = _plain(found)
        return plain


def _thinned(curve: Curve) -> dict[str, list[Any]]:
    kept = telling(curve.values, _MOST_VALUES)
    return {
        "iteration": curve.iterations[kept].tolist(),
        "value": curve.values[kept].tolist(),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def last_of(curve: Curve | None) -> float | None:
    """Return the last value, None where there is none."""
    return float(curve.values[-1]) if curve is not None and len(curve.values) else None


def best_of(curve: Curve | None) -> tuple[int, float] | None:
    """Return iteration and value of the lowest finite value, None where there is none."""
    if curve is None or not np.isfinite(curve.values).any():
        return None
    at = int(np.nanargmin(np.where(np.isfinite(curve.values), curve.values, np.nan)))
    return int(curve.iterations[at]), float(curve.values[at])
