"""What the compare page shows over time of whole runs beside scalars: anomalies, and spreads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments
from app.binary import Arrays
from app.data.aligned import Groups, aligned_runs, read_alignment, read_in_detail
from db.queries.runs.runs import run_manifest
from ingest.analysis.marks import marks

Answer = tuple[Arrays, Mapping[str, Any]]


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
