"""What activates the filters of probed layers most: images of one filter, clusters of filters."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of
from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from db.queries.measurements import probe_tops as stored
from db.queries.measurements.probe_tops import StoredTops
from db.queries.runs import structure
from deeptracker.format import restore_maps
from ingest.analysis import filter_clusters
from ingest.analysis.filter_clusters import DEFAULT_CLUSTERS, EVEN, MAX_CLUSTERS, FilterClusters

Answer = tuple[Arrays, Mapping[str, Any]]
# Pictures of a cluster.
CLUSTER_IMAGES = 6


def probe_tops(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the validation images that activate a filter most, at each probe.

    Arguments: filter (layer and filter). Arrays: probed i4 [n], those of n probes at which it is
    known; `image` i4 [n, K], -1: none, `value` f4 [n, K], `place` u1 [n, K, 2] and `field`
    f4 [n, 2] as deeptracker.format.LayerTops; `class`, `position` (in its class) and `images` (of
    its class) i4 [n, K]. meta: layer, filter, layerName, names (of classes, by id, of those that
    occur).
    """
    chosen = arguments.pairs("filter")
    if not chosen:
        raise BadArgument("filter is missing; give layer and filter, such as 3,17.")
    layer, number = chosen[-1]
    found = stored.filter_tops(session, run_id=run_id, layer_id=layer, filter=number)
    layers = structure.layers(session, run_id=run_id).names
    who, names = _images(session, run_id, found.image)
    return {
        "probed": found.iteration,
        "image": found.image,
        "value": found.value,
        "place": found.place,
        "field": found.field,
        **who,
    }, {
        "layer": layer,
        "filter": number,
        "layerName": layers[layer] if layer < len(layers) else "",
        "names": names,
    }


def _images(
    session: Session, run_id: int, image: NDArray[np.int32]
) -> tuple[dict[str, NDArray[np.int32]], dict[str, str]]:
    """Return the class of each image, its place there and how many there are; names of classes."""
    if not image.size:
        empty = np.zeros(image.shape, np.int32)
        return {"class": empty, "position": empty, "images": empty}, {}
    analysis, classes = analysis_of(session, run_id), structure.classes(session, run_id=run_id)
    known = image.clip(min=0)
    own = analysis.image_class(session)[known]
    position = analysis.image_position(session)[known]
    names = {str(one): classes.names[one] for one in np.unique(own).tolist()}
    return {"class": own, "position": position, "images": classes.image_count[own]}, names


