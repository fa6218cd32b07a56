"""What the page of the network asks for: its graph with places, or its layers where it has none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import Arrays
from app.data.layers import piece_of
from app.data.network_layout import NODE_HEIGHT, NODE_WIDTH, Placed, lay_out
from app.data.tree import build_tree, piece_order
from db.queries.measurements import snapshots
from db.queries.runs import runs, structure
from db.queries.runs.structure import Layers

Answer = tuple[Arrays, Mapping[str, Any]]

# Pixels around the nodes that a frame holds: aside, above (where its name stands), below.
_AROUND = {"stage": (16.0, 23.0, 9.0), "block": (9.0, 12.0, 5.0)}


@dataclass(frozen=True)
class _Node:
    """One node of the drawing; `layers` are ids, `stage` and `block` "" where it is in none."""

    kind: str
    name: str
    inputs: tuple[int, ...]
    layers: tuple[int, ...]
    shape: str
    flops: int | None
    after: tuple[str, ...]
    stage: str
    block: str


def graph(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the network as a graph that is laid out, and the snapshots.

    Arrays: iteration i4 [T], epoch f8 [T]; x, y f4 [N], source, target i4 [E], points f4 [P, 2],
    starts i4 [E + 1] (see Placed); frame f4 [G, 4]: left, top, width, height. meta: nodes (a list
    by node of each column), frames (see _frames), size and node (both [width, height]), recorded
    (whether the edges are known), missing (why not, "" where nobody said), unrun (names of layers
    through which the image did not go), order and piece (as layer-tree has them), places (of the
    layers among that tree's nodes).
    """
    layers = structure.layers(session, run_id=run_id)
    found = snapshots.snapshots(session, run_id=run_id)
    recorded = runs.run_graph(session, run_id=run_id) or {}
    nodes = _recorded(recorded.get("nodes") or (), layers) or _listed(layers)
    placed = lay_out([node.inputs for node in nodes])
    kinds, frames = _frames(nodes, placed)
    tree = build_tree(layers)
    place_of = {node.layer: place for place, node in enumerate(tree)}
    seen = {layer for node in nodes for layer in node.layers}
    arrays = {
        "iteration": found.iteration,
        "epoch": found.epoch,
        **{name: getattr(placed, name) for name in ("x", "y", "source", "target")},
        "points": placed.points,
        "starts": placed.starts,
        "frame": frames,
    }
    return arrays, {
        "nodes": _columns(nodes, layers),
        "frames": kinds,
        "size": [placed.width, placed.height],
        "node": [NODE_WIDTH, NODE_HEIGHT],
        "recorded": bool(recorded.get("nodes")),
        "missing": str(recorded.get("missing") or ""),
        "unrun": [name for at, name in enumerate(layers.names) if at not in seen],
        "order": piece_order(tree),
        "piece": piece_of(len(found)),
        "places": [place_of[layer] for layer in range(len(layers))],
    }


def _recorded(nodes: Sequence[Mapping[str, Any]], layers: Layers) -> list[_Node]:
    """Return the nodes of the forward pass."""
    groups = {*layers.stages, *layers.blocks} - {""}
    stage_of = dict(zip(layers.blocks, layers.stages, strict=True))
    found = []
    for node in nodes:
        own = tuple(layer for layer in node["layers"] if layer < len(layers))
        stage, block = ("", "")
        if own:
            stage, block = layers.stages[own[0]], layers.blocks[own[0]]
        elif node["module"]:
            group = _group(node["module"], groups)
            block = group if group in stage_of else ""
            stage = stage_of.get(group, group)
        found.append(
            _Node(
                kind=node["kind"],
                name=node["name"],
                inputs=tuple(node["inputs"]),
                layers=own,
                shape=" × ".join(map(str, node["shape"] or ())),
                flops=node["flops"],
                after=tuple(node["after"]),
                stage=stage,
                block=block,
            )
        )
    return found


def _group(module: str, groups: set[str]) -> str:
    """Return the innermost stage or block that a module stands in, "" where there is none."""
    parts = module.split(".")
    above = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in above if name in groups), "")


def _listed(layers: Layers) -> list[_Node]:
    """Return the layers alone, in the order of the network."""
    return [
        _Node("layer", name, (), (at,), "", None, (), layers.stages[at], layers.blocks[at])
        for at, name in enumerate(layers.names)
    ]


def _columns(nodes: Sequence[_Node], layers: Layers) -> dict[str, list[Any]]:
    """Return the nodes as columns of plain values, for the browser."""
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
    }


def _label(node: _Node) -> str:
    """Return what is left of a layer's name within its block, which a frame names."""
    above = node.block or node.stage
    return node.name.removeprefix(f"{above}.") if above and node.kind == "layer" else node.name


def _type(node: _Node, layers: Layers) -> str:
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


def _frames(nodes: Sequence[_Node], placed: Placed) -> tuple[dict[str, list[Any]], Any]:
    """Return the frames around stages and blocks: columns kind, name, label, stage; f4 [G, 4].

    One for each column of the drawing over which a stage or a block goes; stages come first. A
    frame around a single node is left out.
    """
    stages = _numbered([node.stage for node in nodes])
    members: dict[tuple[str, str, int, int], list[int]] = {}
    named = {node.stage for node in nodes} | {""}
    # Those around other stages, such as "features", say nothing.
    outer = {stage for stage in named if any(one.startswith(f"{stage}.") for one in named)}
    for kind in _AROUND:
        for at, node in enumerate(nodes):
            name = node.stage if kind == "stage" else node.block
            if name and name not in outer:
                key = (kind, name, stages[at], int(placed.column[at]))
                members.setdefault(key, []).append(at)
    kept = {key: own for key, own in members.items() if len(own) > 1}
    boxes = [_box(placed, own, _AROUND[kind]) for (kind, *_), own in kept.items()]
    return {
        "kind": [kind for kind, *_ in kept],
        "name": [name for _, name, *_ in kept],
        "stage": [stage for _, _, stage, _ in kept],
    }, np.array(boxes, np.float32).reshape(-1, 4)


def _box(
    placed: Placed, nodes: Sequence[int], around: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    x, y = placed.x[nodes], placed.y[nodes]
    aside, above, below = around
    left, top = x.min() - NODE_WIDTH / 2 - aside, y.min() - NODE_HEIGHT / 2 - above
    width, height = np.ptp(x) + NODE_WIDTH + 2 * aside, np.ptp(y) + NODE_HEIGHT + above + below
    return float(left), float(top), float(width), float(height)
