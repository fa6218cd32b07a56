"""What the kinds of the page of probes are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.binary import pack
from deeptracker.format import quantise_kernels, quantise_maps
from tests.browser.golden.data import Answers, Given, Kind, folder, numbers, sheet, times, values

_OPTIONS = {"url": "{data}/probes", "base": "{data}"}
_FILTERS = {"empty": 0, "one": 1, "nan": 12, "many": 120}
_PROBES = {"empty": 0, "one": 1, "nan": 4, "many": 40}
AT = 500


def _answers(case: str) -> Answers:
    """Return the answer of /probes: two images and layers, or none."""
    count, filters = _PROBES[case], _FILTERS[case]
    images = 2 if count else 0
    iteration = times(max(count, 1) * 2)["iteration"]
    arrays: dict[str, Any] = {
        "iteration": iteration,
        "probed": iteration[::2][:count].copy(),
        "image": np.array([3, 8], np.int32)[:images],
        "class": np.array([0, 1], np.int32)[:images],
        "position": np.array([1, 2], np.int32)[:images],
        "images": np.array([9, 9], np.int32)[:images],
        "prediction": np.zeros((count, images), np.int32),
        "probability": numbers(count, images),
        "layer": np.array([2, 5], np.int32)[:images],
        "filters": np.full(images, filters, np.int32),
    }
    if case == "nan":
        arrays["prediction"][:, 1] = -1
        arrays["probability"][:, 1] = np.nan
    about = {
        "names": ["cat", "dog"],
        "layers": ["layer1.conv1", "fc"][:images],
        "seconds": 0.125 if count else None,
        "converted": False,
        "saliency": ["grad-cam"] if count else [],
    }
    found = {"probes": pack(arrays, about)}
    if case != "nan":
        found["contact-sheet"] = sheet(9)
    return found


def _maps(case: str) -> Given:
    filters = _FILTERS[case]
    found = quantise_maps(values(case, 1, filters, 4, 4) * (1 if case == "many" else 3) - 0.2)
    if case == "one":
        found = quantise_maps(numbers(1, 1, 4, 4))
    arrays = {"codes": found.codes[0], "low": found.low[0], "high": found.high[0]}
    arrays["mean"] = (found.low[0] + found.high[0]) / 2
    answers = {**_answers(case), "probe-maps": pack(arrays, {})}
    chosen = {"cursor": AT, "filters": [[2, 0]], "probeown": case == "nan"}
    return Given({**_OPTIONS, "legend": "none"}, answers, chosen)


def _course(case: str) -> Given:
    count = _PROBES[case]
    found = quantise_maps(values(case, 1, count, 4, 4))
    arrays = {
        "probed": times(max(count, 1) * 2)["iteration"][::2][:count].copy(),
        "low": found.low[0],
        "high": found.high[0],
        "mean": found.high[0] / 2,
        "height": np.full(count, 4, np.int32),
        "width": np.full(count, 4, np.int32),
        "codes": found.codes.reshape(-1),
    }
    about = {"layer": 2, "filter": 0, "layerName": "layer1.conv1"}
    answers = {**_answers(case), "probe-course": pack(arrays, about)}
    return Given(_OPTIONS, answers, {"cursor": AT, "filters": [[2, 0]]})


def _kernels(case: str) -> Given:
    """Return kernels: grey where there is one, of three colours where there are many."""
    filters = _FILTERS[case]
    found = quantise_kernels(2, values(case, filters, 3, 3, 3 if case == "many" else 1) - 0.5)
    arrays = {"codes": found.codes, "scale": found.scale}
    about = {"layer": 2, "layerName": "layer1.conv1"}
    answers = {**_answers(case), "probe-kernels": pack(arrays, about)}
    return Given(_OPTIONS, answers, {"cursor": AT, "filters": [[2, 0]]})


def _top(case: str) -> Given:
    """Return favourites of a filter: none, one, some without a value, nine at each probe."""
    count, most = _PROBES[case], {"one": 1, "nan": 4}.get(case, 9)
    image = (np.arange(count * most, dtype=np.int32).reshape(count, most) * 5) % 9
    value = -np.sort(-numbers(count, most), axis=1)
    if case == "nan":
        image[:, 2:], value[:, 2:] = -1, np.nan
    arrays = {
        "probed": times(max(count, 1) * 2)["iteration"][::2][:count].copy(),
        "image": image,
        "value": value,
        "place": (np.arange(count * most * 2) * 37 % 256).astype("u1").reshape(count, most, 2),
        "field": np.full((count, 2), 0.25, np.float32),
        "class": np.zeros((count, most), np.int32),
        "position": image.clip(min=0),
        "images": np.full((count, most), 9, np.int32),
    }
    about = {"layer": 2, "filter": 0, "layerName": "layer1.conv1", "names": {"0": "cat"}}
    answers = {**_answers(case), "probe-top": pack(arrays, about)}
    return Given(_OPTIONS, answers, {"cursor": AT, "filters": [[2, 0]]})


def _clusters(case: str) -> Given:
    """Return clusters of two layers that go together crosswise; of one filter, and with none."""
    layers, count, classes = (2, 3, 5) if case in ("nan", "many") else (1, 1, 5)
    filters = _FILTERS[case]
    if not filters:
        layers = count = classes = 0
    total = layers * count
    label = np.tile(np.arange(filters, dtype=np.int32) % max(count, 1), layers)
    liking = values(case, total, classes) * 4 - 2 if total else numbers(0, 0)
    image = np.arange(total * 6, dtype=np.int32).reshape(total, 6) % 9 if total else _none(0, 6)
    if case == "nan":
        label[::4], image[:, 2:] = -1, -1
    crossing = layers > 1
    arrays = {
        "layer": np.array([2, 5], np.int32)[:layers],
        "filters": np.full(layers, filters, np.int32),
        "label": label,
        "cluster_layer": np.repeat(np.arange(layers, dtype=np.int32), count),
        "cluster": np.tile(np.arange(count, dtype=np.int32), layers),
        "size": np.full(total, max(filters // max(count, 1), 1), np.int32),
        "liking": liking.astype(np.float32),
        "mean": liking.astype(np.float32),
        "classes": np.arange(classes, dtype=np.int32),
        "image": image,
        "class": _none(total, 6),
        "position": image.clip(min=0),
        "images": np.full((total, 6), 9, np.int32),
        "source": np.array([0, 0, 1, 1, 2], np.int32)[: 5 * crossing],
        "target": np.array([3, 4, 3, 4, 5], np.int32)[: 5 * crossing],
        "together": np.array([0.95, 0.9, 0.97, 0.92, -0.99], np.float32)[: 5 * crossing],
    }
    about = {
        "at": AT if total else -1,
        "names": {str(at): name for at, name in enumerate(("cat", "dog", "owl", "fox", "bee"))},
        "layers": ["layer1.conv1", "fc"][:layers],
        "pairs": 9 * crossing,
        "least": 0.878 if crossing else None,
    }
    answers = {**_maps(case).answers, "probe-clusters": pack(arrays, about)}
    return Given({**_OPTIONS, "legend": "none"}, answers, {"cursor": AT, "filters": [[2, 0]]})


def _none(*shape: int) -> NDArray[np.int32]:
    return np.zeros(shape, np.int32)


def _saliency(case: str) -> Given:
    """Return maps of one method, or of two: where there are many, of other sizes, both signs."""
    signed = [0.0, 1.5] if case in ("many", "nan") else [0.0]
    found = [
        quantise_maps(values(case, 1, 2, 4 + at, 4) * 3 - below) for at, below in enumerate(signed)
    ]
    arrays = {
        "low": np.concatenate([one.low for one in found]),
        "high": np.concatenate([one.high for one in found]),
        "height": np.array([one.codes.shape[2] for one in found], np.int32),
        "width": np.array([one.codes.shape[3] for one in found], np.int32),
        "codes": np.concatenate([one.codes.reshape(-1) for one in found]),
    }
    methods = ["grad-cam", "integrated-gradients"][: len(found)]
    about = {"methods": methods, "details": [f"of {name}" for name in methods]}
    answers = {**_answers(case), "probe-saliency": pack(arrays, about)}
    chosen = {"cursor": AT, "probemethod": methods[-1], "probetarget": "predicted"}
    return Given({**_OPTIONS, "legend": "none"}, answers, {**chosen, "probeopacity": 80})


_FOLDER = folder("probe")
KINDS: Mapping[str, Kind] = {
    "probeclusters": Kind(_FOLDER, _clusters),
    "probecourse": Kind(_FOLDER, _course),
    "probekernels": Kind(_FOLDER, _kernels),
    "probemaps": Kind(_FOLDER, _maps),
    "probetop": Kind(_FOLDER, _top),
    "probesaliency": Kind(_FOLDER, _saliency),
}
