"""Which runs are large: beyond paper scale, where what is asked of a whole run takes seconds.

And which are prepared: from half of paper scale on, where it takes a tenth of a second of each web
process, and of the database as much again.
"""

from collections.abc import Sequence
from typing import Final

from db.queries.runs.runs import RunRow

# Errors of classes over time, or images: twice paper scale.
MANY_CELLS: Final = 2_000_000
MANY_IMAGES: Final = 100_000
# With so large a part of these it is worth a twentieth of a load's time to keep the first answers.
PREPARED: Final = 0.2


def is_large(run: RunRow) -> bool:
    """Return whether a run is large, and no more of it is to come."""
    return _has(run, 1.0)


def is_prepared(run: RunRow) -> bool:
    """Return whether what the pages of a run ask for first is kept in the store (app/prepared.py),
    and no more of it is to come.
    """
    return _has(run, PREPARED)


def _has(run: RunRow, share: float) -> bool:
    cells = run.class_count * run.snapshot_count
    many = cells > share * MANY_CELLS or run.image_count > share * MANY_IMAGES
    return many and not run.recording


def are_large(runs: Sequence[RunRow]) -> bool:
    """Return whether any of some runs is large, and no more of any is to come."""
    return any(map(is_large, runs)) and not any(run.recording for run in runs)
