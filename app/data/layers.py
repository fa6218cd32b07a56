"""What the layer view asks for: the tree, statistics of its nodes, shapes, and when they settle.

Nodes are asked for in pieces (`from`, `to`: places in the order of tree.piece_order), so that a
network of any size is drawn as soon as what is in sight has come.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import Arrays
from app.components.run_course import lacks
from app.data.layer_pieces import piece_of
from app.data.merged import MergedNetwork
from app.data.tree import describe, piece_order
from db.queries.measurements import snapshots
from db.queries.measurements.layer_shapes import quantities
from db.queries.runs import runs
from deeptracker.catalogue import MEASURES, RATIO, RATIOS
from deeptracker.format import BAND_THRESHOLDS, HISTOGRAM_EDGES, STATISTICS
from ingest.analysis.settle import settled_from

Answer = tuple[Arrays, Mapping[str, Any]]
Places = NDArray[np.int64]

DEFAULT_LIMIT = 1e-3

# A histogram's share is sent as a code 1..255 on a log scale over so many decades below 1.
SHARE_DECADES = 7.0
_CODES = 254.0
_LN_10 = math.log(10.0)


def tree(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the network's nodes, and the snapshots.

    Arrays: iteration i4 [T], epoch f8 [T]. meta: nodes (columns of tree.describe), order (of the
    pieces), quantities (what was measured), piece (most nodes of one request), edges (inner ones of
    the histograms' bins), thresholds (of the change bands), decades, lacks (what the run was
    recorded without: capability -> words).
    """
    network = MergedNetwork(session, run_id)
    found = snapshots.snapshots(session, run_id=run_id)
    return {"iteration": found.iteration, "epoch": found.epoch}, {
        "nodes": describe(network.nodes, network.layers),
        "order": piece_order(network.nodes),
        "quantities": quantities(session, run_id=run_id),
        "piece": piece_of(len(found)),
        "edges": HISTOGRAM_EDGES[1:-1].tolist(),
        "thresholds": BAND_THRESHOLDS,
        "decades": SHARE_DECADES,
        "lacks": lacks(runs.run_manifest(session, run_id=run_id)),
    }


