"""What histograms are drawn from: the page of distributions, and the weights at two snapshots."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.binary import pack
from deeptracker.format import HISTOGRAM_EDGES
from tests.browser.golden.data import Given, Kind, folder, times

BINS = len(HISTOGRAM_EDGES) - 1
_OPTIONS: Mapping[str, Any] = {
    "url": "{data}/distribution-nodes",
    "base": "{data}",
    "compare": "{data}/compared",
    "run": 1,
    "name": "this run",
    "count": "none",
    "key": "none",
    "missed": {
        "weight": "not recorded: histograms of weights",
        "gradient": "not recorded: histograms of gradients",
        "update": "not recorded: histograms of updates",
    },
}


def _spread(nodes: int, snapshots: int, *, width: float, odd: bool = False) -> dict[str, Any]:
    """Return bells that grow narrower, in the recorded bins; of an odd one every third is NaN."""
    sigma = width / (1 + np.arange(snapshots) / 20)[None, :, None]
    sigma = sigma * (1 + np.arange(nodes) / 4)[:, None, None]
    middle = (HISTOGRAM_EDGES[1:-2] + HISTOGRAM_EDGES[2:-1]) / 2
    wide = np.diff(HISTOGRAM_EDGES[1:-1])
    share = np.exp(-0.5 * (middle / sigma) ** 2) * wide / sigma
    count = np.zeros((nodes, snapshots, BINS), np.uint32)
    count[..., 1:-1] = np.floor(1000 * share)
    ends = 3 * sigma
    shares = np.array([-3, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 3])
    percentile = (shares[None, :, None] * sigma.transpose(0, 2, 1)).astype(np.float32)
    lowest, highest = (-ends[..., 0]).astype(np.float32), ends[..., 0].astype(np.float32)
    none = np.zeros((nodes, snapshots), np.uint8)
    if odd:
        none[:, ::3] = 1
        count[none > 0] = 0
        for values in (lowest, highest, percentile.transpose(0, 2, 1)):
            values[none > 0] = np.nan
    return {
        "iteration": times(snapshots)["iteration"],
        "count": count,
        "percentile": percentile,
        "lowest": lowest,
        "highest": highest,
        "odd": none,
    }


def _distributions(case: str) -> Given:
    """Return offsets; bands where some are NaN; of many snapshots two runs over each other."""
    nodes = {"empty": 3, "one": 1, "nan": 2, "many": 40}[case]
    snapshots = {"empty": 0, "one": 1, "nan": 12, "many": 60}[case]
    piece = min(nodes, 8)
    level = {
        "name": [f"stage.conv{at}" for at in range(nodes)],
        "kind": ["layer"] * nodes,
        "layers": [1] * nodes,
        "layer": [*range(nodes)],
        "parameters": [2_500] * nodes,
    }
    about = {
        "levels": dict.fromkeys(("layer", "block", "stage", "network"), level),
        "quantities": ["weight"],
        "lacks": {},
        "piece": 8,
        "edges": HISTOGRAM_EDGES[1:-1].tolist(),
        "percentiles": [6.68, 15.87, 30.85, 50.0, 69.15, 84.13, 93.32],
    }
    arrays = _spread(piece, snapshots, width=0.1, odd=case == "nan")
    asked = "quantity=weight&level=layer&piece=0&columns=120"
    chosen: dict[str, Any] = {
        "distributionmode": "percentiles" if case == "nan" else "offset",
        "distributionscale": "symlog" if case == "one" else "linear",
        "ridges": "10",
        "cursor": 700,
    }
    answers = {
        "distribution-nodes": pack(times(snapshots), about),
        f"distributions?{asked}": pack(arrays, {"first": 0}),
    }
    if case == "many":
        chosen |= {"otherrun": "2", "distributionsearch": "conv0 stage"}
        second = _spread(piece, 30, width=0.05)
        other = {f"other.{name}": values for name, values in second.items()}
        meta = {
            "first": 0,
            "names": ["this run", "another run"],
            "matched": [True] * piece,
            "parameters": [2_500] * piece,
            "alone": [["stage.conv39"], []],
            "lone": [1, 0],
        }
        answers[f"compared?runs=1,2&{asked}"] = pack({**arrays, **other}, meta)
    return Given(_OPTIONS, answers, chosen)


def _pair(case: str) -> Given:
    """Return no snapshot; one value only; where one of the two is NaN; a wide and a narrow bell."""
    snapshots = 0 if case == "empty" else 1
    own = _spread(1, snapshots, width=1e-6 if case == "one" else 0.1)
    other = _spread(1, snapshots, width=0.05, odd=case == "nan")
    about = {
        "first": 0,
        "edges": HISTOGRAM_EDGES[1:-1].tolist(),
        "percentiles": [6.68, 15.87, 30.85, 50.0, 69.15, 84.13, 93.32],
    }
    arrays = {**own, **{f"other.{name}": values for name, values in other.items()}}
    options = {
        "url": "{data}/change-histograms",
        "names": ["this run", "another run"],
        "group": "change-histogram",
    }
    return Given(options, {"change-histograms": pack(arrays, about)})


KINDS: Mapping[str, Kind] = {
    "distributions": Kind(folder("distributions"), _distributions),
    "histogrampair": Kind(folder("change"), _pair),
}
