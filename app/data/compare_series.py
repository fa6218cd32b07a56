"""What the compare page shows over time of whole runs: scalars, and anomalies."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of, analysis_of_run
from app.arguments import Arguments
from app.binary import Arrays
from app.components.run_course import marks
from app.data.aligned import (
    MOST_IN_DETAIL,
    NO_GROUPS,
    AlignedRuns,
    Groups,
    aligned_runs,
    read_alignment,
    read_groups,
    read_in_detail,
)
from app.data.series import put_series
from db.queries.runs.runs import run_manifest
from deeptracker.format import SERIES
from ingest.analysis.alignment import at_ticks

Answer = tuple[Arrays, Mapping[str, Any]]
MOST_SERIES = 24
# Of all series together.
MOST_LINES = 1_000


def series(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve the scalars of all runs on one axis.

    Arguments: align, those of groups. Arrays: iteration i4 [K] (the ticks of the axis); of series n
    of run r: series.n.r.iterations i4 (ticks), .values f8 (these two of at most MOST_IN_DETAIL
    runs), .odd i4 at screen resolution, and
    at.n f4 [R, K], the values at the ticks. Where grouped: mean.n, deviation.n f4 [G, K], count.n
    i4 [G, K], and low.n, high.n f4 [G, K] where bands show these. meta: names of the series, those
    not shown, totals, groups (places of the runs) and their labels.
    """
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    groups = read_groups(arguments, runs.runs)
    analyses = [analysis_of_run(run) for run in runs.runs]
    logged = {name for analysis in analyses for name in analysis.series_names(session)}
    others = sorted(logged - set(SERIES))
    names = [*SERIES, *others][: max(len(SERIES), min(MOST_SERIES, MOST_LINES // len(run_ids)))]
    arrays: dict[str, Any] = {"iteration": runs.axis.ticks}
    about = []
    for number, name in enumerate(names):
        at, facts = _series(session, runs, analyses, name, number, arrays)
        about.append({"name": name, "runs": facts})
        if groups is not None:
            arrays |= spread_arrays(groups, at, f".{number}")
    return arrays, {
        **runs.about,
        **(NO_GROUPS if groups is None else groups.about),
        "series": about,
        "left_out": [*SERIES, *others][len(names) :],
    }


def _series(
    session: Session,
    runs: AlignedRuns,
    analyses: Sequence[Analysis],
    name: str,
    number: int,
    arrays: dict[str, Any],
) -> tuple[NDArray[np.float64], list[dict[str, int]]]:
    """Add a series of all runs to the arrays; return its values at the ticks, f8 [R, K]."""
    ticks = runs.axis.ticks
    at = np.full((len(runs.runs), len(ticks)), np.nan)
    facts = []
    for place, run in enumerate(runs.runs):
        whole = analyses[place].series(session, name, at=runs.snapshots[place])
        where, values = runs.timelines[place].place(whole.iterations, runs.alignment), whole.values
        if where is None:
            where, values = np.zeros(0, np.int32), np.zeros(0)
        if len(where):
            at[place] = at_ticks(where, values, ticks)
        own = runs.axis.places[place]
        key, at_own = f"series.{number}.{place}", ticks if own is None else own
        counts = put_series(arrays, key, (where, values), ticks=at_own).counts
        if len(runs.runs) > MOST_IN_DETAIL:
            # So many lines are drawn by their values at the ticks; the answer stays a small one.
            del arrays[f"{key}.iterations"], arrays[f"{key}.values"]
        facts.append({"run": run.id, "total": counts["total"], "shown": counts["shown"]})
    arrays[f"at.{number}"] = at.astype(np.float32)
    return at, facts


def spread_arrays(
    groups: Groups, values: NDArray[np.floating[Any]], end: str = ""
) -> dict[str, NDArray[Any]]:
    """Return what an answer says of values [R, ...] in groups; `end` ends the arrays' names."""
    spreads, found = groups.spreads(values)
    arrays: dict[str, NDArray[Any]] = {
        f"mean{end}": np.stack([one.mean for one in spreads]).astype(np.float32),
        f"deviation{end}": np.stack([one.deviation for one in spreads]).astype(np.float32),
        f"count{end}": np.stack([one.count for one in spreads]),
    }
    if found:
        arrays[f"low{end}"] = np.stack([one.low for one in found]).astype(np.float32)
        arrays[f"high{end}"] = np.stack([one.high for one in found]).astype(np.float32)
    return arrays


def events(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve the anomalous iterations of every run at its own default window and threshold.

    Arguments: align, picked. Arrays: iteration i4 [K]; of run r of those in detail: tick.r and at.r
    i4 (tick and iteration of an anomaly), right.r u1 (1: flipped, then stable), classes.r, images.r
    i4 (how many), and place.r i4 [T], own.r i4 [T]: tick and iteration of each snapshot. meta:
    detailed (the places of these runs), windows of each run, and its marks (iteration, kind, text),
    events and resumes; null and none of the others.
    """
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    arrays: dict[str, Any] = {"iteration": runs.axis.ticks}
    detailed = read_in_detail(arguments, run_ids)
    windows: list[dict[str, float] | None] = [None] * len(runs.runs)
    for place in detailed:
        run = runs.runs[place]
        own = runs.axis.places[place]
        found = runs.snapshots[place]
        where = np.zeros(0, np.int32) if own is None else own
        arrays[f"place.{place}"] = where
        arrays[f"own.{place}"] = found.iteration[: len(where)]
        shown = len(found) if run.validates and len(where) else 0
        table, window = _anomalies(session, run.id, shown)
        windows[place] = window
        rows = table["snapshot"]
        arrays[f"tick.{place}"] = where[rows] if len(where) else rows
        arrays[f"at.{place}"] = found.iteration[rows] if len(where) else rows
        arrays[f"right.{place}"] = table["right"].astype(np.uint8)
        arrays[f"classes.{place}"] = table["classes"]
        arrays[f"images.{place}"] = table["images"]
    named = [
        marks(run_manifest(session, run_id=run.id)) if place in detailed else []
        for place, run in enumerate(runs.runs)
    ]
    return arrays, {
        **runs.about,
        "detailed": detailed,
        "windows": windows,
        "marks": [[asdict(mark) for mark in found] for found in named],
    }


_COLUMNS = ("snapshot", "right", "classes", "images")


def _anomalies(
    session: Session, run_id: int, snapshots: int
) -> tuple[dict[str, NDArray[Any]], dict[str, float] | None]:
    if not snapshots:
        return {name: np.zeros(0, np.int32) for name in _COLUMNS}, None
    table, k, m = analysis_of(session, run_id).default_anomalies(session, length=snapshots)
    return {name: getattr(table, name) for name in _COLUMNS}, {"k": k, "m": m}
