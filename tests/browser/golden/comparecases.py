"""What the kinds of the compare page are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.binary import pack
from app.data.compare import MOST_LISTED
from tests.browser.golden.data import (
    SOME,
    Given,
    Kind,
    falling,
    folder,
    sheet,
    size,
    times,
    values,
)


def _runs(case: str) -> list[dict[str, Any]]:
    """Return runs to compare: at most ten, of which some have no last error."""
    count = {"empty": 0, "one": 1, "nan": 3, "many": 10}[case]
    return [
        {
            "id": at + 1,
            "of": "0123abcd",
            "name": f"run {at}",
            "state": "complete",
            "error": None if case == "nan" else at / 20,
            "snapshots": size(case),
            "href": f"/run/{at + 1}",
        }
        for at in range(count)
    ]


def _aligned(case: str) -> dict[str, Any]:
    """Return what every answer says of its axis."""
    count = size(case)
    unaligned = [0] if case == "nan" else []
    return {"ticks": count, "all_ticks": count + 1, "unaligned": unaligned}


def _groups(case: str) -> list[list[int]] | None:
    """Return the groups of three runs: only many points are grouped."""
    return [[0, 1], [2]] if case == "many" else None


def _spread(found: Any, groups: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Return mean and deviation f4 [G, ...] of values [R, ...]; a run alone has no deviation."""
    of = [found[list(members)] for members in groups]
    mean = np.stack([one.mean(axis=0) for one in of])
    alone = np.full_like(found[0], np.nan)
    deviation = np.stack([one.std(axis=0) if len(one) > 1 else alone for one in of])
    return mean.astype(np.float32), deviation.astype(np.float32)


def _compared(case: str) -> Given:
    runs = _runs(case)
    about = {**_aligned(case), "groups": [[at] for at in range(len(runs))]}
    answer = pack({"iteration": times(size(case))["iteration"]}, about)
    return Given({"url": "{data}/series", "runs": runs}, {"series": answer})


def _key(case: str) -> Given:
    """Return the same with what is thought of the runs: of the first ones of many."""
    given = _compared(case)
    said = ["fault", "NaN · fault", "healthy"] if case == "many" else []
    left = len(given.options["runs"]) - len(said)
    return Given({**given.options, "said": [*said, *[""] * left]}, given.answers)


def _curve(case: str, runs: int, *shape: int) -> Any:
    """Return values f4 [runs, ...], of a run the same as of the one before, but later by one.

    Many fall, so that bands and lines can be told apart.
    """
    found = np.stack([np.roll(values(case, *shape), place) for place in range(runs)])
    return falling(found) if case == "many" else found


_SAY = {"noColumns": "No snapshot.", "noRows": "No class.", "noValues": "No value."}


def _map(case: str) -> Given:
    """Return the errors of classes of one of two runs, or what they differ by (one is reversed)."""
    runs, rows = _runs(case), size(case)
    columns = {"empty": 0, "one": 1, "nan": SOME, "many": 40}[case]
    side = "first" if case == "one" else "difference"
    first = values(case, rows, columns)
    second = first[::-1, ::-1]
    iteration = times(columns + 2)["iteration"]
    arrays: dict[str, Any] = {
        "iteration": iteration,
        "ticks.first": iteration[:columns],
        "ticks.second": iteration[:columns],
        "ticks.difference": iteration[:columns],
        "first": first.astype(np.float16),
        "second": second.astype(np.float16),
        "difference": np.where(np.isfinite(first - second), second - first, np.nan),
    }
    about = {
        **_aligned(case),
        "pair": [0, 1],
        "names": [f"class {row}" for row in range(rows)],
        "class_sizes": [[50] * rows, [50] * rows],
        "lone": [[], []],
    }
    options = {
        "url": "{data}/classes",
        "array": side,
        "side": side,
        "labels": "names",
        "what": "class",
        "value": "error",
        "format": "percent",
        "palette": "magnitude" if side == "first" else "diverging",
        "extreme": "max" if side == "first" else "absolute",
        "maxHeight": 300,
        "rowHeight": 18,
        "say": _SAY,
        "runs": runs,
    }
    return Given(options, {"classes": pack(arrays, about)}, {"compareorder": "difference"})


def _layers(case: str) -> Given:
    """Return a statistic of layers of at most three runs, of which the first has not all."""
    runs, count, groups = _runs(case)[:3], size(case), _groups(case)
    rows = {"empty": 0, "one": 1, "nan": 4, "many": 2}[case]
    found = _curve(case, len(runs), rows, count) if runs else np.zeros((0, 0, 0), np.float32)
    places = np.tile(np.arange(rows), (len(runs), 1))
    if case == "nan":
        found[0, 2], places[0, 2] = np.nan, -1
        found[:, 3] = np.nan
    arrays: dict[str, Any] = {"iteration": times(count)["iteration"], "values": found}
    if groups:
        arrays["mean"], arrays["deviation"] = _spread(found, groups)
    about = {
        **_aligned(case),
        "detailed": list(range(len(runs))),
        "labels": [""] * len(groups or []),
        "names": [f"block{row}.conv" for row in range(rows)],
        "places": places.tolist(),
        "lone": [[] for _ in runs],
        "unlike": ["block1.conv"] if case == "nan" else [],
        "piece": 96,
        "measured": bool(np.isfinite(found).any()),
        "groups": groups,
        "format": "number",
    }
    options = {"url": "{data}/layers", "runs": runs}
    selection = {"scale": "linear" if case == "nan" else "log"}
    return Given(options, {"layers": pack(arrays, about)}, selection)


