"""The table of distributions: the counts of histograms, or their percentiles, of a whole level."""

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.data.distributions import LEVELS, PERCENTILES, at_level
from app.data.merged import MergedNetwork
from app.export.columns import Columns
from deeptracker.format import HISTOGRAM_EDGES, QUANTITIES
from ingest.analysis.merge import quantiles_of

MODES = ("offset", "overlay", "percentiles")


def distributions(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return every histogram of a level at every snapshot, or its percentiles.

    A row for each bin that holds a number, with its lower and upper edge (the upper one is not in
    it); of percentiles a row for each snapshot.
    """
    quantity = arguments.choice("quantity", QUANTITIES)
    mode = arguments.choice("mode", MODES, default="offset")
    network = MergedNetwork(session, run_id)
    level = at_level(network.nodes, arguments.choice("level", LEVELS))
    nodes = [network.nodes[place] for place in level]
    count = network.histograms(quantity, nodes)
    layers = np.array([node.layer for node in nodes], np.int32)

    def named(node: np.ndarray, at: np.ndarray) -> Columns:
        place = pa.array(node.astype(np.int32))
        return {
            "iteration": network.iteration[at],
            "kind": pa.DictionaryArray.from_arrays(
                place, pa.array([n.kind for n in nodes], "utf8")
            ),
            "name": pa.DictionaryArray.from_arrays(
                place, pa.array([n.name for n in nodes], "utf8")
            ),
            "layer_id": pa.array(layers[node], mask=layers[node] < 0),
        }

    if mode != "percentiles":
        node, at, bin = np.nonzero(count)
        return {
            **named(node, at),
            "lower": HISTOGRAM_EDGES[bin],
            "upper": HISTOGRAM_EDGES[bin + 1],
            "count": count[node, at, bin].astype(np.int64),
        }
    low, high = (network.statistic(quantity, name, nodes) for name in ("minimum", "maximum"))
    inner = quantiles_of(count, low, high, [share / 100 for share in PERCENTILES])
    node, at = (axis.ravel() for axis in np.indices(low.shape))
    return {
        **named(node, at),
        "minimum": low.ravel(),
        **{f"p{share:g}": inner[..., k].ravel() for k, share in enumerate(PERCENTILES)},
        "maximum": high.ravel(),
    }
