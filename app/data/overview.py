"""What the overview's charts ask for: series, class errors, layer profiles."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments
from app.binary import Arrays
from app.data.pooling import read_columns
from app.data.scalars import last_values
from app.data.series import put_series, within
from db.queries.measurements import snapshots
from db.queries.measurements.layer_stats import ALL_QUANTITIES, layer_profile
from db.queries.runs import runs, structure
from deeptracker.catalogue import format_of
from deeptracker.format import SERIES, STATISTICS
from ingest.analysis.marks import marks as marks_of

RATE = "learning_rate"
# Parameter groups of an optimizer beside the first whose rates are drawn.
MOST_RATES = 7


def series(session: Session, run_id: int, arguments: Arguments) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve the scalars that the views know, and the learning rate of every parameter group.

    Arguments: from, to (iterations, both optional). Arrays: iteration i4 [T], epoch f8 [T],
    transitions i4 [T, 4] (-1: none), snapshot.NAME f8 [T], series.NAME.iterations i4,
    series.NAME.values f8, series.NAME.odd i4; validated u1 [T] where that differs. meta.series:
    NAME -> {total, shown, odd}.
    """
    low, high = arguments.integer("from"), arguments.integer("to")
    found = snapshots.snapshots(session, run_id=run_id)
    arrays: dict[str, Any] = {
        "iteration": found.iteration,
        "epoch": found.epoch,
        "transitions": found.transitions,
    }
    about = {}
    analysis = analysis_of(session, run_id)
    for name in (*SERIES, *other_rates(analysis.series_names(session))):
        whole = analysis.series(session, name, at=found)
        known = getattr(found, name) if name in SERIES else last_values(found.iteration, whole)
        arrays[f"snapshot.{name}"] = known
        seen = within(whole.iterations, whole.values, low=low, high=high)
        about[name] = put_series(arrays, f"series.{name}", seen, ticks=found.iteration).counts
    validated = analysis.validated(session)
    if validated is not None:
        arrays["validated"] = validated.astype(np.uint8)
    return arrays, {"series": about}


def other_rates(names: Iterable[str]) -> list[str]:
    """Return the scalars of the learning rates of parameter groups but the first, MOST_RATES."""
    return sorted(name for name in names if name.startswith(f"{RATE}/"))[:MOST_RATES]


def class_error(
    session: Session, run_id: int, arguments: Arguments
) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve how many images of every class were wrong at every snapshot, and how many there are.

    Arguments: from, to (iterations, both optional). Arrays: iteration i4 [T], wrong [C, S] in the
    smallest dtype that holds it, images i4 [C]; their ratio is the error (exactly, in a quarter of
    the bytes), and undefined for a class without images; below 0 where the snapshot was not
    validated. Where images have no prediction also no_prediction [C, S], how many of the wrong
    ones. Where that would be too large (app/data/pooling.py), or a range is asked for, fewer
    columns, each with the most of what it stands for; then also column i4 [T], the column of each
    snapshot, right i4 [T], the right ones of all classes (-1: not validated), and none_at_all
    i4 [T], those of all classes without a prediction, where there are any. meta: names [C],
    sizes [C], pooled (the most snapshots of a column; only where `column` is given).
    """
    found = structure.classes(session, run_id=run_id)
    analysis = analysis_of(session, run_id)
    errors = analysis.class_errors(session)
    sizes, wrong = errors.sizes, errors.wrong
    arrays: dict[str, Any] = {**_columns(session, run_id), "images": sizes}
    columns = read_columns(
        arguments, arrays["iteration"], bytes_a_column=len(sizes) * wrong.dtype.itemsize
    )
    without = analysis.without_prediction(session)
    if without is not None:
        arrays["no_prediction"] = columns.pooled(without, np.maximum).astype(wrong.dtype)
    about: dict[str, Any] = {"names": found.names, "sizes": sizes.tolist()}
    if not columns.whole:
        arrays |= {"column": columns.column(), "right": errors.right()}
        if without is not None:
            arrays["none_at_all"] = without.sum(axis=0, dtype=np.int32)
        about["pooled"] = columns.most
    return {**arrays, "wrong": columns.pooled(wrong, np.maximum)}, about


def layer_map(
    session: Session, run_id: int, arguments: Arguments
) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve one statistic of one quantity of all layers, f4 [L, T]; NaN: not defined.

    Arguments: quantity, statistic. meta: names, stages, filters [L], format.
    """
    quantity = arguments.choice("quantity", ALL_QUANTITIES)
    statistic = arguments.choice("statistic", STATISTICS)
    layers = structure.layers(session, run_id=run_id)
    values = layer_profile(session, run_id=run_id, quantity=quantity, statistic=statistic)
    return {**_columns(session, run_id), "values": values}, {
        "names": layers.names,
        "stages": layers.stages,
        "filters": layers.filters.tolist(),
        "format": format_of(statistic),
    }


def marks(session: Session, run_id: int, arguments: Arguments) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve what the script marked on the time axis, and where the training was resumed.

    Arrays: at i4 [M], iterations, rising. meta: kinds [M] ("event", "resume"), texts [M].
    """
    found = marks_of(runs.run_manifest(session, run_id=run_id))
    at = np.array([mark.iteration for mark in found], np.int32)
    return {"at": at}, {
        "kinds": [mark.kind for mark in found],
        "texts": [mark.text for mark in found],
    }


def _columns(session: Session, run_id: int) -> dict[str, Any]:
    """Return iteration i4 [T]: what the columns of a matrix are."""
    return {"iteration": snapshots.iterations(session, run_id=run_id)}
