"""What the kinds of the layer view are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.binary import pack
from deeptracker.format import FILTER_QUANTITIES
from tests.browser.golden.data import Answers, Given, Kind, folder, of_all, size, times, values

_FILTERS = {
    "url": "{data}/filter-rows",
    "base": "{data}",
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
        "panels": panels,
        "say": {"noFilter": "Click a filter."},
    }
    return Given(options, {"filter-series": pack(arrays, about)}, {"filters": [[2, 5]]})


_FOLDER = folder("layers")
KINDS: Mapping[str, Kind] = {
    "filtermap": Kind(_FOLDER, of_all(_FILTERS, _rows)),
    "filterseries": Kind(_FOLDER, _one),
}
