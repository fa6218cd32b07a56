"""What the kinds of the correlation view are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.binary import pack
from tests.browser.golden.data import (
    SOME,
    Answers,
    Given,
    Kind,
    folder,
    numbers,
    size,
    times,
    values,
)

# The filters of a cell that are in the page (app/views/correlation/web/filters.ts).
MOST = 60
_OPTIONS = {
    "url": "{data}/correlation",
    "names": "{data}/correlation-names",
    "detail": "{data}/correlation-detail",
    "legend": "none",
    "filters": "{data}/correlation-filters?k=3",
    "series": "{data}/correlation-series?quantity=relative_change",
}


def _sides(case: str) -> tuple[int, int]:
    """Return how many layers and classes there are."""
    return {"empty": (0, 0), "one": (1, 1), "nan": (4, SOME), "many": (1_000, 20)}[case]


def _moments(classes: int, iterations: int) -> NDArray[np.int32]:
    """Return the places of the iterations of classes, i4 [C, 3]; of one class both there are."""
    if classes == 1:
        return np.array([[0, 1]], np.int32)
    found = (np.arange(classes)[:, None] * 3 + [0, 2, 5]) % max(1, iterations)
    return np.sort(found, axis=1).astype(np.int32)


def _counts(found: Any, most: int) -> NDArray[np.int32]:
    return (found * most).astype(np.int32)


def _grid(case: str) -> Answers:
    """Return the answers that say what there is in the grid, and its mini-sets: two a layer."""
    rows, columns = _sides(case)
    iterations = {"empty": 0, "one": 2, "nan": SOME, "many": 16}[case]
    moments = _moments(columns, iterations)
    cells = numbers(rows, columns) if case != "one" else np.full((1, 1), 0.7)
    some = values(case, rows, columns)
    arrays: dict[str, Any] = {
        "layer": np.arange(rows, dtype=np.int32),
        "class": np.arange(columns, dtype=np.int32),
        "iteration": times(iterations)["iteration"],
        "class_start": (np.arange(columns + 1) * moments.shape[1]).astype(np.int32),
        "class_iteration": moments.ravel(),
        "holds": _counts(numbers(rows, iterations), 5).astype(np.uint8),
        "count": _counts(cells, 40),
        "sets": _counts(cells, 4),
        "expected": some * 8,
        "members": _counts(cells, 50),
        "usual": some * 5,
        "lift": some * 4,
        "level": _counts(cells, 6).astype(np.uint8),
        "hits": _counts(cells, 4),
        "base": _counts(cells, 90),
        "q": np.where(some < 0.3, some / 10, some).astype(np.float32),
    }
    strongest = np.argsort(arrays["q"].ravel(), kind="stable")[:20]
    about = {
        "k": 3,
        "m": 2,
        "top": 50,
        "population": 100,
        "cells": rows * columns,
        "strongest": [divmod(int(at), columns) for at in strongest],
        "reason": "no-anomalies" if case == "empty" else None,
        "message": "No class is anomalous.",
        "note": "With 2 snapshots hardly any cell can be told from chance." * (case == "one"),
    }
    names = {
        "layers": [f"block{row // 2}.conv{row}" for row in range(rows)],
        "stages": [f"stage{row // 50}" for row in range(rows)],
        "blocks": [f"block{row // 2}" for row in range(rows)],
        "filters": [64] * rows,
        "classes": [f"class {column}" for column in range(columns)],
    }
    return {
        "correlation": pack(arrays, about),
        "correlation-names": pack({}, names),
        "correlation-detail": pack(_mini_sets(rows, iterations), {}),
    }


def _mini_sets(layers: int, iterations: int) -> Mapping[str, NDArray[Any]]:
    """Return two mini-sets of each layer: of three filters and of one."""
    sizes = np.tile([3, 1], layers)
    places = [np.arange(0, iterations, 2), np.arange(1, iterations, 3)] * layers
    sets = np.array([len(one) for one in places], int)
    filters = [np.arange(count) + 4 * (count == 1) for count in sizes]
    found = {
        "iteration": times(iterations)["iteration"],
        "part_layer": np.repeat(np.arange(layers), 2),
        "part_size": sizes,
        "part_weight": sizes * sets,
        "part_sets": sets,
        "part_start": np.concatenate([[0], np.cumsum(sizes)]),
        "part_filter": np.concatenate([*filters, []]),
        "presence_start": np.concatenate([[0], np.cumsum(sets)]),
        "presence": np.concatenate([*places, []]),
    }
    return {name: np.asarray(array, np.int32) for name, array in found.items()}


def _cells(case: str) -> Given:
    """Return the grid; where values are NaN, coloured by lift, a layer and a class are split."""
    chosen: dict[str, Any] = {"cell": [[0, 0]], "classes": [0], "layers": [0]}
    if case == "nan":
        chosen |= {"cellcolour": "lift", "splitlayers": [1], "splitclasses": [2], "pins": [100]}
    return Given(_OPTIONS, _grid(case), {} if case == "empty" else chosen)


def _filters(case: str) -> Given:
    """Return the filters of the first cell, and the series of those that are shown."""
    rows = size(case)
    if not rows:
        return Given(_OPTIONS, _grid(case))
    snapshots = 2 if case == "one" else 60
    q = values(case, rows)
    shown = min(rows, MOST)
    arrays: dict[str, Any] = {
        "iteration": times(snapshots)["iteration"][[0, 1] if case == "one" else [20, 24, 30]],
        "filter": np.arange(rows, dtype=np.int32),
        "times": _counts(numbers(rows), 4),
        "base": _counts(numbers(rows), 90),
        "rank": np.arange(rows, dtype=np.int32),
        "q": q,
    }
    series = {
        "iteration": times(snapshots)["iteration"],
        "values": values(case, shown, snapshots),
    }
    asked = ",".join(map(str, range(shown)))
    answers = {
        **_grid(case),
        "correlation-filters?k=3&layer=0&class=0": pack(
            arrays, {"total": rows, "chosen": len(arrays["iteration"]), "population": 100}
        ),
        f"correlation-series?quantity=relative_change&layer=0&filters={asked}": pack(series, {}),
    }
    return Given(_OPTIONS, answers, {"cell": [[0, 0]], "filters": [[0, 0]]})


def _sliders(case: str) -> Given:
    """Return the sliders of a network of so many filters; they know no NaN: that is the default."""
    filters = max(1, size(case))
    options = {"most": min(filters, 500), "filters": filters}
    chosen = {"one": {"top": 1, "weight": 1}, "many": {"top": 500, "weight": 75}}
    return Given(options, {}, chosen.get(case, {}))


_FOLDER = folder("correlation")
KINDS: Mapping[str, Kind] = {
    "correlationcells": Kind(_FOLDER, _cells),
    "correlationfilters": Kind(_FOLDER, _filters),
    "correlationgrid": Kind(_FOLDER, _cells),
    "correlationsliders": Kind(_FOLDER, _sliders),
}
