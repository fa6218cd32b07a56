"""The network's page: where nodes stand, along which points edges run, what is served of them."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import network
from app.data.network_fold import (
    BLOCKS,
    LAYERS,
    STAGES,
    Group,
    fold,
    folded_at,
    groups_of,
    legible_level,
)
from app.data.network_layout import NODE_HEIGHT, NODE_WIDTH, Placed, lay_out
from app.data.network_nodes import Node, group_of
from db.models import Run
from db.queries.runs import runs, structure
from tests.stored_runs import StoredRun, store_run

Inputs = list[tuple[int, ...]]


def residual(blocks: int) -> Inputs:
    """A stem, and blocks of three layers whose output is added to their input."""
    inputs: Inputs = [(), (0,)]
    for _ in range(blocks):
        start = len(inputs) - 1
        inputs += [(start,), (start + 1,), (start + 2,), (start + 3, start)]
    return inputs


def dense(layers: int) -> Inputs:
    """Layers that each get the outputs of all before them, by a concatenation."""
    inputs: Inputs = [()]
    outputs = [0]
    for _ in range(layers):
        inputs += [tuple(outputs), (len(inputs),)]
        outputs.append(len(inputs) - 1)
    return inputs


def crossings(placed: Placed) -> list[tuple[int, int]]:
    """Return (edge, node) wherever a part of an edge runs through a node that is not its end."""
    found = []
    for edge, (first, last) in enumerate(zip(placed.starts[:-1], placed.starts[1:], strict=True)):
        points = placed.points[first:last].astype(float)
        for node in range(len(placed.x)):
            if node in (placed.source[edge], placed.target[edge]):
                continue
            half = np.array([NODE_WIDTH, NODE_HEIGHT]) / 2 - 1
            middle = np.array([placed.x[node], placed.y[node]])
            for start, end in pairwise(points):
                along = start + np.linspace(0, 1, 60)[:, None] * (end - start)
                if (np.abs(along - middle) < half).all(axis=1).any():
                    found.append((edge, node))
    return found


NETWORKS = {
    "residual": residual(5),
    "dense": dense(7),
    "two parts and a lone node": [(), (0,), (), (2,), ()],
    "a parameter by the way": [(), (0,), (1,), (), (2, 3), (4, 0)],
}


@pytest.mark.parametrize("inputs", NETWORKS.values(), ids=NETWORKS)
def test_no_node_lies_over_another_and_no_edge_over_a_node(inputs: Inputs) -> None:
    placed = lay_out(inputs)
    apart = (
        np.abs(placed.x[:, None] - placed.x) / NODE_WIDTH,
        np.abs(placed.y[:, None] - placed.y) / NODE_HEIGHT,
    )
    near = np.argwhere((apart[0] < 1) & (apart[1] < 1))
    assert (near[:, 0] == near[:, 1]).all()
    assert crossings(placed) == []
    assert placed.x.min() >= NODE_WIDTH / 2
    assert placed.x.max() <= placed.width - NODE_WIDTH / 2
    assert placed.y.max() <= placed.height


def test_edges_run_from_node_to_node() -> None:
    inputs = residual(3)
    placed = lay_out(inputs)
    wanted = [(one, node) for node, own in enumerate(inputs) for one in own]
    assert list(zip(placed.source.tolist(), placed.target.tolist(), strict=True)) == wanted
    for edge, (source, target) in enumerate(wanted):
        points = placed.points[placed.starts[edge] : placed.starts[edge + 1]]
        assert points[0].tolist() == [placed.x[source], placed.y[source] + NODE_HEIGHT / 2]
        assert points[-1].tolist() == [placed.x[target], placed.y[target] - NODE_HEIGHT / 2]


def test_a_deep_network_is_as_wide_as_a_screen_and_breaks_between_blocks() -> None:
    placed = lay_out(residual(125))
    assert 1.6 < placed.width / placed.height < 2.5
    between = placed.column[placed.source] != placed.column[placed.target]
    # From column to column go a block's input and its copy beside it, both from one node.
    for column in range(placed.column.max()):
        crossing = between & (placed.column[placed.source] == column)
        assert len(set(placed.source[crossing])) == 1


def test_without_edges_the_nodes_stand_in_their_order() -> None:
    placed = lay_out([()] * 40)
    order = np.lexsort((placed.y, placed.column))
    assert order.tolist() == list(range(40))
    assert len(placed.source) == len(placed.points) == 0


def test_a_long_edge_shares_the_way_of_others_from_its_node() -> None:
    placed = lay_out(dense(30))
    assert len(placed.source) == 30 * 31 / 2 + 30
    assert placed.height < 8_000


def ask(session: Session, run_id: int, **given: str) -> tuple[Any, Any]:
    arguments = Arguments(given)
    arrays, meta = network.graph(session, run_id, arguments)
    pack(arrays, meta)  # every dtype and number can travel
    return arrays, meta


def node(kind: str, name: str, inputs: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
    empty = {"module": "", "layers": [], "shape": None, "flops": None, "after": []}
    return {"kind": kind, "name": name, "inputs": inputs, **empty, **more}


@pytest.fixture
def run(session: Session, noise: object) -> StoredRun:
    return store_run(session, seed=3, layers=5)


def blocks_of(count: int, *, stages: int = 2) -> list[Node]:
    """An input, and residual blocks of three layers, so many in each stage."""
    nodes = [Node("input", "input", (), (), "", None, (), "", "")]
    for number in range(stages * count):
        stage = f"layer{1 + number // count}"
        block, before = f"{stage}.{number % count}", len(nodes) - 1
        for at in range(3):
            layer = 3 * number + at
            name, last = f"{block}.conv{at}", (len(nodes) - 1,)
            nodes.append(Node("layer", name, last, (layer,), f"{layer}", 10, (), stage, block))
        ends = (len(nodes) - 1, before)
        nodes.append(Node("operation", "add", ends, (), "4 × 4", None, ("ReLU",), stage, block))
    return nodes


def test_a_folded_block_has_the_layers_and_the_output_of_its_nodes() -> None:
    nodes = blocks_of(2)
    folded = fold(nodes, {Group("block", "layer1.1"), Group("stage", "layer2")})
    assert [node.name for node in folded] == [
        "input", *(f"layer1.0.conv{at}" for at in range(3)), "add", "layer1.1", "layer2",
    ]  # fmt: skip
    block, stage = folded[-2:]
    assert (block.kind, block.layers, block.inputs) == ("folded", (3, 4, 5), (4,))
    assert (block.shape, block.flops, block.after) == ("4 × 4", 30, ("ReLU",))
    assert (stage.inputs, stage.layers, stage.block) == ((5,), tuple(range(6, 12)), "")
    # What is open keeps its edges.
    assert folded[4].inputs == (3, 0)


def test_a_module_that_runs_twice_becomes_two_nodes_so_that_no_edge_leads_back() -> None:
    def node(name: str, inputs: tuple[int, ...], block: str) -> Node:
        return Node("layer", name, inputs, (0,), "", None, (), "net", block)

    nodes = [node("a", (), "net.0"), node("b", (0,), "net.0"), node("c", (1,), "net.1"),
             node("d", (2,), "net.0"), node("e", (3, 0), "net.0")]  # fmt: skip
    folded = fold(nodes, {Group("block", "net.0")})
    assert [one.name for one in folded] == ["net.0", "c", "net.0"]
    assert [one.inputs for one in folded] == [(), (0,), (1, 0)]


def test_levels_fold_and_single_groups_are_turned_over() -> None:
    groups = groups_of(blocks_of(2))
    assert [group.name for group in groups] == [
        "layer1", "layer2", "layer1.0", "layer1.1", "layer2.0", "layer2.1",
    ]  # fmt: skip
    assert folded_at(LAYERS, groups, [2]) == {Group("block", "layer1.0")}
    assert folded_at(BLOCKS, groups, [3]) == {groups[2], *groups[4:]}
    # An opened stage shows its blocks folded.
    shown = fold(blocks_of(2), folded_at(STAGES, groups, [0]))
    assert [node.name for node in shown] == ["input", "layer1.0", "layer1.1", "layer2"]
    assert groups_of(blocks_of(1, stages=1)) == [Group("stage", "layer1")]


@pytest.mark.parametrize(
    ("nodes", "level"),
    [(blocks_of(2), LAYERS), (blocks_of(20), BLOCKS), (blocks_of(80), STAGES)],
    ids=["small", "middle", "large"],
)
def test_a_network_opens_as_far_as_it_is_legible(nodes: list[Node], level: int) -> None:
    assert legible_level(nodes, groups_of(nodes)) == level


def test_serves_the_graph_as_far_as_it_is_open(session: Session, run: StoredRun) -> None:
    give_graph(session, run, {"nodes": [], "missing": ""})
    _, whole = ask(session, run.run_id)
    assert whole["level"] == LAYERS
    assert "folded" not in whole["nodes"]["kind"]
    groups = whole["groups"]
    assert groups["name"]
    arrays, meta = ask(session, run.run_id, level="9", toggled="0")
    assert meta["groups"]["folded"] == [at == 0 for at in range(len(groups["name"]))]
    node = meta["nodes"]["kind"].index("folded")
    assert meta["nodes"]["name"][node] == groups["name"][0]
    assert meta["nodes"]["group"][node] == [0]
    layers = structure.layers(session, run_id=run.run_id)
    own = meta["nodes"]["layers"][node]
    assert len(own) > 1
    assert meta["nodes"]["type"][node] == f"{len(own)} layers"
    assert meta["nodes"]["parameters"][node] == int(layers.parameters[own].sum())
    assert len(arrays["x"]) == len(whole["nodes"]["name"]) - len(own) + 1
    # A link of a network that had other groups still opens.
    ask(session, run.run_id, level="2", toggled="900")
    with pytest.raises(BadArgument, match="level must be one of"):
        ask(session, run.run_id, level="5")


def give_graph(session: Session, run: StoredRun, graph: dict[str, Any]) -> None:
    manifest = {**runs.run_manifest(session, run_id=run.run_id), "graph": graph}
    session.execute(update(Run).where(Run.id == run.run_id).values(manifest=manifest))


def test_serves_the_graph_of_the_log(session: Session, run: StoredRun) -> None:
    layers = structure.layers(session, run_id=run.run_id)
    nodes = [
        node("input", "input", shape=[3, 8, 8]),
        node("layer", layers.names[0], (0,), layers=[0], flops=1_000, after=["ReLU"]),
        node("layer", layers.names[1], (1,), layers=[1], shape=[4, 8, 8]),
        node("operation", "add", (1, 2), module=f"{layers.blocks[1] or layers.stages[1]}"),
    ]
    give_graph(session, run, {"nodes": nodes, "missing": ""})
    arrays, meta = ask(session, run.run_id)
    assert meta["recorded"] is True
    assert meta["nodes"]["kind"] == ["input", "layer", "layer", "operation"]
    assert meta["nodes"]["shape"] == ["3 × 8 × 8", "", "4 × 8 × 8", ""]
    assert meta["nodes"]["layers"] == [[], [0], [1], []]
    assert meta["nodes"]["parameters"][:2] == [0, int(layers.parameters[0])]
    assert meta["nodes"]["flops"] == [None, 1_000, None, None]
    assert meta["nodes"]["block"][3] == meta["nodes"]["block"][2]
    assert meta["unrun"] == list(layers.names[2:])
    assert arrays["source"].tolist() == [0, 1, 1, 2]
    assert arrays["target"].tolist() == [1, 2, 3, 3]
    assert len(arrays["iteration"]) == 6
    # The page's other parts do not carry it along.
    assert "graph" not in runs.run_manifest(session, run_id=run.run_id)


def test_without_a_graph_serves_the_layers_alone(session: Session, run: StoredRun) -> None:
    give_graph(session, run, {"nodes": [], "missing": "it is sharded over processes"})
    arrays, meta = ask(session, run.run_id)
    layers = structure.layers(session, run_id=run.run_id)
    assert meta["nodes"]["name"] == list(layers.names)
    assert (meta["recorded"], meta["missing"]) == (False, "it is sharded over processes")
    assert len(arrays["source"]) == 0
    assert len(arrays["frame"]) == len(meta["frames"]["name"])


def test_frames_hold_what_they_name() -> None:
    names = ["stem", "layer1.0.a", "layer1.0.b", "layer1.1.a", "layer1.1.b"]
    nodes = [
        Node(
            "layer", name, (at - 1,) if at else (), (at,), "", None, (),
            name.split(".")[0] if "." in name else "", name.rpartition(".")[0],
        )
        for at, name in enumerate(names)
    ]  # fmt: skip
    placed = lay_out([one.inputs for one in nodes])
    kinds, boxes = network._frames(nodes, placed, [Group("block", "layer1.1")])
    places = zip(kinds["name"], kinds["group"], strict=True)
    assert set(places) <= {("layer1", -1), ("layer1.0", -1), ("layer1.1", 0)}
    found = list(zip(kinds["kind"], kinds["name"], boxes, strict=True))
    assert {(kind, name) for kind, name, _ in found} <= {
        ("stage", "layer1"), ("block", "layer1.0"), ("block", "layer1.1"),
    }  # fmt: skip
    for _, name, (left, top, width, height) in found:
        inside = [
            one.name
            for at, one in enumerate(nodes)
            if left < placed.x[at] < left + width and top < placed.y[at] < top + height
        ]
        assert inside
        assert all(one.startswith(name) for one in inside)


def test_an_operation_stands_in_the_innermost_group() -> None:
    groups = {"layer1", "layer1.0"}
    assert group_of("layer1.0.inner", groups) == "layer1.0"
    assert group_of("layer1.2", groups) == "layer1"
    assert group_of("layer10", groups) == ""
