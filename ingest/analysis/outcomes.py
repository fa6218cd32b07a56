"""What a run ended at and was at its best, and how far it is from a baseline: pure functions."""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of scalars by these names, less is better, or more; of others nobody knows.
_LESS = re.compile(r"loss|error|perplexity|\bppl|nll|\bmae|\bmse|rmse", re.IGNORECASE)
_MORE = re.compile(r"acc|auc|\bf1|precision|recall|iou|\bmap\b|bleu|score", re.IGNORECASE)

Floats = NDArray[np.floating[Any]]


def less_is_better(name: str) -> bool | None:
    """Return whether a smaller value of a scalar is the better one; None where nobody knows."""
    if _LESS.search(name):
        return True
    return False if _MORE.search(name) else None


def last_of(values: Floats) -> float:
    """Return the last value that was recorded; NaN where none was, infinite where it was so."""
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else math.nan


def best_of(values: Floats, *, less: bool) -> float:
    """Return the least (or the greatest) finite value; NaN where there is none."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return math.nan
    return float(finite.min() if less else finite.max())


@dataclass(frozen=True)
class Change:
    """How far a value is from the baseline's: `by` = value - baseline, `share` = by / |baseline|.

    `share` is None where the baseline is 0; `better` is None where nobody knows what is better, or
    nothing changed.
    """

    by: float
    share: float | None
    better: bool | None


def change(value: float, base: float, *, less: bool | None) -> Change | None:
    """Compare a value with the baseline's; None where either is not finite."""
    if not (math.isfinite(value) and math.isfinite(base)):
        return None
    by = value - base
    share = by / abs(base) if base else None
    better = None if less is None or by == 0 else (by < 0) is less
    return Change(by, share, better)
