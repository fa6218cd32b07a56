"""Which runs are large: beyond paper scale, where what is asked of a whole run takes seconds."""

from collections.abc import Sequence
from typing import Final

from db.queries.runs.runs import RunRow

# Errors of classes over time, or images: twice paper scale.
MANY_CELLS: Final = 2_000_000
MANY_IMAGES: Final = 100_000


def is_large(run: RunRow) -> bool:
    """Return whether a run is large, and no more of it is to come."""
    cells = run.class_count * run.snapshot_count
    return not run.recording and (cells > MANY_CELLS or run.image_count > MANY_IMAGES)


def are_large(runs: Sequence[RunRow]) -> bool:
    """Return whether any of some runs is large, and no more of any is to come."""
    return any(map(is_large, runs)) and not any(run.recording for run in runs)
