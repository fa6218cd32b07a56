"""The values in TensorBoard's events: numbers, histograms, texts and hyperparameters."""

import math
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.conversion.collected import Histogram
from deeptracker.extras import needed

HPARAMS = "hparams"
# What is counted, but not taken, by the plugin or the field of a value.
_KINDS = {
    "images": "an image of TensorBoard's",
    "image": "an image of TensorBoard's",
    "audio": "a sound of TensorBoard's",
    "pr_curves": "a precision-recall curve of TensorBoard's",
    "mesh": "a mesh of TensorBoard's",
    "custom_scalars": "a layout of TensorBoard's custom scalars",
    "graph_keras_model": "a graph of TensorBoard's",
    "graph_run_metadata": "a graph of TensorBoard's",
    "graph_run_metadata_graph": "a graph of TensorBoard's",
    "graphs": "a graph of TensorBoard's",
    "projector": "an embedding of TensorBoard's",
}
MAX_TEXT, _MAX_SETTINGS = 10_000, 10_000
_MAX_ELEMENTS = 100_000
_FLOAT = 1  # DT_FLOAT


def dropped_as(kind: str) -> str:
    """Return what to call a value that is not taken, by its plugin or field."""
    return _KINDS.get(kind, "a value of TensorBoard's of a kind that is not known")


def scalar(tensor: Any) -> float | None:
    """Return the number that a tensor is, None where it is none, or several."""
    if tensor.dtype == _FLOAT and len(tensor.tensor_content) == 4 and not tensor.float_val:
        return float(np.frombuffer(tensor.tensor_content, "<f4")[0])
    found = _numbers(tensor, 1)
    return None if found is None or found.size != 1 else float(found.reshape(())[()])


def _numbers(tensor: Any, most: int) -> NDArray[np.float64] | None:
    """Return the numbers of a tensor of at most so many; its shape may lie."""
    elements = math.prod(side.size for side in tensor.tensor_shape.dim)
    if not 0 <= elements <= most or any(side.size < 0 for side in tensor.tensor_shape.dim):
        return None
    with needed("tensorboard", "reading TensorBoard's files"):
        from tensorboard.util.tensor_util import make_ndarray
    try:
        return np.asarray(make_ndarray(tensor), np.float64)
    except Exception:  # whatever a tensor of no known kind leads to in there
        return None


def text(value: Any) -> str:
    """Return the text of a value, after its tag."""
    lines = [part.decode("utf-8", "replace") for part in value.tensor.string_val[:_MAX_ELEMENTS]]
    said = "\n".join(lines)[:MAX_TEXT]
    tag = value.tag.removesuffix("/text_summary")
    return f"{tag}: {said}" if tag else said


def hyperparameters(content: bytes) -> dict[str, object] | None:
    """Return what a script said it was run with; None where this says something else."""
    with needed("tensorboard", "reading TensorBoard's files"):
        from google.protobuf.message import DecodeError
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    try:
        data = HParamsPluginData.FromString(content)
    except DecodeError:
        return None
    if data.WhichOneof("data") != "session_start_info":
        return None
    found: dict[str, object] = {}
    for name, value in islice(data.session_start_info.hparams.items(), _MAX_SETTINGS):
        kind = value.WhichOneof("kind")
        if kind == "number_value":
            number = value.number_value
            found[name] = int(number) if number.is_integer() and abs(number) < 2**53 else number
        elif kind == "list_value":
            found[name] = str(list(value.list_value))[:MAX_TEXT]
        elif kind == "string_value":
            found[name] = value.string_value[:MAX_TEXT]
        elif kind == "bool_value":
            found[name] = value.bool_value
    return found


def of_proto(histogram: Any) -> tuple[Histogram | None, int]:
    """Return a histogram in the old form, and how many values are in none of its buckets.

    Its outermost edges are the least and the greatest value where those are within the buckets. Its
    sums are of all values, and known where none of these is NaN or beyond the buckets.
    """
    if not 0 < len(histogram.bucket_limit) == len(histogram.bucket) <= _MAX_ELEMENTS:
        return None, 0
    rights = np.array(histogram.bucket_limit, np.float64)
    counts = np.array(histogram.bucket, np.float64)
    lefts = np.concatenate([[-np.inf], rights[:-1]])
    low, high = histogram.min, histogram.max
    inside = counts > 0
    rights = np.where(inside & (lefts <= high), np.minimum(rights, high), rights)
    lefts = np.where(inside & (rights >= low), np.maximum(lefts, low), lefts)
    total = histogram.num if math.isfinite(histogram.num) else 0.0
    missing = total - float(np.nansum(counts))
    found = _histogram(lefts, rights, counts)
    if found is not None and not missing and math.isfinite(histogram.sum + histogram.sum_squares):
        found = replace(found, total=histogram.sum, squares=histogram.sum_squares)
    return found, max(0, round(missing))


def of_tensor(tensor: Any) -> tuple[Histogram | None, int]:
    """Return a histogram in the new form: left, right and count of each bucket."""
    found = _numbers(tensor, _MAX_ELEMENTS)
    if found is None or found.ndim != 2 or found.shape[1] != 3:
        return None, 0
    return _histogram(*found.T), 0


def _histogram(
    lefts: NDArray[np.float64], rights: NDArray[np.float64], counts: NDArray[np.float64]
) -> Histogram | None:
    """Return the buckets from the first to the last with values; None where there are none."""
    filled = np.flatnonzero(counts > 0)
    if not len(filled) or not (np.isfinite(counts).all() and (counts >= 0).all()):
        return None
    kept = slice(filled[0], filled[-1] + 1)
    edges = np.append(lefts[kept], rights[kept][-1])
    counts = counts[kept]
    if not np.isfinite(edges).all() or (np.diff(edges) < 0).any():
        return None
    wide = np.diff(edges) > 0
    if not wide.any():
        # All values are the same: their bucket has no width.
        return Histogram(
            np.array([edges[0], np.nextafter(edges[0], np.inf)]), np.array([counts.sum()])
        )
    # A bucket without a width is part of its neighbour.
    place = np.maximum(np.cumsum(wide) - 1, 0)
    return Histogram(
        np.append(edges[:-1][wide], edges[-1]), np.bincount(place, counts).astype(np.float64)
    )
