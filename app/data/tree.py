"""The network as a tree: network, stages, blocks, layers; each node with the layers below it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.queries.runs.structure import Layers


@dataclass(frozen=True)
class Node:
    """One row of the tree; `parent` is the place of the node above it in the list, -1 at the top.

    `kind` is network, stage, block or layer; `layer` the layer's id, -1 for the others. `members`
    are the ids of the layers below (of a layer itself). `name` is unique within its kind, `label`
    what is left of it under the parent.
    """

    kind: str
    name: str
    label: str
    parent: int
    depth: int
    layer: int
    members: NDArray[np.int32]


def build_tree(layers: Layers) -> list[Node]:
    """Return the nodes, each before those below it, in the order of the network.

    A stage or block that holds a single layer is left out: the layer says the same. Layers without
    a stage stand right below the network; "" as a block means right below the stage. So do the
    layers of a stage around other stages ("features" around "features.denseblock1"): between
    those, as they come.
    """
    nodes = [Node("network", "", "network", -1, 0, -1, np.arange(len(layers), dtype=np.int32))]
    around = {above for stage in set(layers.stages) for above in _above(stage)}
    stages = tuple("" if stage in around else stage for stage in layers.stages)
    for stage, in_stage in _runs(stages, range(len(layers))):
        parent, depth = 0, 1
        if stage and len(in_stage) > 1:
            nodes.append(_group("stage", stage, stage, 0, 1, in_stage))
            parent, depth = len(nodes) - 1, 2
        for block, in_block in _runs(layers.blocks, in_stage):
            above = nodes[parent].name
            if block and len(in_block) > 1 and len(in_block) < len(in_stage):
                label = _below(block, above)
                nodes.append(_group("block", block, label, parent, depth, in_block))
                _add_layers(nodes, layers, in_block, len(nodes) - 1, depth + 1)
            else:
                _add_layers(nodes, layers, in_block, parent, depth)
    return nodes


def _runs(groups: tuple[str, ...], members: "range | list[int]") -> list[tuple[str, list[int]]]:
    """Return the groups in the order of their first member; each member without one by itself."""
    found: dict[object, tuple[str, list[int]]] = {}
    for layer in members:
        name = groups[layer]
        found.setdefault(name or layer, (name, []))[1].append(layer)
    return list(found.values())


def _above(name: str) -> list[str]:
    """Return the dotted names above one."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _within(name: str, above: str) -> bool:
    return bool(above) and name.startswith(f"{above}.")


def _group(kind: str, name: str, label: str, parent: int, depth: int, members: list[int]) -> Node:
    return Node(kind, name, label, parent, depth, -1, np.array(members, np.int32))


def _add_layers(
    nodes: list[Node], layers: Layers, members: list[int], parent: int, depth: int
) -> None:
    above = nodes[parent].name
    for layer in members:
        name = layers.names[layer]
        here = np.array([layer], np.int32)
        nodes.append(Node("layer", name, _below(name, above), parent, depth, layer, here))


def _below(name: str, above: str) -> str:
    """Return what is left of a name under the one above it; mere numbers say too little."""
    if not _within(name, above):
        return name
    rest = name[len(above) + 1 :]
    last = above.rpartition(".")[2]
    if not rest.replace(".", "").isdigit():
        return rest
    # "layer1.0" and "denselayer1.0.0"; below "layer1.0" as it is called in full.
    return name if last.isdigit() else f"{last}.{rest}"


def piece_order(nodes: list[Node]) -> list[int]:
    """Return the nodes in the order of pieces: network and stages first, as they are seen first.

    The others follow as in the tree, so that what is in sight together lies in one or two pieces.
    """
    above = ("network", "stage")
    return sorted(range(len(nodes)), key=lambda at: (nodes[at].kind not in above, at))


def describe(nodes: list[Node], layers: Layers) -> dict[str, list[object]]:
    """Return the nodes as columns of plain values, for the browser."""
    single = [node.layer for node in nodes]
    return {
        "kind": [node.kind for node in nodes],
        "name": [node.name for node in nodes],
        "label": [node.label for node in nodes],
        "parent": [node.parent for node in nodes],
        "depth": [node.depth for node in nodes],
        "layer": list(single),
        "layers": [len(node.members) for node in nodes],
        "filters": [int(layers.filters[node.members].sum()) for node in nodes],
        "parameters": [int(layers.parameters[node.members].sum()) for node in nodes],
        "type": [layers.kinds[at] if at >= 0 else "" for at in single],
        "kernel": [_sizes(layers.kernels[at]) if at >= 0 else "" for at in single],
        "stride": [_sizes(layers.strides[at]) if at >= 0 else "" for at in single],
        "inputs": [int(layers.inputs[at]) if at >= 0 else 0 for at in single],
        "groups": [int(layers.groups[at]) if at >= 0 else 0 for at in single],
        "shortcut": [at >= 0 and layers.branches[at] == "shortcut" for at in single],
    }


def _sizes(sizes: tuple[int, ...]) -> str:
    return "×".join(map(str, sizes))
