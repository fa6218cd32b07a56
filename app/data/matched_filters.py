"""Filters of a layer of two runs, matched by their courses over the iterations of both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.measurements import filter_stats, snapshots
from ingest.analysis.matching import Matched, match_courses

# What a course is made of: how a filter's weights lie and how they move.
STATISTICS = ("weight_mean", "weight_std", "relative_change")
# More iterations tell filters apart no better, and cost: they are chosen evenly.
MOST_ITERATIONS = 200


@dataclass(frozen=True)
class Pairs:
    """Matched filters of one layer: by which iterations i4 [K], and what was found (None: none)."""

    iterations: NDArray[np.int32]
    found: Matched | None


def matched_filters(session: Session, run_ids: tuple[int, int], layers: tuple[int, int]) -> Pairs:
    """Return which filter of a layer goes with which of a layer of another run.

    Both layers have the same number of filters; ValueError where they have not. Nothing is found
    without an iteration that both runs recorded.
    """
    own, other = (snapshots.iterations(session, run_id=run_id) for run_id in run_ids)
    both, here, there = np.intersect1d(own, other, assume_unique=True, return_indices=True)
    if not len(both):
        return Pairs(both.astype(np.int32), None)
    places = np.unique(
        np.linspace(0, len(both) - 1, min(len(both), MOST_ITERATIONS)).round().astype(int)
    )
    first, second = (
        np.stack(
            [
                filter_stats.layer_filters(session, run_id=run_id, layer_id=layer, quantity=name)[
                    :, columns[places]
                ]
                for name in STATISTICS
            ]
        )
        for run_id, layer, columns in zip(run_ids, layers, (here, there), strict=True)
    )
    return Pairs(both[places].astype(np.int32), match_courses(first, second))
