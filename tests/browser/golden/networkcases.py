"""What the golden drawings of the network's graph are drawn from: places are given."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.binary import pack
from tests.browser.golden.data import SOME, Answers, Given, Kind, falling, folder, times, values

_ROWS = 8
_KINDS = ("layer", "layer", "layer", "operation")
_FOLDED = 9  # where the drawing of many nodes has a block that is folded


def _edges(count: int) -> list[tuple[int, int]]:
    """Return a chain, in which every fourth node also gets the output of the one three before."""
    chain = [(at, at + 1) for at in range(count - 1)]
    return [*chain, *((at - 3, at) for at in range(3, count, 4))]


def _places(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    at = np.arange(count)
    return (110 + 210 * (at // _ROWS)).astype("f4"), (50 + 62 * (at % _ROWS)).astype("f4")


def _nodes(count: int) -> dict[str, list[Any]]:
    kinds = [_KINDS[at % 4] for at in range(count)]
    names = [f"stage{at // 8}.{at // 4}.conv{at}" for at in range(count)]
    layer = [kind == "layer" for kind in kinds]
    return {
        "kind": kinds,
        "name": [name if own else "add" for name, own in zip(names, layer, strict=True)],
        "label": [f"conv{at}" if own else "add" for at, own in enumerate(layer)],
        "layers": [[at] if own else [] for at, own in enumerate(layer)],
        "called": [[name] if own else [] for name, own in zip(names, layer, strict=True)],
        "type": ["Conv2d 3×3" if own else "" for own in layer],
        "shape": [f"{16 + at} × 8 × 8" for at in range(count)],
        "parameters": [2_304] * count,
        "flops": [147_456 if own else None for own in layer],
        "after": [["ReLU"]] * count,
        "stage": [at // 8 for at in range(count)],
        "block": [f"stage{at // 8}.{at // 4}" for at in range(count)],
        "group": [[at // 4] for at in range(count)],
    }


def _fold(nodes: dict[str, list[Any]]) -> None:
    """Let one node be a block of two layers."""
    changed = {
        "kind": "folded", "name": "stage1.2", "label": "stage1.2", "layers": [8, 9],
        "called": ["stage1.2.conv8", "stage1.2.conv9"], "type": "2 layers", "parameters": 4_100_000,
    }  # fmt: skip
    for column, value in changed.items():
        nodes[column][_FOLDED] = value


def _frames(count: int) -> tuple[dict[str, list[Any]], NDArray[np.float32]]:
    x, y = _places(count)
    first = range(0, count - 3, 4)
    boxes = [[x[at] - 73, y[at] - 26, 146, 3 * 62 + 45] for at in first]
    names = {
        "kind": ["block"] * len(boxes),
        "name": [f"stage{at // 8}.{at // 4}" for at in first],
        "stage": [at // 8 for at in first],
        "group": [at // 4 for at in first],
    }
    return names, np.array(boxes, "f4").reshape(-1, 4)


def _answers(case: str) -> Answers:
    count = {"empty": 0, "one": 1, "nan": SOME, "many": 48}[case]
    snapshots = 0 if case == "empty" else 4
    x, y = _places(count)
    edges = np.array(_edges(count), np.int32).reshape(-1, 2)
    points = np.stack(
        [np.stack([x[edges[:, 0]], y[edges[:, 0]] + 14], 1),
         np.stack([x[edges[:, 1]], y[edges[:, 1]] - 14], 1)], 1,
    ).reshape(-1, 2)  # fmt: skip
    names, boxes = _frames(count)
    arrays = {
        **times(snapshots),
        "x": x,
        "y": y,
        "source": edges[:, 0].copy(),
        "target": edges[:, 1].copy(),
        "points": points.astype("f4"),
        "starts": np.arange(0, 2 * len(edges) + 1, 2, dtype=np.int32),
        "frame": boxes,
    }
    nodes, groups = _nodes(count), -(-count // 4)
    if case == "many":
        _fold(nodes)
    meta = {
        "nodes": nodes,
        "groups": {
            "name": [f"stage{at // 2}.{at}" for at in range(groups)],
            "kind": ["block"] * groups,
            "folded": [False] * groups,
        },
        "level": 9,
        "frames": names,
        "size": [220.0 + 210 * max(0, (count - 1) // _ROWS), 540.0],
        "node": [128, 28],
        "recorded": True,
        "missing": "",
        "unrun": [],
    }
    value = values(case, count + 1, snapshots)
    if case == "many":
        value = falling(value)
    return {
        "network-graph": pack(arrays, meta),
        "layer-values?measure=weight&statistic=std": pack({"value": value[1:]}, {}),
    }


_OPTIONS: Mapping[str, Any] = {
    "url": "{data}/network-graph",
    "base": "{data}",
    "page": "/run/1/layers",
    "facts": "none",
    "legend": "none",
    "list": "none",
}


def _graph(case: str) -> Given:
    """Return the graph, coloured by the weights; of many nodes one is chosen."""
    chosen: dict[str, Any] = {"measure": "weight", "statistic": "std", "scale": "linear"}
    if case == "many":
        chosen["layers"] = [5]
    return Given(_OPTIONS, _answers(case), chosen, page="network")


KINDS: Mapping[str, Kind] = {"networkgraph": Kind(folder("network"), _graph)}
