"""The scalars of several runs on one axis: which there are, and some of them as lines and bands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of_run
from app.arguments import Arguments
from app.binary import Arrays
from app.data.aligned import (
    NO_GROUPS,
    AlignedRuns,
    Groups,
    aligned_runs,
    read_alignment,
    read_groups,
)
from app.data.own_lines import own_line, placed_at
from app.data.scalars import MOST, PIXELS, asked_for, first_of, group_of, key_of
from app.data.series import BUCKETS
from app.kept_lines import LINE_PIXELS, Line, drawn
from db.queries.measurements.scalars import Scalar
from deeptracker.format import SERIES
from ingest.analysis.alignment import at_ticks

Answer = tuple[Arrays, Mapping[str, Any]]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
# Lines in one answer, and pixels of all lines of a chart: a hundred lines of a chart are told apart
# by less than each of them at the resolution of a screen.
MOST_LINES = 1_200
MOST_PIXELS = 8_192
_DIFFERENCE = ("true", "false")


def listed(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve which scalars any of the runs has, and the axis and groups of the runs.

    Arguments: align, those of groups. Arrays: iteration i4 [K] (the ticks of the axis). meta.names:
    of each scalar [key, name, group, how many of the runs have it]; first (keys: see
    app/data/scalars.py first_of); groups (places of the runs; null without groups), their labels.
    """
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    groups = read_groups(arguments, runs.runs)
    analyses = [analysis_of_run(run) for run in runs.runs]
    counts = names_of(session, runs, analyses)
    return {"iteration": runs.axis.ticks}, {
        **runs.about,
        **(NO_GROUPS if groups is None else groups.about),
        "names": [[key_of(name), name, group_of(name), count] for name, count in counts.items()],
        "first": first_of(counts, most_names(len(runs.runs))),
    }


def names_of(session: Session, runs: AlignedRuns, analyses: Sequence[Analysis]) -> dict[str, int]:
    """Return the names of the scalars of any run, {name: how many runs have it}.

    Those that the views know come first, then the others by their groups. What the snapshots of a
    run say counts as well: logs of other tools may have losses there alone.
    """
    counts: dict[str, int] = dict.fromkeys(SERIES, 0)
    for analysis, found in zip(analyses, runs.snapshots, strict=True):
        logged = set(analysis.series_names(session))
        told = {name for name in SERIES if not np.isnan(getattr(found, name)).all()}
        for name in logged | told:
            counts[name] = counts.get(name, 0) + 1
    others = sorted(set(counts) - set(SERIES), key=lambda name: (group_of(name), name))
    return {name: counts[name] for name in [*SERIES, *others] if counts[name]}


