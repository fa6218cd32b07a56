"""What the page of the network asks for: its graph with places, or its layers where it has none."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from app.data.network_fold import (
    FITTING,
    FOLDED,
    LAYERS,
    LEVELS,
    Group,
    fold,
    folded_at,
    groups_of,
    legible_level,
    places_in,
)
from app.data.network_layout import NODE_HEIGHT, NODE_WIDTH, Placed, lay_out
from app.data.network_nodes import Node, nodes_of
from db.errors import NotFound
from db.queries.measurements import snapshots
from db.queries.runs import runs, structure
from db.queries.runs.structure import Layers

Answer = tuple[Arrays, Mapping[str, Any]]

# Pixels around the nodes that a frame holds: aside, above (where its name stands), below.
_AROUND = {"stage": (16.0, 23.0, 9.0), "block": (9.0, 12.0, 5.0)}


def graph(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the network as a graph that is laid out, and the snapshots.

    Arguments: level (how far it is open: 1 down to its stages, 2 its blocks, 9 its layers, 0 as far
    as the names of all nodes are legible), toggled (the places in `groups` of those that are the
    other way round). Arrays: iteration i4 [T], epoch f8 [T]; x, y f4 [N], source, target i4 [E],
    points f4 [P, 2], starts i4 [E + 1] (see Placed); frame f4 [G, 4]: left, top, width, height.
    meta: nodes (a list
    by node of each column), groups (what can be folded, columns name, kind, folded), level (1, 2 or
    9), frames (see _frames), size and node (both [width, height]), recorded (whether the edges are
    known), missing (why not, "" where nobody said), unrun (names of layers
    through which the image did not go). NotFound where the run has no layers.
    """
    layers = structure.layers(session, run_id=run_id)
    if not layers.names:
        raise NotFound("layer", f"in run {run_id}")
    found = snapshots.snapshots(session, run_id=run_id)
    recorded = runs.run_graph(session, run_id=run_id) or {}
    whole = nodes_of(recorded.get("nodes") or (), layers)
    groups = groups_of(whole)
    level = arguments.integer("level", high=LAYERS, default=FITTING) or FITTING
    if level not in LEVELS:
        raise BadArgument(f"level must be one of {', '.join(map(str, LEVELS))}.")
    level = level or legible_level(whole, groups)
    folded = folded_at(level, groups, arguments.integers("toggled"))
    nodes = fold(whole, folded)
    placed = lay_out([node.inputs for node in nodes])
    kinds, frames = _frames(nodes, placed, groups)
    seen = {layer for node in whole for layer in node.layers}
    arrays = {
        "iteration": found.iteration,
        "epoch": found.epoch,
        **{name: getattr(placed, name) for name in ("x", "y", "source", "target")},
        "points": placed.points,
        "starts": placed.starts,
        "frame": frames,
    }
    return arrays, {
        "nodes": _columns(nodes, layers, groups),
        "groups": {
            "name": [group.name for group in groups],
            "kind": [group.kind for group in groups],
            "folded": [group in folded for group in groups],
        },
        "level": level,
        "frames": kinds,
        "size": [placed.width, placed.height],
        "node": [NODE_WIDTH, NODE_HEIGHT],
        "recorded": bool(recorded.get("nodes")),
        "missing": str(recorded.get("missing") or ""),
        "unrun": [name for at, name in enumerate(layers.names) if at not in seen],
    }


def _columns(
    nodes: Sequence[Node], layers: Layers, groups: Sequence[Group]
) -> dict[str, list[Any]]:
    """Return the nodes as columns of plain values, for the browser.

    `group` are the places of the groups that a node is in, outermost first; of a folded one the
    last is its own.
    """
    return {
        "kind": [node.kind for node in nodes],
        "name": [node.name for node in nodes],
        "label": [_label(node) for node in nodes],
        "layers": [list(node.layers) for node in nodes],
        "called": [[layers.names[layer] for layer in node.layers] for node in nodes],
        "type": [_type(node, layers) for node in nodes],
        "shape": [node.shape for node in nodes],
        "parameters": [int(layers.parameters[list(node.layers)].sum()) for node in nodes],
        "flops": [node.flops for node in nodes],
        "after": [list(node.after) for node in nodes],
        "stage": _numbered([node.stage for node in nodes]),
        "block": [node.block or node.stage for node in nodes],
        "group": places_in(nodes, groups),
    }


def _label(node: Node) -> str:
    """Return what is left of a layer's name within its block, which a frame names."""
    above = node.block or node.stage
    return node.name.removeprefix(f"{above}.") if above and node.kind == "layer" else node.name


def _type(node: Node, layers: Layers) -> str:
    if node.kind == FOLDED:
        return f"{len(node.layers)} layer{'' if len(node.layers) == 1 else 's'}"
    if not node.layers:
        return ""
    kinds = dict.fromkeys(layers.kinds[layer] for layer in node.layers)
    kernel, stride = layers.kernels[node.layers[0]], layers.strides[node.layers[0]]
    parts = [*kinds, "×".join(map(str, kernel))]
    if prod(stride) > 1:
        parts.append(f"stride {'×'.join(map(str, stride))}")
    return " ".join(filter(None, parts))


def _numbered(names: Sequence[str]) -> list[int]:
    """Return which stage each node is in, by the order of their coming; -1: in none."""
    places = {name: at for at, name in enumerate(dict.fromkeys(filter(None, names)))}
    return [places.get(name, -1) for name in names]


def _frames(
    nodes: Sequence[Node], placed: Placed, groups: Sequence[Group]
) -> tuple[dict[str, list[Any]], Any]:
    """Return the frames around stages and blocks: columns kind, name, stage, group; f4 [G, 4].

    One for each column of the drawing over which a stage or a block goes; stages come first. A
    frame around a single node is left out. `group` is its place among the groups, -1: in none.
    """
    place_of = {group: at for at, group in enumerate(groups)}
    stages = _numbered([node.stage for node in nodes])
    members: dict[tuple[str, str, int, int], list[int]] = {}
    named = {node.stage for node in nodes} | {""}
    # Those around other stages, such as "features", say nothing.
    outer = {stage for stage in named if any(one.startswith(f"{stage}.") for one in named)}
    for kind in _AROUND:
        for at, node in enumerate(nodes):
            name = node.stage if kind == "stage" else node.block
            if name and name not in outer and (node.kind, node.name) != (FOLDED, name):
                key = (kind, name, stages[at], int(placed.column[at]))
                members.setdefault(key, []).append(at)
    kept = {key: own for key, own in members.items() if len(own) > 1}
    boxes = [_box(placed, own, _AROUND[kind]) for (kind, *_), own in kept.items()]
    return {
        "kind": [kind for kind, *_ in kept],
        "name": [name for _, name, *_ in kept],
        "stage": [stage for _, _, stage, _ in kept],
        "group": [place_of.get(Group(kind, name), -1) for kind, name, *_ in kept],
    }, np.array(boxes, np.float32).reshape(-1, 4)


def _box(
    placed: Placed, nodes: Sequence[int], around: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    x, y = placed.x[nodes], placed.y[nodes]
    aside, above, below = around
    left, top = x.min() - NODE_WIDTH / 2 - aside, y.min() - NODE_HEIGHT / 2 - above
    width, height = np.ptp(x) + NODE_WIDTH + 2 * aside, np.ptp(y) + NODE_HEIGHT + above + below
    return float(left), float(top), float(width), float(height)
