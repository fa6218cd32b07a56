"""What the kinds of the layer view are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.binary import pack
from deeptracker.format import FILTER_QUANTITIES
from tests.browser.golden.data import (
    MANY,
    SOME,
    Answers,
    Given,
    Kind,
    falling,
    folder,
    of_all,
    size,
    times,
    values,
)

PIECE = 96
# A mean has its extremes around it, which take a path of 300 points each.
STATISTIC = {"empty": "mean", "one": "mean", "nan": "mean", "many": "std"}
_FILTERS = {
    "url": "{data}/filter-rows",
    "base": "{data}",
    "facts": "none",
    "array": "values",
    "labels": "names",
    "what": "filter",
    "value": "value",
    "palette": "magnitude",
    "signedPalette": "diverging",
    "scaling": "{filterscaling}",
    "order": "{filterorder}",
    "extreme": "absolute",
    "maxHeight": 420,
    "rowHeight": 14,
    "say": {"noRows": "Click a layer."},
}


def _rows(case: str) -> Answers:
    rows = size(case)
    columns = {"empty": 3, "one": 1, "nan": 12, "many": 30}[case]
    arrays = {"iteration": times(columns)["iteration"], "values": values(case, rows, columns)}
    names = [f"filter {row}" for row in range(rows)]
    return {"filter-rows": pack(arrays, {"names": names, "layer": 2, "layerName": "conv2"})}


def _one(case: str) -> Given:
    count = size(case)
    arrays: dict[str, Any] = {"iteration": times(count)["iteration"]}
    for place, name in enumerate(FILTER_QUANTITIES):
        arrays[f"snapshot.{name}"] = np.roll(values(case, count), place)
    arrays["peak"] = np.arange(min(count, 3), dtype=np.int32)
    arrays["rank"] = np.arange(min(count, 3), dtype=np.int32)
    about = {"layer": 2, "filter": 5, "layerName": "conv2", "filters": 96, "since": []}
    panels = [
        {"title": name, "lines": [{"series": name, "name": "", "colour": "--dt-blue"}]}
        for name in FILTER_QUANTITIES
    ]
    options: Mapping[str, Any] = {
        "url": "{data}/filter-series",
        "base": "{data}",
        "facts": "none",
        "panels": panels,
        "say": {"noFilter": "Click a filter."},
    }
    return Given(options, {"filter-series": pack(arrays, about)}, {"filters": [[2, 5]]})


def _nodes(case: str, layers: int) -> dict[str, list[Any]]:
    """Return the tree of a network: layers right below it, or below a stage where some are NaN."""
    above = ["network", "stage"] if case == "nan" else ["network"]
    depth = len(above)
    names = ["", "stage0"][:depth]
    return {
        "kind": [*above, *["layer"] * layers],
        "name": [*names, *[f"stage0.conv{at}" for at in range(layers)]],
        "label": ["network", "stage0"][:depth] + [f"conv{at}" for at in range(layers)],
        "parent": [*range(-1, depth - 1), *[depth - 1] * layers],
        "depth": [*range(depth), *[depth] * layers],
        "layer": [*[-1] * depth, *range(layers)],
        "layers": [*[layers] * depth, *[1] * layers],
        "filters": [*[64 * layers] * depth, *[64] * layers],
        "parameters": [*[36_864 * layers] * depth, *[36_864] * layers],
        "type": [*[""] * depth, *["Conv2d"] * layers],
        "kernel": [*[""] * depth, *["3×3"] * layers],
        "stride": [*[""] * depth, *["1×1"] * layers],
        "inputs": [*[0] * depth, *[64] * layers],
        "groups": [*[0] * depth, *[1] * layers],
        "shortcut": [*[False] * depth, *[at == 1 for at in range(layers)]],
    }


def _ends(found: Any) -> tuple[float | None, float | None]:
    known = found[np.isfinite(found)]
    return (float(known.min()), float(known.max())) if known.size else (None, None)


def _network(case: str, layers: int, snapshots: int) -> Answers:
    """Return the answers about a network: its tree, and a statistic of its first nodes' weights."""
    nodes = _nodes(case, layers)
    count = len(nodes["name"])
    time = times(snapshots)
    shown = min(count, PIECE)
    mean = values(case, shown, snapshots) - np.float32(0.3)
    if case == "many":
        mean = falling(mean)
    spread = {"minimum": mean - np.float32(0.5), "maximum": mean + np.float32(0.5)}
    odd = np.zeros((shown, snapshots), np.uint8)
    if case == "nan":
        odd[:, 3:4], odd[:, 6:7] = 1, 2
    low, high = _ends(mean)
    settled = np.array([-1, 100, 200], np.int32)[np.arange(count) % 3]
    tree = {
        "nodes": nodes,
        "order": [*range(count)],
        "piece": PIECE,
        "edges": [-0.1, 0.0, 0.1],
        "thresholds": [0.1, 0.01],
        "decades": 7.0,
    }
    shapes = {
        "histogram": np.zeros((shown, 4, snapshots), np.uint8),
        "bands": np.zeros((shown, 2, snapshots), np.float16),
    }
    asked = f"from=0&to={PIECE}"
    ends = {"low": low, "high": high, "least": 0.01 if snapshots else None}
    deviation = {"value": np.full_like(mean, 0.2)}
    return {
        # Around a mean.
        f"layer-rows?measure=weight&statistic=std&{asked}": pack(deviation, ends),
        "layer-tree": pack(time, tree),
        f"layer-rows?measure=weight&statistic={STATISTIC[case]}&{asked}": pack(
            {"value": mean}, ends
        ),
        f"layer-extremes?measure=weight&{asked}": pack(
            {"odd": odd, **spread},
            {"minimum": _ends(spread["minimum"])[0], "maximum": _ends(spread["maximum"])[1]},
        ),
        f"layer-shapes?measure=weight&{asked}": pack(shapes, {}),
        "layer-settle?limit=0.001&of=value": pack({"settled": settled}, {}),
    }


