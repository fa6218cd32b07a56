"""One number for each layer and snapshot, to be seen in one chart: update ratios, magnitudes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import Arrays
from app.components.run_course import lacks
from db.queries.measurements import snapshots
from db.queries.measurements.layer_stats import layer_profile
from db.queries.runs import runs, structure
from deeptracker.format import OPTIONAL_QUANTITIES, QUANTITIES
from ingest.analysis.merge import norm_ratio

Answer = tuple[Arrays, Mapping[str, Any]]

# The update that a step applied in relation to the weights: by mean magnitudes, as the update ratio
# of Deeplearning4j's training page has it, or by norms, as everywhere else here.
RATIO, NORMS = "ratio", "norms"
DEVIATION, MEAN = "deviation", "mean"
# What the layers put out on training batches against that on validation images: the distance of the
# means in standard deviations, and how many times as wide the one spreads.
SHIFT, SPREAD = "activation-shift", "activation-spread"
KINDS = (
    RATIO,
    NORMS,
    *QUANTITIES,
    *(f"{name}-{DEVIATION}" for name in QUANTITIES),
    *(f"{name}-{MEAN}" for name in (*QUANTITIES, *OPTIONAL_QUANTITIES)),
    SHIFT,
    SPREAD,
)


def magnitudes(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve one kind of number of every layer over the snapshots.

    Argument: magnitude, one of KINDS: "ratio" is mean |update| / mean |weight| of the layer at the
    step of a snapshot, "norms" ||update|| / ||weight||; a quantity its mean magnitude; with
    "-deviation" its standard deviation, with "-mean" its mean; "activation-shift" is |mean on
    training batches - mean on validation images| / standard deviation on validation images,
    "activation-spread" the ratio of the two standard deviations. Arrays: iteration i4 [T], value f4
    [L, T], NaN where it is not defined or not recorded; median f4 [T] of the layers; of a mean also
    deviation f4 [L, T], the standard deviation around it. meta: names [L], lacks (what the run
    was recorded without: capability -> words).
    """
    kind = arguments.choice("magnitude", KINDS)
    value = of_layers(session, run_id, kind)
    known = np.isfinite(value)
    middle = np.full(value.shape[1], np.nan, np.float32)
    some = known.any(axis=0)
    if some.any():
        middle[some] = np.nanmedian(np.where(known, value, np.nan)[:, some], axis=0)
    arrays = {
        "iteration": snapshots.iterations(session, run_id=run_id),
        "value": value,
        "median": middle,
    }
    quantity, _, what = kind.partition("-")
    if what == MEAN:
        arrays["deviation"] = layer_profile(
            session, run_id=run_id, quantity=quantity, statistic="std"
        )
    return arrays, {
        "names": structure.layers(session, run_id=run_id).names,
        "lacks": lacks(runs.run_manifest(session, run_id=run_id)),
    }


def of_layers(session: Session, run_id: int, kind: str) -> NDArray[np.float32]:
    """Return one of KINDS of every layer at every snapshot, f4 [L, T]; NaN as of `magnitudes`."""

    def read(quantity: str, statistic: str) -> NDArray[np.float32]:
        return layer_profile(session, run_id=run_id, quantity=quantity, statistic=statistic)

    if kind in (RATIO, NORMS):
        # Both sums are of the layer's parameters: their ratio is that of the means.
        statistic = "l1" if kind == RATIO else "l2"
        return norm_ratio(read("update", statistic), read("weight", statistic))
    if kind in (SHIFT, SPREAD):
        return _apart(kind, read)
    quantity, _, what = kind.partition("-")
    if what:
        return read(quantity, "std" if what == DEVIATION else "mean")
    parameters = structure.layers(session, run_id=run_id).parameters
    means = read(quantity, "l1") / np.maximum(parameters, 1)[:, None]
    return means.astype(np.float32)


def _apart(kind: str, read: Callable[[str, str], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return how far activations on training batches are from those on validation images."""
    trained, validated = OPTIONAL_QUANTITIES[1], OPTIONAL_QUANTITIES[0]
    usual = read(validated, "std")
    usual = np.where(usual > 0, usual, np.nan)
    if kind == SPREAD:
        return (read(trained, "std") / usual).astype(np.float32)
    return (np.abs(read(trained, "mean") - read(validated, "mean")) / usual).astype(np.float32)
