"""Histograms of the weights of one layer at two snapshots, of one run or of two."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.data.distributions import PERCENTILES, Answer, Asked, spreads_of, trimmed
from app.data.merged import MergedNetwork
from deeptracker.format import HISTOGRAM_EDGES


def of_run(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the histograms of a layer at two snapshots of a run.

    Arguments: layer, at, otherat (iterations of snapshots). Arrays as of distributions.compared,
    with one node and one snapshot each; meta: first, edges and percentiles as of
    distributions.nodes.
    """
    layer = arguments.required("layer")
    return _pair(
        _at(session, run_id, layer, arguments.required("at")),
        _at(session, run_id, layer, arguments.required("otherat")),
    )


def of_runs(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve the same of two runs; otherlayer is the id of the layer in the second one."""
    if len(run_ids) != 2:
        raise BadArgument("runs must be two runs here, such as 3,4.")
    own, other = run_ids
    return _pair(
        _at(session, own, arguments.required("layer"), arguments.required("at")),
        _at(session, other, arguments.required("otherlayer"), arguments.required("otherat")),
    )


def _at(session: Session, run_id: int, layer: int, at: int) -> dict[str, Any]:
    network = MergedNetwork(session, run_id, only=at)
    nodes = [node for node in network.nodes if node.layer == layer]
    if not nodes:
        raise BadArgument(f"There is no layer {layer} in run {run_id}.")
    asked = Asked(quantity="weight", level="layer", piece=0, columns=1, low=at, high=at)
    return spreads_of(network, asked, nodes)


def _pair(own: dict[str, Any], other: dict[str, Any]) -> Answer:
    arrays, meta = trimmed([own, other], ["", "other."])
    return arrays, {
        **meta,
        "edges": HISTOGRAM_EDGES[1:-1].tolist(),
        "percentiles": PERCENTILES,
    }