def lines(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve some scalars of all runs at screen resolution.

    Arguments: names (keys, or FIRST_WORD), align, those of groups, from, to (ticks), pixels (of a
    chart), minus ("true": values are those less the baseline's), base (the id of that run, the
    first by default).

    Arrays: iteration i4 [K], the ticks. A line is that of a run (LINE is its place) or the mean of
    a group of several (LINE is g and the group's number). Of each: series.KEY.LINE.iterations i4
    (ticks), .values f8, .odd i4, and where it does not hold all from the beginning
    mean.KEY.LINE.iterations, .values, .counts, as of app/data/scalars.py lines. Of a group:
    band.KEY.LINE.low and .high f8 [K], NaN where fewer than two runs have a value. meta.series:
    KEY.LINE -> {total, shown, odd}.
    """
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    groups = read_groups(arguments, runs.runs)
    analyses = [analysis_of_run(run) for run in runs.runs]
    chart = _Chart(runs, groups, _read_view(arguments, run_ids), _read_base(arguments, run_ids))
    for key, name in _wanted(session, runs, analyses, arguments).items():
        if chart.follows_from_each_run:
            chart.put_own(key, [
                own_line(session, runs, place, name, chart.view.pixels)
                for place in range(len(runs.runs))
            ])  # fmt: skip
            continue
        chart.put(key, [
            analysis.series(session, name, at=found)
            for analysis, found in zip(analyses, runs.snapshots, strict=True)
        ])  # fmt: skip
    return {"iteration": runs.axis.ticks, **chart.arrays}, {"series": chart.about}


def first_lines(session: Session, run_id: int, alignment: str) -> dict[str, Line]:
    """Return the lines of the first scalars of a run, wherever it is compared, by their names."""
    runs = aligned_runs(session, [run_id], alignment)
    names = {
        key_of(name): name for name in names_of(session, runs, [analysis_of_run(runs.runs[0])])
    }
    chosen = [names[key] for key in first_of(names.values())]
    return {name: own_line(session, runs, 0, name, LINE_PIXELS) for name in chosen}


def _wanted(
    session: Session, runs: AlignedRuns, analyses: Sequence[Analysis], arguments: Arguments
) -> dict[str, str]:
    """Return the scalars that `names` asks for, {key: name}."""
    found = names_of(session, runs, analyses)
    return asked_for(arguments, found, most_names(len(runs.runs)), " of so many runs")


def most_names(runs: int) -> int:
    """Return how many scalars of so many runs may be asked for at once."""
    return max(1, min(MOST, MOST_LINES // runs))


@dataclass(frozen=True)
class _View:
    """What of the axis is shown, in ticks (None: to its end), and how many pixels a line has."""

    low: int | None
    high: int | None
    pixels: int


def _read_view(arguments: Arguments, run_ids: Sequence[int]) -> _View:
    pixels = int(arguments.choice("pixels", PIXELS, default=str(BUCKETS)))
    return _View(
        arguments.integer("from"), arguments.integer("to"),
        min(pixels, MOST_PIXELS // len(run_ids)),
    )  # fmt: skip


def _read_base(arguments: Arguments, run_ids: Sequence[int]) -> int | None:
    """Return the place of the run that is taken from all others; None where none is."""
    chosen = arguments.integers("base")
    if arguments.choice("minus", _DIFFERENCE, default="false") == "false":
        return None
    return run_ids.index(chosen[0]) if chosen and chosen[0] in run_ids else 0


class _Chart:
    """The lines of some scalars, put together one scalar after the other."""

    def __init__(
        self, runs: AlignedRuns, groups: Groups | None, view: _View, base: int | None
    ) -> None:
        self.runs, self.groups, self.view, self.base = runs, groups, view, base
        self.arrays: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        members = groups.members if groups else []
        self.together = [(at, own) for at, own in enumerate(members) if len(own) > 1]
        self.grouped = {place for _, own in self.together for place in own}

    @property
    def follows_from_each_run(self) -> bool:
        """Return whether each line follows from its own run alone, and is the whole of it."""
        view = self.view
        return not self.together and self.base is None and view.low is None and view.high is None

    def put_own(self, key: str, lines: Sequence[Line]) -> None:
        """Add what is drawn of a scalar of each run."""
        for place, line in enumerate(lines):
            if line.counts["total"]:
                self._add(f"{key}.{place}", line)

    def put(self, key: str, logged: Sequence[Scalar]) -> None:
        """Add the lines of a scalar, of which each run has logged one of these series."""
        placed = [placed_at(self.runs, place, whole) for place, whole in enumerate(logged)]
        at = None
        if self.together or self.base is not None:
            ticks = self.runs.axis.ticks
            at = np.stack([at_ticks(where, values, ticks) for where, values in placed])
            if self.base is not None:
                at = at - at[self.base]
        for place, (where, values) in enumerate(placed):
            if place in self.grouped or not len(where):
                continue
            if self.base is not None and at is not None:
                where, values = self._less(at[place], where, values)
            self._line(f"{key}.{place}", where, values)
        if at is not None:
            self._put_groups(key, at, placed)

    def _less(self, at: Floats, where: Ints, values: Floats) -> tuple[Ints, Floats]:
        """Return a line of differences [K] at the ticks, with what was no number in the run."""
        known = np.isfinite(at)
        odd = ~np.isfinite(values)
        ticks = np.concatenate([self.runs.axis.ticks[known], where[odd]])
        found = np.concatenate([at[known], values[odd]])
        order = np.argsort(ticks, kind="stable")
        return ticks[order], found[order]

    def _line(self, line: str, where: Ints, values: Floats) -> None:
        view = self.view
        self._add(line, drawn(where, values, low=view.low, high=view.high, pixels=view.pixels))

    def _add(self, line: str, found: Line) -> None:
        for part, array in found.parts.items():
            kind, _, name = part.partition(".")
            self.arrays[f"{kind}.{line}.{name}"] = array
        self.about[line] = found.counts

    def _put_groups(self, key: str, at: Floats, placed: Sequence[tuple[Ints, Floats]]) -> None:
        if self.groups is None:
            return
        spreads, ends = self.groups.spreads(at)
        for number, members in self.together:
            line, one = f"{key}.g{number}", spreads[number]
            odd = [where[~np.isfinite(values)] for where, values in (placed[m] for m in members)]
            where, values = self._with_odd(one.mean, np.unique(np.concatenate(odd)))
            self._line(line, where, values)
            low, high = (
                (ends[number].low, ends[number].high)
                if ends
                else (one.mean - one.deviation, one.mean + one.deviation)
            )
            self.arrays[f"band.{line}.low"] = low.astype(np.float64)
            self.arrays[f"band.{line}.high"] = high.astype(np.float64)

    def _with_odd(self, mean: NDArray[np.floating[Any]], odd: Ints) -> tuple[Ints, Floats]:
        """Return a mean [K] as a line, with where a run of the group had no number."""
        known = np.isfinite(mean)
        ticks = np.concatenate([self.runs.axis.ticks[known], odd])
        values = np.concatenate([mean[known], np.full(len(odd), np.nan)])
        order = np.argsort(ticks, kind="stable")
        return ticks[order].astype(np.int32), values[order].astype(np.float64)
