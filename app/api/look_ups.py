"""The look-ups of the API, each `(session, run_id, arguments) -> (arrays, meta)`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.api.operation import Given
from app.binary import Arrays
from db.models.measurements import PEAKS
from db.queries.measurements import class_results, scalars
from db.queries.measurements import snapshots as of_snapshots
from db.queries.measurements.filter_history import filter_history
from db.queries.measurements.filter_stats import layer_filters
from db.queries.measurements.layer_stats import ALL_QUANTITIES
from db.queries.measurements.layer_stats import layer_profile as profile_of
from db.queries.measurements.layer_stats import layer_stat as stat_of
from db.queries.measurements.peaks import top_filters
from db.queries.runs import structure
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.format import FILTER_QUANTITIES, STATISTICS

Answer = tuple[Arrays, Mapping[str, Any]]
DEFAULT_LIMIT = 50


def snapshots(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return everything about the snapshots of a run, as db.queries.measurements.snapshots says."""
    found = of_snapshots.snapshots(session, run_id=run_id)
    return dict(vars(found)), {}


def scalar(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return one series at full resolution."""
    name = arguments.text("name")
    found = scalars.scalar(session, run_id=run_id, name=name)
    return {"iteration": found.iterations, "value": found.values}, {"name": name}


def layer_stat(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return all statistics of one quantity of one layer."""
    layer = arguments.required("layer")
    quantity = arguments.choice("quantity", ALL_QUANTITIES)
    found = stat_of(session, run_id=run_id, layer_id=layer, quantity=quantity)
    arrays: dict[str, Any] = {"iteration": found.iteration, "values": found.values}
    if found.histogram is not None:
        arrays["histogram"] = found.histogram
    if found.bands is not None:
        arrays["bands"] = found.bands
    return arrays, {"layer": layer, "quantity": quantity, "statistics": STATISTICS}


def layer_profile(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return one statistic of all layers."""
    quantity = arguments.choice("quantity", ALL_QUANTITIES)
    statistic = arguments.choice("statistic", STATISTICS)
    values = profile_of(session, run_id=run_id, quantity=quantity, statistic=statistic)
    return {**_iteration(session, run_id), "values": values}, {
        "quantity": quantity,
        "statistic": statistic,
        "layers": structure.layers(session, run_id=run_id).names,
    }


def layer_filter(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return one quantity of all filters of a layer."""
    layer = arguments.required("layer")
    quantity = arguments.choice("quantity", FILTER_QUANTITIES)
    values = layer_filters(session, run_id=run_id, layer_id=layer, quantity=quantity)
    about = {"layer": layer, "quantity": quantity}
    return {**_iteration(session, run_id), "values": values}, about


def filter(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return all quantities of one filter."""
    layer, number = arguments.required("layer"), arguments.required("filter")
    values = filter_history(session, run_id=run_id, layer_id=layer, filter=number)
    about = {"layer": layer, "filter": number, "quantities": FILTER_QUANTITIES}
    return {**_iteration(session, run_id), "values": values}, about


def iteration_filter(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return the most changed filters of one snapshot."""
    iteration = arguments.required("iteration")
    quantity = arguments.choice("quantity", PEAK_QUANTITIES, default=PEAK_QUANTITIES[0])
    limit = arguments.integer("limit", low=1, high=PEAKS, default=DEFAULT_LIMIT) or DEFAULT_LIMIT
    found = top_filters(session, run_id=run_id, iteration=iteration, quantity=quantity, limit=limit)
    arrays = {"layer": found.layer_id, "filter": found.filter, "value": found.value}
    return arrays, {"iteration": iteration, "quantity": quantity}


def class_stat(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return the error of all classes, or of one."""
    chosen = arguments.integer("class")
    found = structure.classes(session, run_id=run_id)
    names, images = found.names, found.image_count
    if chosen is None:
        error = of_snapshots.class_errors(session, run_id=run_id)
    else:
        error = of_snapshots.class_error(session, run_id=run_id, class_id=chosen)[None]
        names, images = names[chosen : chosen + 1], images[chosen : chosen + 1]
    return {**_iteration(session, run_id), "error": error, "images": images}, {"classes": names}


def class_image(session: Session, run_id: int, arguments: Given) -> Answer:
    """Return what became of every image of a class."""
    chosen = arguments.required("class")
    found = class_results.class_images(session, run_id=run_id, class_id=chosen)
    names = structure.image_names(session, run_id=run_id, class_id=chosen)
    return {
        **_iteration(session, run_id),
        "image": found.images,
        "prediction": found.prediction,
        "probability": found.probability,
    }, {"class": chosen, "names": names}


def _iteration(session: Session, run_id: int) -> dict[str, Any]:
    return {"iteration": of_snapshots.iterations(session, run_id=run_id)}
