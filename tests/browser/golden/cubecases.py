"""What the cube is drawn from: unfolded, for only flat faces can be drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.binary import pack
from app.views.cube import words
from tests.browser.golden.data import SOME, Answers, Given, Kind, folder, numbers, times, values


def _sides(case: str) -> tuple[int, int, int]:
    """Return how many layers, classes and snapshots there are."""
    return {
        "empty": (0, 0, 0),
        "one": (1, 1, 1),
        "nan": (6, 5, SOME),
        "many": (1_000, 20, 40),
    }[case]


def _errors(case: str) -> Answers:
    """Return the answer of /class-error; a class without images is the NaN of the top."""
    _, classes, snapshots = _sides(case)
    images = np.full(classes, 50, np.int32)
    if case == "nan":
        images[::3] = 0
    wrong = (numbers(classes, snapshots) * 50).astype(np.uint8)
    wrong[images == 0] = 0
    iteration = times(snapshots)["iteration"]
    names = [f"class {row}" for row in range(classes)]
    arrays = {"iteration": iteration, "wrong": wrong, "images": images}
    return {
        "class-error": pack(arrays, {"names": names}),
        "cube-order": pack({"order": np.arange(classes, dtype=np.int32)[::-1]}, {}),
    }


def _sets(case: str) -> Answers:
    """Return the answer of /correlation: every class is anomalous at two iterations."""
    layers, classes, snapshots = _sides(case)
    moments = min(snapshots, 10)
    each = min(moments, 2)
    at = (np.arange(classes)[:, None] + np.arange(each)) % max(1, moments)
    cells = numbers(layers, classes)
    some = values(case, layers, classes)
    arrays: dict[str, Any] = {
        "layer": np.arange(layers),
        "class": np.arange(classes),
        "iteration": times(moments)["iteration"],
        "snapshot": np.arange(moments),
        "class_start": np.arange(classes + 1) * each,
        "class_iteration": at.ravel(),
        "class_images": np.full(classes * each, 7),
        "count": cells * 40,
        "sets": cells * 4,
        "members": cells * 50,
    }
    about = {
        "layers": layers,
        "classes": classes,
        "snapshots": snapshots,
        "reason": "no-anomalies" if case == "one" else None,
        "message": "No class is anomalous.",
    }
    packed = {
        **{name: np.asarray(array, np.int32) for name, array in arrays.items()},
        "class_side": np.zeros(classes * each, np.uint8),
        "holds": (numbers(layers, moments) * 5).astype(np.uint8),
        "usual": some * 5,
        "lift": some * 4,
        "q": np.where(some < 0.3, some / 10, some),
    }
    return {"correlation": pack(packed, about)}


def _cube(case: str) -> Given:
    """Return layers at snapshots, and marks: a cursor, a pin, a chosen class and layer."""
    layers, classes, snapshots = _sides(case)
    arrays = {
        "values": values(case, layers, snapshots),
        "iteration": times(snapshots)["iteration"],
    }
    about = {
        "names": [f"block{at // 2}.conv{at}" for at in range(layers)],
        "stages": [f"stage{at // 50}" for at in range(layers)],
        "filters": [64] * layers,
        "classes": classes,
        "format": "number",
        "log": True,
    }
    answers = {"cube-layers": pack(arrays, about), **_errors(case), **_sets(case)}
    options: Mapping[str, Any] = {
        "url": "{data}/cube-layers",
        "base": "{data}",
        "classes": classes,
        "cards": {},
        "controls": "none",
        "readout": "none",
        "measures": words.FRONTS,
        "say": {"noColumns": words.NO_SNAPSHOTS},
    }
    chosen: dict[str, Any] = {"cubeface": "unfolded"}
    if case == "nan":
        chosen |= {"cursor": 400, "pins": [700], "classes": [1], "layers": [2]}
        chosen |= {"cellcolour": "lift"}
    return Given(options, answers, chosen)


KINDS: Mapping[str, Kind] = {"cube": Kind(folder("cube"), _cube)}
