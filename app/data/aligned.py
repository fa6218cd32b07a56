"""The compared runs on one axis, as every answer of the page needs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from db.queries.measurements import snapshots
from db.queries.runs import runs
from db.queries.runs.runs import RunRow
from ingest.analysis.alignment import ALIGNMENTS, TICKS, Alignment, Timeline, align
from ingest.analysis.compare import seed_groups

MOST_RUNS = 10
GROUPINGS = ("runs", "seeds", "chosen")


@dataclass(frozen=True)
class AlignedRuns:
    """The runs, their snapshots and timelines, and the axis that they share."""

    runs: tuple[RunRow, ...]
    snapshots: tuple[snapshots.Snapshots, ...]
    timelines: tuple[Timeline, ...]
    alignment: str
    axis: Alignment

    @property
    def about(self) -> dict[str, Any]:
        """Return what each answer says of its runs and its axis."""
        return {
            "runs": [{"id": run.id, "name": run.name} for run in self.runs],
            "align": self.alignment,
            "ticks_of_one": TICKS[self.alignment],
            "ticks": len(self.axis.ticks),
            "all_ticks": self.axis.all_ticks,
            "unaligned": [at for at, place in enumerate(self.axis.places) if place is None],
        }


def read_alignment(arguments: Arguments) -> str:
    """Return the asked alignment, by iteration unless told otherwise."""
    return arguments.choice("align", ALIGNMENTS, default="iteration")


def aligned_runs(session: Session, run_ids: Sequence[int], alignment: str) -> AlignedRuns:
    """Return the runs on one axis; NotFound and InTrash as the queries raise them."""
    rows = tuple(runs.get_run(session, run_id=run_id) for run_id in run_ids)
    found = tuple(snapshots.snapshots(session, run_id=run_id) for run_id in run_ids)
    timelines = tuple(
        Timeline(own.iteration, own.epoch, own.recorded_at, run.created_at.timestamp())
        for run, own in zip(rows, found, strict=True)
    )
    return AlignedRuns(rows, found, timelines, alignment, align(timelines, alignment))


def read_pair(arguments: Arguments, count: int) -> tuple[int, int]:
    """Return the places of the two runs that are compared in detail, the first two by default."""
    first = arguments.integer("first", high=count - 1, default=0) or 0
    second = arguments.integer("second", high=count - 1, default=1)
    if second is None or first == second:
        raise BadArgument("first and second must be two different runs.")
    return first, second


def settings_of(run: RunRow) -> dict[str, Any]:
    """Return what tells one run from another before it began: model, data, hyperparameters."""
    return {"model": run.model, "data set": run.dataset, **run.hyperparameters}


def read_groups(arguments: Arguments, rows: Sequence[RunRow]) -> NDArray[np.int32] | None:
    """Return the group of each run, i4 [R], 0 and up; None where every run stands for itself.

    Arguments: group, members (of "chosen": a number for each run; missing ones stay alone).
    """
    grouping = arguments.choice("group", GROUPINGS, default="runs")
    members = arguments.integers("members")
    if grouping == "runs":
        return None
    if grouping == "seeds":
        return np.array(seed_groups([settings_of(run) for run in rows]), np.int32)
    keys = [
        f"chosen {members[at]}" if at < len(members) and members[at] else f"alone {at}"
        for at in range(len(rows))
    ]
    order = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys], np.int32)


def members_of(groups: NDArray[np.int32]) -> list[list[int]]:
    """Return the places of the runs of each group."""
    return [np.flatnonzero(groups == group).tolist() for group in range(int(groups.max()) + 1)]
