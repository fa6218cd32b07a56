"""Folding the graph of a network: a stage or a block becomes one node, its layers in it.

Nodes stand in the order in which they run. Only those of a group that run one after another are
put together: such a run is an interval of that order, so that no edge ever leads back. A module
that runs twice becomes two nodes.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from app.data.network_layout import Placed, lay_out
from app.data.network_nodes import Node

# How far open the network is: down to its stages, blocks or layers; 0: as far as it is legible.
FITTING, STAGES, BLOCKS, LAYERS = 0, 1, 2, 9
LEVELS = (FITTING, STAGES, BLOCKS, LAYERS)
FOLDED = "folded"
# What a page of 1280 pixels shows of a graph, and from which scale on its nodes have names
# (app/views/network/web/paint.ts).
_ROOM = (1200.0, 560.0)
_NAMES = 0.58
# Of more nodes than these nothing is tried: they never fit.
_MOST = 400


@dataclass(frozen=True)
class Group:
    """A stage or block that can be folded: `kind` says which."""

    kind: str
    name: str


def groups_of(nodes: Sequence[Node]) -> list[Group]:
    """Return what can be folded, outer before inner: what holds two nodes or more.

    Stages around other stages, such as "features", say nothing; nor do blocks that are all of their
    stage.
    """
    stages = Counter(node.stage for node in nodes)
    blocks = Counter(node.block for node in nodes)
    stage_of = {node.block: node.stage for node in nodes}
    outer = {name for name in stages if any(one.startswith(f"{name}.") for one in stages)}
    found = [
        Group("stage", name)
        for name, count in stages.items()
        if name and count > 1 and name not in outer
    ]
    for name, count in blocks.items():
        stage = stage_of[name]
        if name and count > 1 and (stage in outer or count < stages[stage]):
            found.append(Group("block", name))
    return found


def places_in(nodes: Sequence[Node], groups: Sequence[Group]) -> list[list[int]]:
    """Return the places of the groups that each node is in, outermost first."""
    place = {group: at for at, group in enumerate(groups)}
    return [
        [
            place[group]
            for group in (Group("stage", node.stage), Group("block", node.block))
            if group in place
        ]
        for node in nodes
    ]


def folded_at(level: int, groups: Sequence[Group], toggled: Collection[int]) -> set[Group]:
    """Return which groups are folded at a level, but for those that somebody turned over."""
    closed = {STAGES: ("stage", "block"), BLOCKS: ("block",)}.get(level, ())
    return {group for at, group in enumerate(groups) if (group.kind in closed) != (at in toggled)}


def legible_level(nodes: Sequence[Node], groups: Sequence[Group]) -> int:
    """Return how far a network can be open so that the names of all nodes are legible on a page."""
    for level in (LAYERS, BLOCKS):
        shown = fold(nodes, folded_at(level, groups, ()))
        if len(shown) <= _MOST and _legible(lay_out([node.inputs for node in shown])):
            return level
    return STAGES if any(group.kind == "stage" for group in groups) else BLOCKS


def _legible(placed: Placed) -> bool:
    return min(_ROOM[0] / placed.width, _ROOM[1] / placed.height) >= _NAMES


def fold(nodes: Sequence[Node], folded: Collection[Group]) -> list[Node]:
    """Return the nodes with one for each run of a folded group; the outer one wins."""
    by_name = {(group.kind, group.name): group for group in folded}

    def group_of(at: int) -> Group | None:
        node = nodes[at]
        return by_name.get(("stage", node.stage)) or by_name.get(("block", node.block))

    found: list[Node] = []
    place: dict[int, int] = {}
    for group, run in groupby(range(len(nodes)), group_of):
        members = list(run)
        parts = [members] if group and len(members) > 1 else [[one] for one in members]
        for part in parts:
            place |= dict.fromkeys(part, len(found))
            inputs = dict.fromkeys(
                place[one] for at in part for one in nodes[at].inputs if place[one] != len(found)
            )
            first = nodes[part[0]]
            if group is None or len(part) == 1:
                found.append(replace(first, inputs=tuple(inputs)))
            else:
                found.append(_joined(group, [nodes[at] for at in part], tuple(inputs)))
    return found


def _joined(group: Group, members: Sequence[Node], inputs: tuple[int, ...]) -> Node:
    """Return the node that stands for some: what it puts out is what the last of them does."""
    flops = [node.flops for node in members if node.flops is not None]
    last = members[-1]
    return Node(
        kind=FOLDED,
        name=group.name,
        inputs=inputs,
        layers=tuple(dict.fromkeys(layer for node in members for layer in node.layers)),
        shape=last.shape,
        flops=sum(flops) if flops else None,
        after=last.after,
        stage=last.stage,
        block="" if group.kind == "stage" else group.name,
    )