def _images(case: str) -> Given:
    """Return images that one of two runs gets right, as many as are listed of many.

    Where values are NaN, so are probabilities, and nobody says what the wrong run predicted.
    """
    of = {"one": {"first": 1, "second": 0}, "nan": {"first": 4, "second": 5}}
    counts = of.get(case, {"first": MOST_LISTED, "second": MOST_LISTED})
    arrays: dict[str, Any] = {}
    for place, (side, count) in enumerate(counts.items()):
        image = np.arange(count, dtype=np.int32)
        arrays[f"{side}.image"], arrays[f"{side}.class"] = image, image % 3
        arrays[f"{side}.position"] = (image * 7 + place) % 50
        arrays[f"{side}.taken"] = np.full(count, -1, np.int32) if case == "nan" else (image + 1) % 3
        arrays[f"{side}.probability"] = values(case, count, 2)
    runs = _runs(case if case == "many" else "nan")
    counts = {side: count * (8 if case == "many" else 1) for side, count in counts.items()}
    about = {
        **_aligned(case),
        "pair": [0, 1],
        "why": "The runs have other classes." if case == "empty" else "",
        "agree": "classes" if case == "nan" else "digest",
        "iterations": [100, 100] if case == "one" else [100, 200],
        "names": ["cat", "dog", "a class with a long name"],
        "sizes": [50, 50, 50],
        "counts": {**counts, "both": 4_000, "neither": 30},
    }
    options = {"url": "{data}/images?first=0", "sheets": "{data}", "runs": runs}
    sheets = {f"{run['id']}/contact-sheet": sheet(50) for run in runs[: 0 if case == "one" else 1]}
    return Given(options, {"images": pack(arrays, about), **sheets})


def _events(case: str) -> Given:
    """Return anomalies of at most three runs, the most of the first, and annotations of it.

    Where values are NaN, the others validate nothing or have no snapshot yet.
    """
    runs, count = _runs(case)[:3], size(case)
    iteration = times(count)["iteration"]
    arrays: dict[str, Any] = {"iteration": iteration}
    windows = []
    for place, run in enumerate(runs):
        known = place == 0 or case != "nan"
        if case == "nan" and place == 2:
            run["snapshots"] = 0
        own = iteration[: 0 if run["snapshots"] == 0 else count]
        rows = np.arange(0, count if known else 0, 1 if place == 0 else 40 * place)
        arrays[f"place.{place}"] = arrays[f"own.{place}"] = own
        arrays[f"tick.{place}"] = arrays[f"at.{place}"] = own[rows]
        arrays[f"right.{place}"] = (rows % 3 == 1).astype(np.uint8)
        arrays[f"classes.{place}"] = (rows % 5 + 1).astype(np.int32)
        arrays[f"images.{place}"] = (rows * 7 % 11 + 1).astype(np.int32)
        windows.append({"k": 3, "m": 2} if known else None)
    notes = [
        {
            "target": {"first": first, "last": last},
            "author": "reader",
            "body": f"Look at {first}",
            "about": "the whole run",
            "link": f"/run/1/overview?cursor={first}",
            "resolved_at": resolved,
        }
        for first, last, resolved in ((250, 250, None), (400, 900, None), (1000, 1100, "today"))
    ]
    # The base of the runs' own addresses is what stands before those of comparisons.
    told = {f"data/run/{run['id']}/annotations": {"annotations": []} for run in runs}
    if case == "nan":
        told["data/run/1/annotations"] = {"annotations": notes}
    name = "data/compare/events"
    about = {**_aligned(case), "windows": windows, "detailed": list(range(len(runs)))}
    answer = pack(arrays, about)
    return Given({"url": f"{{data}}/{name}", "runs": runs}, {name: answer}, json=told)


def _table(case: str) -> Given:
    """Return two columns of runs: one with values, one with differences to the first run."""
    cells = [
        (at, f"{at / 10:.1f}", "" if case == "nan" or not at else f"+{at} (+{10 * at} %)")
        for at in range(len(_runs(case)))
    ]
    rows = [
        {
            "name": f"A run {at}",
            "base": at == 0 and case == "many",
            "cells": [
                {"text": text, "value": None if case == "nan" else at / 10, "change": "",
                 "kind": "other"},
                {"text": text, "value": text, "change": change,
                 "kind": ("better", "worse", "other")[at % 3]},
            ],
        }
        for at, text, change in cells
    ]  # fmt: skip
    heads = [] if case == "empty" else ["rate", "Last validation error"]
    return Given({"heads": heads, "rows": rows}, {})


_FOLDER = folder("compare")
KINDS: Mapping[str, Kind] = {
    "compareaxis": Kind(_FOLDER, _compared),
    "compareevents": Kind(_FOLDER, _events),
    "compareimages": Kind(_FOLDER, _images),
    "comparekey": Kind(_FOLDER, _key),
    "comparelayers": Kind(_FOLDER, _layers),
    "comparemap": Kind(_FOLDER, _map),
    "comparetable": Kind(_FOLDER, _table),
}
