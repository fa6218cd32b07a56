"""What a comparison draws of a scalar of one run, where that follows from the run alone."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of_run
from app.data.aligned import AlignedRuns
from app.kept_lines import LINE_PIXELS, Line, drawn, find_lines
from db.queries.measurements.scalars import Scalar


def own_line(session: Session, runs: AlignedRuns, place: int, name: str, pixels: int) -> Line:
    """Return the whole line of a scalar of the run at a place.

    Kept by the run, not by the comparison: it is the same beside all others that are aligned alike.
    """
    run, by = runs.runs[place], runs.alignment
    analysis = analysis_of_run(run)

    def make() -> Line:
        stored = analysis.remember(f"first lines {by}", lambda: find_lines(session, run, by))
        if pixels == LINE_PIXELS and name in stored:
            return stored[name]
        whole = analysis.series(session, name, at=runs.snapshots[place])
        return drawn(*placed_at(runs, place, whole), low=None, high=None, pixels=pixels)

    return analysis.remember(f"line {by} {pixels} {name}", make)


def placed_at(
    runs: AlignedRuns, place: int, whole: Scalar
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return a series of the run at a place by ticks; nothing where those are not known."""
    where = runs.timelines[place].place(whole.iterations, runs.alignment)
    if where is None:
        return np.zeros(0, np.int32), np.zeros(0)
    return where, whole.values
