"""The compared runs on one axis, as every answer of the page needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from db.queries.measurements import snapshots
from db.queries.runs import runs
from db.queries.runs.runs import RunRow
from ingest.analysis.alignment import ALIGNMENTS, TICKS, Alignment, Timeline, align
from ingest.analysis.compare import (
    Extremes,
    Spread,
    extremes,
    mean_and_spread,
    seed_groups,
    setting_groups,
)

MOST_RUNS = 100
# So many runs stand beside each other where each takes a row, or a line of every layer.
MOST_IN_DETAIL = 10
GROUPINGS = ("runs", "seeds", "setting", "chosen")
BANDS = ("deviation", "range")


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
    rows = tuple(runs.get_runs(session, run_ids=run_ids))
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


def read_in_detail(arguments: Arguments, run_ids: Sequence[int]) -> list[int]:
    """Return the places of the runs that a part shows which cannot show all, at most
    MOST_IN_DETAIL: those that the argument `picked` names by id, else the first ones.
    """
    picked = set(arguments.integers("picked"))
    chosen = [at for at, run_id in enumerate(run_ids) if run_id in picked]
    return (chosen or list(range(len(run_ids))))[:MOST_IN_DETAIL]


def settings_of(run: RunRow) -> dict[str, Any]:
    """Return what tells one run from another before it began: model, data, hyperparameters."""
    return {"model": run.model, "data set": run.dataset, **run.hyperparameters}


def groupings_of(run: RunRow) -> dict[str, Any]:
    """Return by what a run can be grouped: its settings, and its tags together."""
    return {**settings_of(run), "tags": sorted(run.tags)}


@dataclass(frozen=True)
class Groups:
    """Runs in groups: `members` are the places of the runs of each, `labels` what makes each one
    ("" where the letters of its runs say it); `band` is one of BANDS.
    """

    members: list[list[int]]
    labels: list[str]
    band: str

    def spreads(self, values: NDArray[np.floating[Any]]) -> tuple[list[Spread], list[Extremes]]:
        """Return mean and deviation of values [R, ...] in each group, and its extremes where the
        band is those.
        """
        parts = [values[members] for members in self.members]
        found = [extremes(part) for part in parts] if self.band == "range" else []
        return [mean_and_spread(part) for part in parts], found

    @property
    def about(self) -> dict[str, Any]:
        """Return what an answer says of its groups."""
        return {"groups": self.members, "labels": self.labels}


NO_GROUPS: Mapping[str, Any] = MappingProxyType({"groups": None, "labels": []})


def read_groups(arguments: Arguments, rows: Sequence[RunRow]) -> Groups | None:
    """Return the groups of the runs; None where every run stands for itself.

    Arguments: group, by (of "setting": its name; without it the first that differs), members (of
    "chosen": a number for each run; missing ones stay alone), band.
    """
    grouping = arguments.choice("group", GROUPINGS, default="runs")
    members = arguments.integers("members")
    band = arguments.choice("band", BANDS, default="deviation")
    by = arguments.text("by")
    settings = [groupings_of(run) for run in rows]
    if grouping == "runs":
        return None
    if grouping == "setting":
        if by and not any(by in one for one in settings):
            raise BadArgument(f"by must be a setting of these runs; none of them has {by[:80]!r}.")
        numbers, labels = setting_groups(settings, by)
    elif grouping == "seeds":
        numbers, labels = seed_groups(settings), []
    else:
        numbers, labels = _numbered(members, len(rows)), []
    count = max(numbers) + 1
    places = [[at for at, one in enumerate(numbers) if one == group] for group in range(count)]
    return Groups(places, labels or [""] * count, band)


def _numbered(members: Sequence[int], count: int) -> list[int]:
    """Return the group of each run by the numbers that people gave; 0 or none: a group alone."""
    keys = [
        f"chosen {members[at]}" if at < len(members) and members[at] else f"alone {at}"
        for at in range(count)
    ]
    order = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return [order[key] for key in keys]
