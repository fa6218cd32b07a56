"""What compared runs ended at and were at their best: losses, errors, any of their scalars."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.measurements import snapshots
from db.queries.runs.scalar_ends import ScalarEnds, common_scalars, scalar_ends
from deeptracker.catalogue import KNOWN_SERIES
from ingest.analysis.outcomes import best_of, last_of, less_is_better


@dataclass(frozen=True)
class Outcome:
    """A value that each of some runs came to.

    `key` is "best:validation_error" or "last:validation_error"; `values` f8 [R], NaN where a run
    recorded none; `less`: whether less is better, None where nobody knows.
    """

    key: str
    label: str
    format: str
    less: bool | None
    values: NDArray[np.float64]


def outcomes(session: Session, run_ids: Sequence[int]) -> list[Outcome]:
    """Return last and best loss and error of every run, those that any of them recorded."""
    found = [snapshots.snapshots(session, run_id=run_id) for run_id in run_ids]
    made = []
    for series in reversed(KNOWN_SERIES):
        less = less_is_better(series.name)
        if less is None:
            continue
        own = [getattr(one, series.name) for one in found]
        for kind, values in (
            ("last", [last_of(one) for one in own]),
            ("best", [best_of(one, less=less) for one in own]),
        ):
            known = np.array(values, np.float64)
            if not np.isnan(known).all():
                label = f"{kind.capitalize()} {series.label.lower()}"
                made.append(Outcome(f"{kind}:{series.name}", label, series.format, less, known))
    return made


# Scalars to choose from, of those that most runs have; the address has room for no longer key.
MOST_CHOICES = 200
LONGEST_KEY = 200
_OUTCOMES = frozenset(one.name for one in KNOWN_SERIES if less_is_better(one.name) is not None)


def choices(session: Session, run_ids: Sequence[int], *, fewest: int) -> dict[str, str]:
    """Return what other scalars of at least `fewest` runs came to, {key: label}.

    Of a scalar that is known to be better the less, or the more, it is last and best; of others it
    is last, least and greatest. Losses and errors of `outcomes` are not among them.
    """
    names = common_scalars(session, run_ids=run_ids, fewest=fewest, most=MOST_CHOICES)
    made = [
        (f"{kind}:{name}", f"{kind.capitalize()} {name}")
        for name in names
        if name not in _OUTCOMES
        for kind in _kinds(name)
    ]
    return {key: label for key, label in made if len(key) <= LONGEST_KEY}


def scalar_outcomes(session: Session, run_ids: Sequence[int], keys: Sequence[str]) -> list[Outcome]:
    """Return what scalars of all runs came to, for those of `keys` that `choices` may have."""
    asked = [key.partition(":") for key in dict.fromkeys(keys)]
    wanted = [
        (kind, name)
        for kind, _, name in asked
        if name and name not in _OUTCOMES and kind in _kinds(name)
    ]
    found = scalar_ends(session, run_ids=run_ids, names=[name for _, name in wanted])
    made = []
    for kind, name in wanted:
        ends = [found.get((run_id, name)) for run_id in run_ids]
        values = np.array([_end(one, kind, name) for one in ends], np.float64)
        if not np.isnan(values).all():
            label = f"{kind.capitalize()} {name}"
            made.append(Outcome(f"{kind}:{name}", label, "number", less_is_better(name), values))
    return made


def _kinds(name: str) -> tuple[str, ...]:
    known = less_is_better(name) is not None
    return ("last", "best") if known else ("last", "least", "greatest")


def _end(ends: ScalarEnds | None, kind: str, name: str) -> float:
    if ends is None:
        return math.nan
    if kind == "last":
        return ends.last
    least = kind == "least" or (kind == "best" and bool(less_is_better(name)))
    value = ends.least if least else ends.greatest
    return math.nan if value is None else value


def by_key(found: Sequence[Outcome]) -> Mapping[str, Outcome]:
    """Return the outcomes by their keys."""
    return {one.key: one for one in found}
