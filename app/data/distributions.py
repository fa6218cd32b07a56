"""What the page of distributions asks for: histograms and percentiles of the network over time.

A histogram of a block, a stage or the network is the sum of those of its layers, bin by bin: all
have the same bins. Percentiles are those of the histogram, right to within the bin that holds them
and cut to the least and the greatest value, which are exact.

Nodes are asked for in pieces of a level, and of the snapshots only as many as a screen resolves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from app.components.run_course import lacks
from app.data.merged import MergedNetwork
from app.data.tree import Node
from db.queries.measurements import snapshots
from db.queries.measurements.layer_shapes import quantities
from db.queries.runs import runs
from deeptracker.format import HISTOGRAM_EDGES, QUANTITIES
from ingest.analysis.merge import quantiles_of

Answer = tuple[Arrays, Mapping[str, Any]]
Places = NDArray[np.integer]

LEVELS = ("layer", "block", "stage", "network")
# Those of TensorBoard: where a normal distribution has -1.5, -1, -0.5 ... 1.5 standard deviations.
PERCENTILES = (6.68, 15.87, 30.85, 50.0, 69.15, 84.13, 93.32)
# Most nodes and most snapshots of one answer: 8 x 400 x 83 counts are 1 MB, mostly zeros.
PIECE = 8
MOST_COLUMNS = 400
MOST_NAMES = 60


def at_level(nodes: Sequence[Node], level: str) -> list[int]:
    """Return the places of the nodes that show the whole network at a level of it, in its order.

    Whatever has no node at that level is shown by the next one below: a network without blocks by
    its layers.
    """
    if level == "network":
        return [0]
    if level == "layer":
        return [at for at, node in enumerate(nodes) if node.kind == "layer"]
    if level == "stage":
        return [at for at, node in enumerate(nodes) if node.parent == 0]
    with_blocks = {node.parent for node in nodes if node.kind == "block"}
    return [
        at
        for at, node in enumerate(nodes)
        if node.kind == "block"
        or (node.kind == "stage" and at not in with_blocks)
        or (node.kind == "layer" and (node.parent == 0 or node.parent in with_blocks))
    ]


def nodes(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what there is to be seen of a run: its nodes at every level, and its quantities.

    Arrays: iteration i4 [T], epoch f8 [T]. meta: levels {level: {name, kind, layers, parameters,
    layer} by node}, quantities (with a histogram), lacks (capability -> words), piece, edges (inner
    ones of the bins), percentiles.
    """
    network = MergedNetwork(session, run_id)
    found = snapshots.snapshots(session, run_id=run_id)
    measured = quantities(session, run_id=run_id)
    return {"iteration": found.iteration, "epoch": found.epoch}, {
        "levels": {level: _described(network, level) for level in LEVELS},
        "quantities": [name for name in QUANTITIES if name in measured],
        "lacks": lacks(runs.run_manifest(session, run_id=run_id)),
        "piece": PIECE,
        "edges": HISTOGRAM_EDGES[1:-1].tolist(),
        "percentiles": PERCENTILES,
    }


def _described(network: MergedNetwork, level: str) -> dict[str, list[Any]]:
    found = [network.nodes[place] for place in at_level(network.nodes, level)]
    return {
        "name": [node.name for node in found],
        "kind": [node.kind for node in found],
        "layers": [len(node.members) for node in found],
        "layer": [node.layer for node in found],
        "parameters": [int(network.layers.parameters[node.members].sum()) for node in found],
    }


