"""What a network's graph is drawn from: its nodes as the log has them, or its layers alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.queries.runs.structure import Layers


@dataclass(frozen=True)
class Node:
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


def nodes_of(recorded: Sequence[Mapping[str, Any]], layers: Layers) -> list[Node]:
    """Return the nodes of the forward pass; the layers alone where none are recorded."""
    return _recorded(recorded, layers) or _listed(layers)


def _recorded(nodes: Sequence[Mapping[str, Any]], layers: Layers) -> list[Node]:
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
            group = group_of(node["module"], groups)
            block = group if group in stage_of else ""
            stage = stage_of.get(group, group)
        found.append(
            Node(
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


def group_of(module: str, groups: set[str]) -> str:
    """Return the innermost stage or block that a module stands in, "" where there is none."""
    parts = module.split(".")
    above = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in above if name in groups), "")


def _listed(layers: Layers) -> list[Node]:
    """Return the layers alone, in the order of the network."""
    return [
        Node("layer", name, (), (at,), "", None, (), layers.stages[at], layers.blocks[at])
        for at, name in enumerate(layers.names)
    ]