def rows(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve one statistic of a piece of the network.

    Arguments: measure, statistic (ignored for RATIOS), from, to. Arrays: value f4 [n, T]. meta:
    low, high and least (the smallest size above 0) of the value in the whole network, null where
    there is none.
    """
    measure = arguments.choice("measure", MEASURES)
    statistic = arguments.choice("statistic", STATISTICS, default="l2")
    network = MergedNetwork(session, run_id)
    shown, ends = _piece(network, arguments), _extreme(network)
    # Each once, though the network and its stages are in the first piece too.
    places = np.union1d(shown, ends)
    nodes = network.at(places)
    if measure in RATIOS:
        values = network.ratio(measure, nodes)
    else:
        values = network.statistic(measure, statistic, nodes)
    return {"value": values[np.searchsorted(places, shown)]}, _ends(
        values[np.searchsorted(places, ends)]
    )


def of_layers(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve one statistic of all layers, at once: what a picture of the network is coloured by.

    Arguments: measure, statistic (ignored for RATIOS). Arrays: value f4 [L, T], as `rows` has it.
    """
    measure = arguments.choice("measure", MEASURES)
    statistic = arguments.choice("statistic", STATISTICS, default="l2")
    network = MergedNetwork(session, run_id)
    of_layer = {node.layer: node for node in network.nodes}
    nodes = [of_layer[layer] for layer in range(len(network.layers))]
    if measure in RATIOS:
        return {"value": network.ratio(measure, nodes)}, {}
    return {"value": network.statistic(measure, statistic, nodes)}, {}


def extremes(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what belongs to every statistic of a piece of the network.

    Arguments: measure, from, to. Arrays, all [n, T]: minimum and maximum f4 (of the update for
    RATIOS), odd u1 (1 NaN, 2 Inf, 3 both among the numbers). meta: minimum and maximum of all
    numbers of the network, null where there is none.
    """
    measure = arguments.choice("measure", MEASURES)
    quantity = _quantity(measure)
    network = MergedNetwork(session, run_id)
    shown = network.at(_piece(network, arguments))
    arrays: dict[str, NDArray[Any]] = {"odd": network.odd(quantity, shown)}
    if measure in RATIOS:
        arrays["odd"] |= network.odd("weight", shown)
    for name in ("minimum", "maximum"):
        arrays[name] = network.statistic(quantity, name, shown)
    ends = [_ends(network.profile(quantity, name)) for name in ("minimum", "maximum")]
    return arrays, {"minimum": ends[0]["low"], "maximum": ends[1]["high"]}


def _quantity(measure: str) -> str:
    return "update" if measure in RATIOS else measure


def _extreme(network: MergedNetwork) -> Places:
    """Return the places of the nodes among which the least and the greatest values are to be found.

    A merged value lies between those of its layers, but for sums and norms: then the larger the
    group, the larger the value. Blocks are left out, since merging all of them takes too long.
    """
    return np.flatnonzero([node.kind != "block" for node in network.nodes])


def _ends(values: NDArray[np.float32]) -> dict[str, float | None]:
    finite = values[np.isfinite(values)]
    size = np.abs(finite)
    positive = size[size > 0]
    return {
        "low": float(finite.min()) if len(finite) else None,
        "high": float(finite.max()) if len(finite) else None,
        "least": float(positive.min()) if len(positive) else None,
    }


def shapes(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve how the numbers of a piece of the tree spread over time.

    Arguments: measure (RATIOS mean the update), from, to. Arrays: q1, median, q3 f4 [n, T] (of
    what holds layers from the merged histogram), histogram u1 [n, B, T] (codes of shares: 0 none,
    1..255 on a log scale of `decades`), bands f2 [n, K, T] (of the update, whatever the measure).
    """
    measure = arguments.choice("measure", MEASURES)
    quantity = _quantity(measure)
    network = MergedNetwork(session, run_id)
    shown = network.at(_piece(network, arguments))
    histogram = network.histograms(quantity, shown)
    arrays: dict[str, NDArray[Any]] = {
        **network.quartiles(quantity, shown, histogram),
        "histogram": _codes(histogram),
        "bands": network.bands(shown).astype(np.float16),
    }
    return arrays, {}


def _codes(histogram: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return shares of [n, T, B] as codes, u1 [n, B, T]; see `shapes`."""
    count, snapshots, bins = histogram.shape
    found = np.empty((count, bins, snapshots), np.uint8)
    # One node at a time: what is worked out of it stays in the processor's own memory.
    for own, codes in zip(histogram, found, strict=True):
        codes[:] = _codes_of_node(own).T
    return found


def _codes_of_node(histogram: NDArray[np.integer]) -> NDArray[np.uint8]:
    whole = np.maximum(histogram.sum(axis=-1, keepdims=True), 1)
    share = histogram.astype(np.float32)
    share /= whole.astype(np.float32)
    with np.errstate(divide="ignore"):
        code = np.log(share, out=share)  # in a third of the time of log10
    code *= _CODES / (SHARE_DECADES * _LN_10)
    code += _CODES
    np.clip(code, 0, _CODES, out=code)
    coded = np.rint(code, out=code).astype(np.uint8)
    coded += np.uint8(1)
    coded[histogram == 0] = 0
    return coded


def _piece(network: MergedNetwork, arguments: Arguments) -> Places:
    """Return the places of the asked piece of the network's nodes, at most those of one request."""
    most = piece_of(len(network.iteration))
    first = arguments.integer("from", default=0) or 0
    last = arguments.integer("to", default=first + most) or 0
    order = piece_order(network.nodes)[first : min(last, first + most)]
    return np.array(order, np.int64)


def settle(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the iteration from which the change of each node stays at most the limit.

    The change is ||update|| / ||weight|| of the snapshots' steps. Arguments: limit (a number above
    0), of ("value", or "peak": then the limit is a share of the node's own largest change). Arrays:
    settled i4 [n], -1: not settled at the end.
    """
    limit = arguments.number("limit", low=1e-30, high=1e30, default=DEFAULT_LIMIT)
    of = arguments.choice("of", ("value", "peak"), default="value")
    network = MergedNetwork(session, run_id)
    change = network.ratio(RATIO, network.nodes)
    # What holds a number that is none has not settled, however little its other numbers change.
    for quantity in ("update", "weight"):
        change[network.odd(quantity, network.nodes) > 0] = np.nan
    found = settled_from(change, network.iteration, limit=limit, of_peak=of == "peak")
    return {"settled": found}, {"limit": limit, "of": of}
