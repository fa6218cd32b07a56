"""What the kinds of the validation view are drawn from."""

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
    classes,
    folder,
    numbers,
    of_all,
    sheet,
    size,
    values,
)

# NaN: a row names no class, for only the whole set is anomalous there.


def _ints(values: Any) -> NDArray[np.int32]:
    return np.asarray(values, np.int32)


def _anomalies(case: str, *, spread: bool = False) -> Answers:
    """Return the answers of /anomalies and /class-error.

    All cells are at the first snapshot and of one side, unless they are spread over all.
    """
    count = size(case)
    place = np.arange(count)
    snapshots = {"empty": 0, "one": 1, "nan": 12, "many": 40}[case]
    arrays: dict[str, Any] = {
        "overall_left": np.ones((snapshots, 2), np.int32),
        "overall_right": np.ones((snapshots, 2), np.int32),
        "table_snapshot": _ints(place % max(1, snapshots)),
        "table_right": (place % 2).astype(np.uint8),
        "table_classes": _ints(place % 7),
        "table_forgotten": _ints(place % 11),
        "table_learned": _ints(place % 5),
        "table_images": _ints(place % 11 + place % 5),
        "table_largest": _ints(place % 9),
        "table_largest_class": _ints(np.full(count, -1) if case == "nan" else place),
        "table_whole_set": (place % 3 == 0).astype(np.uint8),
    }
    sides = ("left", "right", "pending")
    for at, side in enumerate(sides):
        own = place[at::3] if spread else place[: count * (side == "left")]
        arrays[f"{side}_class_id"] = _ints(own)
        arrays[f"{side}_snapshot"] = _ints(own * 7 % max(1, snapshots) * spread)
        arrays[f"{side}_forgotten"] = _ints(own % 11 + 1)
        arrays[f"{side}_learned"] = _ints(own % 5)
    about = {
        "k": 3, "m": 2, "share": False, "direction": "both", "default_k": 3, "default_m": 2,
        "whole_set": 5, "pending_from": snapshots,
        "cells": {"left": count, "right": 0, "pending": 0},
    }  # fmt: skip
    return {"anomalies": pack(arrays, about), **classes(case)}


def _listed(case: str) -> Given:
    return Given({**_NAMED, "url": "{data}/anomalies"}, _anomalies(case), {"cursor": 100})


def _window(case: str) -> Given:
    """Return the sliders of a run; they know no NaN, so that case has a threshold of a share."""
    most = max(1, size(case))
    options = {"snapshots": most, "largest": most, "k": 3, "m": 2, "prefix": "golden"}
    chosen = {"k": 3, "m": 0.25 if case == "nan" else 2, "share": case == "nan"}
    return Given(options, {}, chosen)


def _groups(case: str) -> Answers:
    """Return the answer of /groups: at most three clusters, of every third class."""
    count, clusters = size(case), min(size(case), 3)
    columns = {"empty": 0, "one": 1, "nan": SOME, "many": 40}[case]
    place = np.arange(count)
    label = _ints(place % max(1, clusters))
    orders = ("similarity", "error", "name")
    arrays: dict[str, Any] = {
        "label": label,
        "size": np.bincount(label, minlength=clusters).astype(np.int32),
        "mean": numbers(clusters, columns),
        **{f"order_{order}": _ints(place[::-1]) for order in orders},
    }
    return {"groups": pack(arrays, {"clusters": clusters})}