def probe_clusters(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the clusters of the filters of each probed layer, and which of them go together.

    Arguments: at (an iteration: that of the nearest probe which has them), clusters (of a layer).
    Arrays, of l layers with G clusters in all and C classes: `layer`, `filters` i4 [l]; `label`
    i4, of all filters of all layers, the cluster within its layer (-1: none, its mean is the same
    for all classes); `cluster_layer` (place among the layers), `cluster` (within it), `size`
    i4 [G]; `liking` f4 [G, C] in deviations, `mean` f4 [G, C] as it is; `classes` i4 [C]; `image`
    i4 [G, m] (-1: none) with `class`, `position`, `images`; `source`, `target` i4 [E] (among the
    clusters) and `together` f4 [E] of those pairs in consecutive layers whose likings correlate
    more than chance would have it. meta: at (-1: no probe has them), names (of classes, by id),
    layers (names), pairs (how many there are), least (the smallest |r| that is served; null: the
    classes are too few).
    """
    at = arguments.required("at")
    wanted = arguments.integer("clusters", low=1, high=MAX_CLUSTERS, default=DEFAULT_CLUSTERS)
    known = stored.top_iterations(session, run_id=run_id)
    here = int(known[np.abs(known - at).argmin()]) if len(known) else -1
    analysis = analysis_of(session, run_id)
    clusters = wanted or DEFAULT_CLUSTERS
    arrays, meta = analysis.remember(
        f"filter clusters {here} {clusters}",
        lambda: _clusters(session, analysis, known, here, clusters),
    )
    return arrays, meta


def _clusters(
    session: Session, analysis: Analysis, known: NDArray[np.int32], at: int, wanted: int
) -> Answer:
    run_id = analysis.run_id
    last = int(known[-1]) if len(known) else at
    tops = stored.layer_tops(session, run_id=run_id, at=sorted({at, last}))
    of_layers = [_Layer(one, _start(tops, one, last, wanted), wanted) for one in _at(tops, at)]
    image = np.concatenate([one.image for one in of_layers] or [np.zeros((0, 0), np.int32)])
    who, names = _images(session, run_id, image)
    classes = of_layers[0].tops.classes if of_layers else np.zeros(0, np.int32)
    all_names = structure.classes(session, run_id=run_id).names
    layers = structure.layers(session, run_id=run_id)
    source, target, correlation, pairs = _edges(of_layers)
    least = filter_clusters.least_correlation(len(classes))
    strong = np.abs(correlation) >= least
    arrays: dict[str, NDArray[Any]] = {
        "layer": np.array([one.tops.layer for one in of_layers], np.int32),
        "filters": np.array([len(one.found.label) for one in of_layers], np.int32),
        "label": _joined([one.found.label for one in of_layers]),
        "cluster_layer": _joined(
            [np.full(one.count, place, np.int32) for place, one in enumerate(of_layers)]
        ),
        "cluster": _joined([np.arange(one.count, dtype=np.int32) for one in of_layers]),
        "size": _joined([one.size for one in of_layers]),
        "liking": _stacked([one.found.liking for one in of_layers], len(classes)),
        "mean": _stacked([one.mean for one in of_layers], len(classes)),
        "classes": classes,
        "image": image,
        **who,
        "source": source[strong],
        "target": target[strong],
        "together": correlation[strong],
    }
    names |= {str(one): all_names[one] for one in classes.tolist()}
    return arrays, {
        "at": at,
        "names": names,
        "layers": [layers.names[one.tops.layer] for one in of_layers],
        "pairs": pairs,
        "least": least if np.isfinite(least) else None,
    }


class _Layer:
    """A layer's clusters with what is shown of each."""

    def __init__(self, tops: StoredTops, start: NDArray[np.float32] | None, wanted: int) -> None:
        mean = _means(tops)
        self.tops = tops
        self.found: FilterClusters = filter_clusters.cluster_filters(
            mean, clusters=wanted, start=start
        )
        label, self.count = self.found.label, len(self.found.liking)
        members = [label == cluster for cluster in range(self.count)]
        self.size = np.array([one.sum() for one in members], np.int32)
        self.mean = np.array(
            [filter_clusters.nan_mean(mean[one]) for one in members], np.float32
        ).reshape(self.count, mean.shape[1])
        self.image = np.full((self.count, CLUSTER_IMAGES), EVEN, np.int32)
        for cluster, one in enumerate(members):
            best = filter_clusters.top_images(tops.tops.image, one, most=CLUSTER_IMAGES)
            self.image[cluster, : len(best)] = best


def _at(tops: Sequence[StoredTops], iteration: int) -> list[StoredTops]:
    return [one for one in tops if one.iteration == iteration]


def _start(
    tops: Sequence[StoredTops], of: StoredTops, last: int, wanted: int
) -> NDArray[np.float32] | None:
    """Return the likings of the layer's clusters at the last probe, which others follow."""
    if of.iteration == last:
        return None
    for one in _at(tops, last):
        if one.layer == of.layer and np.array_equal(one.classes, of.classes):
            return filter_clusters.cluster_filters(_means(one), clusters=wanted).liking
    return None


def _means(tops: StoredTops) -> NDArray[np.float32]:
    """Return f4 [F, C]: the mean of each filter over the images of each class."""
    layer = tops.tops
    return restore_maps(layer.mean[:, None, :], layer.low, layer.high)[:, 0]


def _edges(
    layers: Sequence[_Layer],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], int]:
    """Return all pairs of clusters in consecutive layers whose correlation is known."""
    starts = np.cumsum([0, *(one.count for one in layers)])
    source, target, correlation = [], [], []
    for place, (one, other) in enumerate(pairwise(layers)):
        if not np.array_equal(one.tops.classes, other.tops.classes):
            continue
        found = filter_clusters.together(one.found.liking, other.found.liking)
        below, above = np.nonzero(np.isfinite(found))
        source.append((starts[place] + below).astype(np.int32))
        target.append((starts[place + 1] + above).astype(np.int32))
        correlation.append(found[below, above])
    found_r = np.concatenate([*correlation, np.zeros(0, np.float32)])
    return _joined(source), _joined(target), found_r, len(found_r)


def _joined(parts: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate([*parts, np.zeros(0, np.int32)]).astype(np.int32)


def _stacked(parts: Sequence[NDArray[np.float32]], columns: int) -> NDArray[np.float32]:
    return np.concatenate([*parts, np.zeros((0, columns), np.float32)])
