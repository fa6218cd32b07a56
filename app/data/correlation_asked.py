"""What a request about correlation asks for, and what all its answers are made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments
from app.data.validation import Window, asked_anomalies
from db.queries.measurements import snapshots
from db.queries.measurements.peaks import all_peaks
from db.queries.runs import structure
from deeptracker.catalogue import PEAK_QUANTITIES
from ingest.analysis.anomalies import default_threshold, default_window
from ingest.analysis.correlation import (
    Grid,
    Moments,
    TopSets,
    at_moments,
    find_grid,
    find_moments,
    returning,
)
from ingest.analysis.flip_index import FlipIndex
from ingest.analysis.peaks import PEAK_LIMIT
from ingest.analysis.significance import Presence, expected_distinct, judge_presence

DEFAULT_TOP = 50
DEFAULT_QUANTITY = "relative_change"


@dataclass(frozen=True)
class Judged:
    """How a grid compares with chance, [R, C], and how many cells were tested.

    `expected` f8 are the distinct filters, `usual` f8 the members of sets, that as many iterations
    drawn at random hold on average.
    """

    expected: NDArray[np.float64]
    usual: NDArray[np.float64]
    presence: Presence
    tests: int


@dataclass(frozen=True)
class Asked:
    """What is asked, and of the run: the sets of the top filters, and when classes are anomalous.

    `iteration` i4 [T]; `moments` of all classes; `classes` their number.
    """

    run_id: int
    window: Window
    top: int
    quantity: str
    live: bool
    pending_from: int
    index: FlipIndex
    iteration: NDArray[np.int32]
    sets: TopSets
    moments: Moments

    @property
    def classes(self) -> int:
        """Return the number of classes of the run."""
        return len(self.index.class_size)

    @cached_property
    def population(self) -> NDArray[np.int64]:
        """Return the snapshots that could be anomalous and have top filters, rising."""
        known = np.flatnonzero(np.diff(self.sets.start) > 0)
        places, first = self.index.places, 0
        if places is not None:
            known, first = known[np.isin(known, places)], int(places[0])
        # Nothing can flip at the first snapshot.
        return known[known > first]

    @cached_property
    def returning(self) -> Moments:
        """Return the moments of the classes that have at least two."""
        return returning(self.moments)

    def grid(self) -> Grid:
        """Return the sets by layer and class."""
        return find_grid(self.sets, self.returning)

    def judged(self, grid: Grid) -> Judged:
        """Return how the grid compares with chance."""
        population = self.population
        holds = self.sets.holds(population)
        known = np.isin(grid.snapshot, population)
        at = np.searchsorted(population, grid.snapshot[known])
        has = at_moments(grid.place, grid.class_start, snapshots=len(grid.snapshot))[:, known]
        drawn = has.sum(axis=1).astype(np.int64)
        expected = expected_distinct(
            self._filters_by_base()[grid.layer], drawn=drawn, population=len(population)
        )
        usual = holds[:, grid.layer].sum(axis=0)[:, None] * drawn / max(1, len(population))
        presence = judge_presence(holds[:, grid.layer], has, at)
        tests = int(np.count_nonzero(holds.any(axis=0))) * len(grid.class_id)
        return Judged(expected, usual, presence, tests)

    def _filters_by_base(self) -> NDArray[np.int64]:
        """Return how many filters of each layer are in exactly b sets of the population [L, B]."""
        _, members = self.sets.at(self.population)
        filters, base = np.unique(members, return_counts=True)
        width = len(self.population) + 1
        key = self.sets.layer_of(filters).astype(np.int64) * width + base
        return np.bincount(key, minlength=self.sets.layers * width).reshape(-1, width)

    def about(self) -> dict[str, Any]:
        """Return what was asked and the sizes of the run, for every answer's meta."""
        return {
            "k": self.window.k,
            "m": self.window.m,
            "share": self.window.share,
            "direction": self.window.direction,
            "default_k": default_window(self.index.run_snapshots),
            "default_m": default_threshold(self.index.class_size),
            "top": self.top,
            "quantity": self.quantity,
            "live": self.live,
            "pending_from": self.pending_from,
            "snapshots": len(self.iteration),
            "population": len(self.population),
            "filters": int(self.sets.offsets[-1]),
            "layers": self.sets.layers,
            "classes": self.classes,
        }


def read_asked(session: Session, run_id: int, arguments: Arguments) -> Asked:
    """Return what a request asks for; the run's defaults stand where an argument is absent."""
    analysis = analysis_of(session, run_id)
    window, index, found = asked_anomalies(session, analysis, arguments)
    top = arguments.integer("top", low=1, high=PEAK_LIMIT, default=DEFAULT_TOP) or DEFAULT_TOP
    quantity = arguments.choice("quantity", PEAK_QUANTITIES, default=DEFAULT_QUANTITY)
    every = analysis.remember(f"top {quantity}", lambda: _top_sets(session, run_id, quantity))
    return Asked(
        run_id=run_id,
        window=window,
        top=top,
        quantity=quantity,
        live=analysis.live,
        pending_from=found.pending_from,
        index=index,
        iteration=snapshots.iterations(session, run_id=run_id),
        sets=every.cut(top),
        moments=find_moments(found),
    )


def _top_sets(session: Session, run_id: int, quantity: str) -> TopSets:
    layers = structure.layers(session, run_id=run_id)
    offsets = np.concatenate([[0], np.cumsum(layers.filters, dtype=np.int64)])
    peaks = all_peaks(session, run_id=run_id, quantity=quantity)
    members = (offsets[peaks.layer_id] + peaks.filter).astype(np.int32)
    return TopSets(peaks.start, members, offsets)
