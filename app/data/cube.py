"""What only the cube asks for: a layer statistic for its front, and the order of its classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of
from app.arguments import Arguments
from app.binary import Arrays
from app.data.validation import read_window
from db.queries.measurements import snapshots
from db.queries.measurements.layer_stats import layer_profile
from db.queries.runs import structure
from deeptracker.catalogue import RATIO, format_of
from ingest.analysis.merge import norm_ratio
from ingest.analysis.order import final_error_order, name_order, peak_order

Answer = tuple[Arrays, Mapping[str, Any]]
LAYERS = "cube-layers?measure={cubefront}"
# name -> quantity, statistic, whether its colours need a log scale.
MEASURES = {
    "gradient": ("gradient", "l2", True),
    "update": ("update", "l2", True),
    "weight": ("weight", "l2", True),
    "spread": ("weight", "std", True),
    "zeros": ("weight", "zero_share", False),
    "sparsity": ("activation", "zero_share", False),
}
ORDERS = ("similarity", "peak", "error", "name", "recorded")


def layers(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the front: one statistic of all layers at all snapshots.

    Arguments: measure ("ratio": norm of the update over that of the weights, or one of MEASURES).
    Arrays: iteration i4 [T], epoch f8 [T], values f4 [L, T] (NaN: not defined, or not recorded).
    meta: names, stages, filters [L], classes (their number), format, log (colours on a log scale).
    """
    measure = arguments.choice("measure", (RATIO, *MEASURES), default=RATIO)
    found = snapshots.snapshots(session, run_id=run_id)
    of_run = structure.layers(session, run_id=run_id)

    def profile(quantity: str, statistic: str) -> NDArray[np.float32]:
        return layer_profile(session, run_id=run_id, quantity=quantity, statistic=statistic)

    form, log = format_of("l2", measure=RATIO), True
    if measure == RATIO:
        values = norm_ratio(profile("update", "l2"), profile("weight", "l2"))
    else:
        quantity, statistic, log = MEASURES[measure]
        form = format_of(statistic)
        values = profile(quantity, statistic)
    arrays: Arrays = {"iteration": found.iteration, "epoch": found.epoch, "values": values}
    return arrays, {
        "names": of_run.names,
        "stages": of_run.stages,
        "filters": of_run.filters.tolist(),
        "classes": len(structure.classes(session, run_id=run_id)),
        "format": form,
        "log": log,
    }


def order(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the order of the classes, order i4 [C], from the edge at the front to the back.

    Arguments: order (one of ORDERS), and the window k where the order is by the largest anomaly.
    """
    wanted = arguments.choice("order", ORDERS, default=ORDERS[0])
    analysis = analysis_of(session, run_id)
    k = read_window(arguments, analysis.usual_index(session)).k if wanted == "peak" else 0
    found = analysis.remember(
        f"cube order {wanted} {k}", lambda: _order(session, analysis, wanted=wanted, k=k)
    )
    return {"order": found}, {"order": wanted}


def _order(
    session: Session, analysis: Analysis, *, wanted: str, k: int
) -> NDArray[np.integer[Any]]:
    if wanted == "peak":
        return peak_order(analysis.peaks(session, k))
    if wanted == "name":
        return name_order(structure.classes(session, run_id=analysis.run_id).names)
    if wanted == "similarity":
        return analysis.alike(session)
    error = analysis.class_errors(session).error()
    if wanted == "error":
        return final_error_order(error)
    return np.arange(len(error), dtype=np.int32)