def _opened(case: str, class_id: int) -> Answers:
    """Return the answer of /class-images: images that are taken for their class or two others."""
    count = 5
    columns = {"empty": 0, "one": 1, "nan": SOME, "many": 40}[case]
    prediction = (np.arange(count * columns) * 7 % 3).astype(np.uint16).reshape(count, columns)
    others = [taken for taken in range(3) if taken != class_id]
    arrays: dict[str, Any] = {
        "images": _ints(np.arange(count) + 50),
        "prediction": prediction,
        "probability": numbers(count, columns).astype(np.float16),
        "order": _ints([4, 2, 0, 1, 3]),
        "forgotten": _ints(np.arange(count)),
        "first_learned": _ints([-1, 100, 200, 300, 400]),
        "partner": _ints(others),
        "partner_count": _ints([(prediction == taken).sum(axis=0) for taken in others]),
    }
    return {f"class-images?class={class_id}": pack(arrays, {"class": class_id})}


def _rows(case: str) -> Given:
    """Return rows: few classes of which one is opened, or many in clusters of which one is."""
    sheet = pack({"sheet": np.zeros(0, np.uint8)}, {"tile": [1, 1], "class": 0})
    answers = {**_anomalies(case, spread=True), **_groups(case), "contact-sheet": sheet}
    options = {
        "url": "{data}/class-error",
        "base": "{data}",
        "anomalies": "{data}/anomalies",
        "groups": "{data}/groups",
        "classes": max(2, size(case)),
        "legend": "none",
        "say": _SAY,
    }
    if case != "nan":
        return Given(options, answers, {"group": "clusters", "open": [0]})
    chosen = {"group": "all", "classes": [1], "openclasses": [1]}
    return Given(options, {**answers, **_opened(case, 1)}, chosen)


def _gallery(case: str) -> Given:
    """Return the images of an open class, of which the first is chosen, at the last snapshot.

    Where values are NaN, so are probabilities, and the log has no pictures.
    """
    count = size(case)
    columns = {"empty": 0, "one": 1, "nan": SOME, "many": 40}[case]
    arrays: dict[str, Any] = {
        "images": _ints(np.arange(count)),
        "prediction": (np.arange(count * columns) * 7 % 3)
        .astype(np.uint16)
        .reshape(count, columns),
        "probability": values(case, count, columns).astype(np.float16),
    }
    answers = {**classes(case), "class-images?class=0": pack(arrays, {"class": 0})}
    if case != "nan":
        answers["contact-sheet"] = sheet(count)
    options = {"url": "{data}/class-error", "base": "{data}"}
    chosen = {} if case == "empty" else {"openclasses": [0], "images": [0]}
    return Given(options, answers, chosen)


def _listed_images(case: str) -> Given:
    """Return images by how often they were forgotten, or, where others are NaN, never right."""
    count, all_classes = size(case), max(1, size(case))
    place = np.arange(count)
    arrays = {
        "image": _ints(place),
        "class": _ints(place % all_classes),
        "position": _ints(place * 7 % 50),
        "forgotten": _ints(place[::-1] % 40 + 1),
        "first_learned": _ints(np.full(count, -1) if case == "nan" else place % 30),
    }
    if case == "one":
        arrays["first_learned"] = _ints([0])
    about = {"never": count, "forgotten": 2 * count, "listed": count}
    answers = {"forgetting": pack(arrays, about), **classes(case)}
    if case != "nan":
        answers["contact-sheet"] = sheet(50)
    options = {"url": "{data}/forgetting", "names": "{data}/class-error", "base": "{data}"}
    return Given(options, answers, {"imagelist": "never" if case == "nan" else "forgotten"})


_SAY = {"noColumns": "No snapshot.", "noRows": "No validation images."}
_NAMED = {"names": "{data}/class-error", "base": "{data}", "say": _SAY}
_FOLDER = folder("validation")
KINDS: Mapping[str, Kind] = {
    "anomalytable": Kind(_FOLDER, of_all({**_NAMED, "url": "{data}/anomalies"}, _anomalies)),
    "gallery": Kind(_FOLDER, _gallery),
    "imagelist": Kind(_FOLDER, _listed_images),
    "iterationclasses": Kind(_FOLDER, _listed),
    "validationrows": Kind(_FOLDER, _rows),
    "validationwindow": Kind(_FOLDER, _window),
}
