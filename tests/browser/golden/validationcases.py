"""What the kinds of the validation view are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.binary import pack
from tests.browser.golden.data import Answers, Given, Kind, classes, folder, of_all, size

# NaN: a row names no class, for only the whole set is anomalous there.


def _ints(values: Any) -> NDArray[np.int32]:
    return np.asarray(values, np.int32)


def _anomalies(case: str) -> Answers:
    """Return the answers of /anomalies and /class-error: all cells are at the first snapshot."""
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
    for side in ("left", "right", "pending"):
        own = place if side == "left" else place[:0]
        arrays[f"{side}_class_id"] = _ints(own)
        arrays[f"{side}_snapshot"] = _ints(own * 0)
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
    options = {"snapshots": max(1, size(case)), "largest": max(1, size(case)), "prefix": "golden"}
    chosen = {"k": 3, "m": 0.25 if case == "nan" else 2, "share": case == "nan"}
    return Given(options, {}, chosen)


_SAY = {"noColumns": "No snapshot.", "noRows": "No validation images."}
_NAMED = {"names": "{data}/class-error", "base": "{data}", "say": _SAY}
_FOLDER = folder("validation")
KINDS: Mapping[str, Kind] = {
    "anomalytable": Kind(_FOLDER, of_all({**_NAMED, "url": "{data}/anomalies"}, _anomalies)),
    "iterationclasses": Kind(_FOLDER, _listed),
    "validationwindow": Kind(_FOLDER, _window),
}
