"""Tables of the network: layers, filters, and their correlation with classes."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.data import correlation as correlations
from app.data import filters, magnitudes
from app.data.correlation_asked import read_asked
from app.data.merged import MergedNetwork
from app.export.columns import Batches, Columns, texts, unrolled
from db.queries.measurements import snapshots
from db.queries.measurements.filter_history import filter_history
from db.queries.measurements.filter_stats import layer_filters
from db.queries.runs import structure
from deeptracker.catalogue import MEASURES, PEAK_QUANTITIES, RATIO, RATIOS
from deeptracker.format import FILTER_QUANTITIES, QUANTITIES, STATISTICS
from ingest.analysis.tied import tied_filters

MAGNITUDE_COLUMNS = {
    magnitudes.RATIO: "mean_update_per_mean_weight",
    magnitudes.NORMS: "update_per_weight",
    **{f"{name}-{magnitudes.DEVIATION}": f"{name}_std" for name in QUANTITIES},
}


def layer_columns(session: Session, run_id: int, ids: NDArray[np.integer]) -> Columns:
    """Return the columns that say which layers the rows are about."""
    found = structure.layers(session, run_id=run_id)
    return {
        "layer_id": ids.astype(np.int32),
        "layer": texts(ids, found.names),
        "stage": texts(ids, found.stages),
        "block": texts(ids, found.blocks),
    }


def layer_rows(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return one statistic of the network, its stages, blocks and layers."""
    measure = arguments.choice("measure", MEASURES)
    statistic = arguments.choice("statistic", STATISTICS, default="l2")
    network = MergedNetwork(session, run_id)
    nodes = network.nodes
    if measure in RATIOS:
        name = "update_per_weight" if measure == RATIO else "update_per_weight_per_learning_rate"
        values = network.ratio(measure, nodes)
    else:
        name = f"{measure}_{statistic}"
        values = network.statistic(measure, statistic, nodes)
    ids = np.array([node.layer for node in nodes], np.int32)
    rows = {
        "kind": pa.array([node.kind for node in nodes], "utf8"),
        "name": pa.array([node.name for node in nodes], "utf8"),
        "layer_id": pa.array(ids, mask=ids < 0),
    }
    return unrolled(rows, network.iteration, {name: values})


def layer_magnitudes(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return one number of every layer at every snapshot, see app/data/magnitudes.py."""
    kind = arguments.choice("magnitude", magnitudes.KINDS)
    values = magnitudes.of_layers(session, run_id, kind)
    rows = layer_columns(session, run_id, np.arange(len(values)))
    iteration = snapshots.iterations(session, run_id=run_id)
    return unrolled(
        rows, iteration, {MAGNITUDE_COLUMNS.get(kind, f"{kind}_mean_magnitude"): values}
    )


def filter_rows(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return one quantity of every filter of the last of the given layers."""
    quantity = arguments.choice("quantity", FILTER_QUANTITIES)
    chosen = arguments.integers("layer")
    if not chosen:
        raise BadArgument("Open a layer first: layer is missing.")
    values = layer_filters(session, run_id=run_id, layer_id=chosen[-1], quantity=quantity)
    ids = np.full(len(values), chosen[-1])
    rows = {
        **layer_columns(session, run_id, ids),
        "filter": np.arange(len(values), dtype=np.int32),
    }
    iteration = snapshots.iterations(session, run_id=run_id)
    return unrolled(rows, iteration, {quantity: values})


def filter_series(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return every quantity of the last of the given filters."""
    arguments.choice("quantity", PEAK_QUANTITIES, default=PEAK_QUANTITIES[0])
    chosen = arguments.pairs("filter")
    if not chosen:
        raise BadArgument("Choose a filter first: filter is missing.")
    layer, number = chosen[-1]
    history = filter_history(session, run_id=run_id, layer_id=layer, filter=number)
    iteration = snapshots.iterations(session, run_id=run_id)
    ids = np.full(len(iteration), layer)
    return {
        "iteration": iteration,
        **layer_columns(session, run_id, ids),
        "filter": np.full(len(iteration), number, np.int32),
        **dict(zip(FILTER_QUANTITIES, history, strict=True)),
    }


def top_filters(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the most changed filters of some snapshots, of each the most changed first."""
    iterations = np.array(arguments.integers("iteration"), np.int32)
    arrays, _ = filters.top(session, run_id, arguments)
    there = arrays["layer"] >= 0
    at, rank = np.nonzero(there)
    return {
        "iteration": iterations[at],
        "rank": (rank + 1).astype(np.int32),
        **layer_columns(session, run_id, arrays["layer"][there]),
        "filter": arrays["filter"][there],
        "value": arrays["value"][there],
    }


def correlation(session: Session, run_id: int, arguments: Arguments) -> Batches:
    """Return every cell of the grid of layers and classes, also those without filters."""
    asked = read_asked(session, run_id, arguments)
    found = asked.grid()
    arrays = correlations.grid_arrays(asked, found, asked.judged(found))
    count, width = arrays["count"].shape
    layers = pa.table(layer_columns(session, run_id, arrays["layer"]))
    classes = structure.classes(session, run_id=run_id).names

    def make(first: int, after: int) -> Columns:
        row, column = np.divmod(np.arange((after - first) * width), max(width, 1))
        own = layers.slice(first, after - first).take(pa.array(row))
        class_id = arrays["class"][column]
        return {
            **dict(zip(own.column_names, own.columns, strict=True)),
            "class_id": class_id,
            "class": texts(class_id, classes),
            **{name: arrays[name][first:after].ravel() for name in _CELL},
        }

    return Batches(count, width, make)


_CELL = ("count", "sets", "members", "expected", "usual", "lift", "p", "q", "hits", "base")


def correlation_filters(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return every filter behind the chosen class and layer, those tied most first."""
    cells = arguments.pairs("cell")
    if not cells:
        raise BadArgument("Choose a cell first: cell is missing.")
    layer, class_id = cells[-1]
    asked = read_asked(session, run_id, arguments)
    correlations.check_exist(asked, class_id, layer)
    chosen = correlations.chosen_places(asked, class_id, None)
    found = tied_filters(asked.sets, chosen, population=asked.population, layer=layer)
    number = found.filter - asked.sets.offsets[found.layer]
    return {
        **layer_columns(session, run_id, found.layer),
        "filter": number.astype(np.int32),
        **{name: getattr(found, name) for name in ("times", "base", "rank", "expected", "p", "q")},
    }