def distributions(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve how the numbers of a piece of the network are distributed at some snapshots.

    Arguments: quantity, level, piece (PIECE nodes of the level each), columns (most snapshots),
    from and to (iterations, both optional). Arrays: iteration i4 [S]; clock f8 [3, S]: epoch,
    seconds since the start and since 1970 (NaN: not recorded); count [n, S, B'], how many
    finite numbers lie in each bin (u4, or f8 where there are more than it holds); percentile f4
    [n, 9, S], the least, PERCENTILES, the greatest, NaN where none is finite; lowest and
    highest f4 [n, S] and odd u1 [n, S] (1 NaN, 2 Inf, 3 both) of all snapshots that a shown one
    stands for. meta: first, the place of the first of the B' bins among all.
    """
    asked = Asked.read(arguments)
    network = MergedNetwork(session, run_id)
    own = spreads_of(network, asked, asked.nodes(network))
    return trimmed([own], [""])


def compared(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve the same of two runs: of the second those nodes that are called as the first's.

    Arguments as of `distributions`, of the first run. Arrays: as there, those of the second run
    called "other.iteration" and so on, with a row for each node of the first. meta: first; names of
    both runs; matched [n], whether the second run has the node; parameters [n] of it, 0 where it
    has not; alone, for each run which nodes of the level only it has (at most MOST_NAMES), and
    lone, how many.
    """
    if len(run_ids) != 2:
        raise BadArgument("runs must be two runs here, such as 3,4.")
    asked = Asked.read(arguments)
    networks = [MergedNetwork(session, run_id) for run_id in run_ids]
    whole = [
        [network.nodes[place] for place in at_level(network.nodes, asked.level)]
        for network in networks
    ]
    shown = asked.nodes(networks[0])
    known = {_key(node): node for node in whole[1]}
    partners = [known.get(_key(node)) for node in shown]
    arrays, meta = trimmed(
        [spreads_of(networks[0], asked, shown), spreads_of(networks[1], asked, partners)],
        ["", "other."],
    )
    lone = [_without(whole[0], whole[1]), _without(whole[1], whole[0])]
    numbers = networks[1].layers.parameters
    return arrays, {
        **meta,
        "names": [runs.get_run(session, run_id=run_id).name for run_id in run_ids],
        "matched": [node is not None for node in partners],
        "parameters": [
            0 if node is None else int(numbers[node.members].sum()) for node in partners
        ],
        "alone": [names[:MOST_NAMES] for names in lone],
        "lone": [len(names) for names in lone],
    }


def _without(nodes: Sequence[Node], others: Sequence[Node]) -> list[str]:
    """Return the names of the nodes that are not among others."""
    keys = {_key(node) for node in others}
    return [node.name for node in nodes if _key(node) not in keys]


def _key(node: Node) -> tuple[bool, str]:
    """Return what a node is matched by: a block is no layer that is called as it is."""
    return node.layer >= 0, node.name


@dataclass(frozen=True)
class Asked:
    """What is asked for, see `distributions`."""

    quantity: str
    level: str
    piece: int
    columns: int
    low: int
    high: int

    @classmethod
    def read(cls, arguments: Arguments) -> "Asked":
        """Return what the arguments say; BadArgument where they cannot be."""
        return cls(
            quantity=arguments.choice("quantity", QUANTITIES),
            level=arguments.choice("level", LEVELS),
            piece=arguments.integer("piece", default=0) or 0,
            columns=arguments.integer("columns", low=1, high=MOST_COLUMNS, default=100) or 1,
            low=arguments.integer("from", default=0) or 0,
            high=arguments.integer("to", default=2**31 - 1) or 0,
        )

    def nodes(self, network: MergedNetwork) -> list[Node]:
        """Return the nodes of the piece."""
        places = at_level(network.nodes, self.level)[self.piece * PIECE :][:PIECE]
        return [network.nodes[place] for place in places]

    def shown(self, iteration: NDArray[np.int32]) -> tuple[Places, Places]:
        """Return the places of the snapshots that are shown, and where what each stands for begins.

        The first and the last of the range are among them, the others lie evenly between.
        """
        inside = np.flatnonzero((iteration >= self.low) & (iteration <= self.high))
        if not len(inside):
            return inside, inside
        count = min(self.columns, len(inside))
        chosen = np.unique(np.rint(np.linspace(0, len(inside) - 1, count)).astype(int))
        starts = np.concatenate([[0], (chosen[:-1] + chosen[1:]) // 2 + 1])
        return inside[chosen], inside[starts]


def spreads_of(
    network: MergedNetwork, asked: Asked, found: Sequence[Node | None]
) -> dict[str, NDArray[Any]]:
    """Return the arrays of `distributions` over all bins; blank rows for nodes that are None."""
    columns, starts = asked.shown(network.iteration)
    there = [at for at, node in enumerate(found) if node is not None]
    own = [node for node in found if node is not None]
    count = network.histograms(asked.quantity, own, columns)
    low, high = (network.statistic(asked.quantity, name, own) for name in ("minimum", "maximum"))
    odd = network.odd(asked.quantity, own)
    last = int(columns[-1]) + 1 if len(columns) else 0
    inner = quantiles_of(
        count, low[:, columns], high[:, columns], [share / 100 for share in PERCENTILES]
    )
    parts = {
        "count": count if count.dtype == np.uint32 else count.astype(np.float64),
        "percentile": np.concatenate(
            [low[:, None, columns], inner.transpose(0, 2, 1), high[:, None, columns]], axis=1
        ),
        "lowest": _pooled(np.fmin, low[:, :last], starts),
        "highest": _pooled(np.fmax, high[:, :last], starts),
        "odd": _pooled(np.bitwise_or, odd[:, :last], starts),
    }
    arrays: dict[str, NDArray[Any]] = {
        "iteration": network.iteration[columns],
        "clock": _clock(network, columns),
    }
    for name, values in parts.items():
        blank = np.nan if values.dtype == np.float32 else 0
        arrays[name] = np.full((len(found), *values.shape[1:]), blank, values.dtype)
        arrays[name][there] = values
    return arrays


def _clock(network: MergedNetwork, columns: Places) -> NDArray[np.float64]:
    """Return epoch, seconds since the start and since 1970 of snapshots, f8 [3, S].

    The start is where the time between the first two snapshots leads back to: iteration 0.
    """
    found = snapshots.snapshots(network.session, run_id=network.run_id)
    at = found.recorded_at
    start = at[0] if len(at) else np.nan
    if len(at) > 1:
        pace = (at[1] - at[0]) / (found.iteration[1] - found.iteration[0])
        start = at[0] - pace * found.iteration[0]
    places = np.searchsorted(found.iteration, network.iteration[columns])
    return np.stack([found.epoch, at - start, at])[:, places]


def _pooled(by: np.ufunc, values: NDArray[Any], starts: Places) -> NDArray[Any]:
    """Return values [n, T] as [n, S], each of what lies from one start to the next."""
    return by.reduceat(values, starts, axis=1) if len(starts) else values[:, :0]


def trimmed(parts: Sequence[dict[str, NDArray[Any]]], prefixes: Sequence[str]) -> Answer:
    """Return the arrays of runs under their prefixes, without the bins that hold nothing in any."""
    holds = np.zeros(len(HISTOGRAM_EDGES) - 1, bool)
    for part in parts:
        holds |= part["count"].any(axis=(0, 1))
    bins = np.flatnonzero(holds)
    first, after = (int(bins[0]), int(bins[-1]) + 1) if len(bins) else (0, 0)
    arrays: dict[str, NDArray[Any]] = {}
    for part, prefix in zip(parts, prefixes, strict=True):
        part["count"] = part["count"][..., first:after]
        arrays |= {f"{prefix}{name}": values for name, values in part.items()}
    return arrays, {"first": first}
