"""Reads the good runs of a run's recipe, and lays them and the run on one axis.

What was learned is kept in the process, by the versions of the good runs: while a run is followed,
it is judged with every few snapshots, and the good ones do not change.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from db.queries.runs import good_runs, runs
from db.queries.runs.runs import RunRow
from ingest.analysis.bands import LEAST_RUNS, Bands, Course, Floats, Series, learn
from ingest.analysis.health.history import History
from ingest.analysis.health.measured import course
from ingest.history import read_history

# Of many good runs the newest marks count; more hardly make a band better.
MOST_RUNS = 20
_MOST_KEPT = 40


class _Kept:
    """The last few of what takes long to read or to learn."""

    def __init__(self) -> None:
        self._found: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any) -> Any:
        return self._found.get(key)

    def put(self, key: Any, value: Any) -> None:
        self._found[key] = value
        while len(self._found) > _MOST_KEPT:
            self._found.popitem(last=False)


_GOOD, _BANDS = _Kept(), _Kept()


@dataclass(frozen=True)
class Placed:
    """What is needed of a run to lay it on an axis; `length` in iterations, None: not known."""

    iteration: Floats
    epoch: Floats | None
    length: int | None

    def positions(self, axis: str) -> Floats | None:
        """Return where its snapshots stand, f8 [T]; None where that is not known."""
        if axis == "progress":
            return None if not self.length else self.iteration / self.length
        if axis == "epoch":
            if self.epoch is None or not np.isfinite(self.epoch).all():
                return None
            return np.maximum.accumulate(self.epoch)
        return self.iteration


@dataclass(frozen=True)
class _Good:
    placed: Placed
    families: Mapping[str, Series]


def against_good_runs(session: Session, history: History, *, run_id: int) -> History:
    """Return the history with the bands of the good runs of its recipe, other than itself.

    As it is where fewer than LEAST_RUNS of them are marked.
    """
    listed = [m.run_id for m in good_runs.good_runs(session, run_id=run_id) if m.run_id != run_id]
    if len(listed) < LEAST_RUNS or not history.snapshots:
        return history
    good = [runs.get_run(session, run_id=one) for one in listed[-MOST_RUNS:]]
    found = [_read(session, run) for run in good]
    own = _placed(history, runs.get_run(session, run_id=run_id))
    axis = axis_of([own, *(one.placed for one in found)])
    key = (axis, *(_version(run) for run in good))
    bands = _BANDS.get(key)
    if bands is None:
        bands = _learned(found, axis)
        _BANDS.put(key, bands)
    return replace(history, good=bands, position=own.positions(axis))


def axis_of(placed: Sequence[Placed]) -> str:
    """Return on which axis all of these runs can be laid: progress, else epoch, else iteration."""
    for axis in ("progress", "epoch"):
        if all(one.positions(axis) is not None for one in placed):
            return axis
    return "iteration"


def _placed(history: History, run: RunRow) -> Placed:
    last = int(history.iteration[-1]) if history.snapshots else None
    whole = last if run.state == "complete" else None
    return Placed(
        history.iteration.astype(np.float64), history.epoch, run.planned_iterations or whole
    )


def _learned(found: Sequence[_Good], axis: str) -> Bands | None:
    courses = []
    for one in found:
        position = one.placed.positions(axis)
        if position is not None and len(position):
            courses.append(Course(position, one.families))
    return learn(courses)


def _version(run: RunRow) -> tuple[Any, ...]:
    return (run.id, run.version, run.stamp)


def _read(session: Session, run: RunRow) -> _Good:
    """Return what of a good run is compared: without flips and filters, the larger part by far."""
    key = _version(run)
    found: _Good | None = _GOOD.get(key)
    if found is None:
        history, _ = read_history(session, run_id=run.id)
        families = course(history, history.iteration.astype(np.float64)).families
        found = _Good(_placed(history, run), families)
        _GOOD.put(key, found)
    return found