_LAYERS: Mapping[str, Any] = {
    "url": "{data}/layer-tree",
    "base": "{data}",
    "piece": PIECE,
    "group": "layers",
    "key": "none",
    "count": "none",
}


def _multiples(case: str) -> Given:
    """Return a row for each node of the network; of many those in sight."""
    layers = {"empty": 0, "one": 1, "nan": 4, "many": MANY}[case]
    snapshots = {"empty": 0, "one": 1, "nan": SOME, "many": 40}[case]
    chosen = {"measure": "weight", "statistic": STATISTIC[case], "level": 9, "same": case != "nan"}
    return Given(_LAYERS, _network(case, layers, snapshots), chosen, page="layers", id=_ID)


def _overlaid(case: str) -> Given:
    """Return four layers over each other; where some values are NaN, each on its own scale."""
    layers = {"empty": 0, "one": 1}.get(case, 4)
    chosen = {
        "measure": "weight",
        "statistic": STATISTIC[case],
        "nodes": [*range(1, layers + 1)],
        "normalised": case == "nan",
    }
    return Given(_LAYERS, _network(case, layers, size(case)), chosen, page="layers", id=_ID)


def _top(case: str) -> Given:
    """Return the most changed filters of the last snapshot; they wait for rows beside them."""
    count = size(case)
    snapshots = {"empty": 0, "one": 1}.get(case, 3)
    layers = {"empty": 0, "one": 1, "nan": 4, "many": 40}[case]
    iteration = times(snapshots)["iteration"]
    place = np.tile(np.arange(count), (snapshots, 1))
    arrays = {
        "layer": (place % max(1, layers)).astype(np.int32),
        "filter": place.astype(np.int32),
        "value": -np.sort(-values(case, snapshots, count), axis=1) + np.float32(0.01),
    }
    if case == "nan":  # and fewer than were asked for
        arrays["layer"][:, -2:] = arrays["filter"][:, -2:] = -1
    asked = f"iteration={','.join(map(str, iteration))}&quantity=relative_change&k={max(1, count)}"
    answers = {**_network(case, layers, snapshots), f"top-filters?{asked}": pack(arrays, {})}
    chosen = {
        "measure": "weight",
        "statistic": STATISTIC[case],
        "top": max(1, count),
        "topsort": "value" if case == "nan" else "count",
        "pins": [100, 200] if case == "nan" else [],
        "filters": [[0, 0]],
    }
    return Given(_LAYERS, answers, chosen, page="layers", beside=("multiples",))


def _magnitudes(case: str) -> Given:
    """Return update ratios of some layers, one of them opened; where some are NaN, magnitudes."""
    layers = {"empty": 0, "one": 1}.get(case, 6)
    snapshots = size(case)
    found = values(case, layers, snapshots)
    if case == "many":
        found = falling(found) / 300
    median = np.median(found, axis=0) if layers else np.zeros(snapshots)
    arrays = {
        **times(snapshots),
        "value": found.astype(np.float32),
        "median": median.astype(np.float32),
    }
    names = [f"conv{at}" for at in range(layers)]
    # Of a single layer the mean, with its deviation.
    magnitude = {"nan": "weight", "one": "weight-mean"}.get(case, "ratio")
    chosen = {"magnitude": magnitude, "layers": [0] if case == "one" else [2]}
    if case == "one":
        arrays["deviation"] = np.full_like(arrays["value"], 0.25)
    options = {
        "url": "{data}/layer-magnitudes?magnitude={magnitude}",
        "tree": _ID,
        "what": {"ratio": "Mean |update| / mean |weight|", "weight": "Mean |weight|"},
        "group": "layers",
    }
    asked = f"layer-magnitudes?magnitude={chosen['magnitude']}"
    answers = {asked: pack(arrays, {"names": names, "lacks": {}})}
    return Given(options, answers, chosen, page="layers")


# The width of the tree beside the plots follows the chart of this id.
_ID = "layers-multiples"
_FOLDER = folder("layers")
KINDS: Mapping[str, Kind] = {
    "filtermap": Kind(_FOLDER, of_all(_FILTERS, _rows)),
    "filterseries": Kind(_FOLDER, _one),
    "layercompare": Kind(_FOLDER, _overlaid),
    "magnitudes": Kind(_FOLDER, _magnitudes),
    "multiples": Kind(_FOLDER, _multiples),
    "topfilters": Kind(_FOLDER, _top),
}
