"""Compared runs as points: their settings and results as axes that a figure can be drawn on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.data.aligned import groupings_of
from app.data.outcomes import Outcome
from app.views.compare.words import letter
from db.queries.runs.runs import RunRow
from ingest.analysis.compare import ABSENT, as_text, compare_settings

# From so many times the least value on a logarithmic axis is what people want.
_DECADES = 20.0


@dataclass(frozen=True)
class Axis:
    """One setting or result of all runs.

    `values` [R]: numbers, NaN where a run has none, or the texts of `categories`, which are in the
    order of the axis; `format` is "percent" or "number".
    """

    key: str
    label: str
    values: tuple[Any, ...]
    categories: tuple[str, ...] = ()
    format: str = "number"
    less: bool | None = None

    @property
    def spans_decades(self) -> bool:
        """Whether a logarithmic axis fits: all values above 0, far apart."""
        if self.categories:
            return False
        known = [value for value in self.values if not math.isnan(value)]
        return bool(known) and min(known) > 0 and max(known) / min(known) >= _DECADES


@dataclass(frozen=True)
class Sweep:
    """Runs as points: `ids`, `names` (with letters) [R], and the axes by their keys."""

    ids: tuple[int, ...]
    names: tuple[str, ...]
    settings: Mapping[str, Axis]
    results: Mapping[str, Axis]


def sweep_of(runs: Sequence[RunRow], found: Sequence[Outcome]) -> Sweep:
    """Return the settings that differ between runs, and their results, as axes."""
    different = compare_settings([groupings_of(run) for run in runs]).different
    settings = {name: setting_axis(name, values) for name, values in different}
    results = {
        one.key: Axis(
            one.key, one.label, tuple(one.values.tolist()), format=one.format, less=one.less
        )
        for one in found
    }
    names = tuple(f"{letter(at)} {run.name}" for at, run in enumerate(runs))
    return Sweep(tuple(run.id for run in runs), names, settings, results)


def setting_axis(name: str, values: Sequence[Any]) -> Axis:
    """Return a setting as an axis: of numbers where all that are set are, else of categories."""
    known = [value for value in values if value is not ABSENT and value is not None]
    if known and all(_is_number(value) for value in known):
        numbers = (float(value) if _is_number(value) else math.nan for value in values)
        return Axis(name, name, tuple(numbers))
    texts = tuple(as_text(value) or "none" for value in values)
    return Axis(name, name, texts, categories=tuple(sorted(set(texts))))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
