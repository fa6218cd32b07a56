"""What compared runs ended at and were at their best, by the snapshots of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.measurements import snapshots
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


def by_key(found: Sequence[Outcome]) -> Mapping[str, Outcome]:
    """Return the outcomes by their keys."""
    return {one.key: one for one in found}
