"""Clusters of filters that like the same classes, and which of consecutive layers go together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ingest.analysis.clusters import SEED, nan_mean
from ingest.analysis.threads import one_thread

DEFAULT_CLUSTERS, MAX_CLUSTERS = 4, 12
# The label of filters whose mean is the same for all classes, such as those that are always 0.
EVEN = -1
# A pair of clusters is told of where chance alone would make it so in one of 20.
_CHANCE = 0.05
_SAME = 1e-6


@dataclass(frozen=True)
class FilterClusters:
    """The clusters of a layer's filters, in the order of the classes that they like most.

    `label` i4 [F], EVEN: none; `liking` f4 [G, C]: the mean over the filters of how far each
    class lies above the filter's mean, in the filter's deviations over the classes (NaN: the
    cluster is empty).
    """

    label: NDArray[np.int32]
    liking: NDArray[np.float32]


def cluster_filters(
    mean: NDArray[np.floating],
    *,
    clusters: int = DEFAULT_CLUSTERS,
    start: NDArray[np.float32] | None = None,
) -> FilterClusters:
    """Cluster filters by k-means over their standardised `mean` [F, C] over classes.

    NaN is no mean. `clusters` is brought into 1..MAX_CLUSTERS, and lowered to the number of
    different filters.
    `start` is the `liking` of the same layer at another time: its clusters are followed from there,
    so that they keep their numbers. The same input gives the same clusters.
    """
    features = standardised(mean)
    varied = features.any(axis=1)
    label = np.full(len(features), EVEN, np.int32)
    if start is not None and start.shape[1:] == features.shape[1:] and len(start):
        label[varied] = _followed(features[varied], start)
        count = len(start)
    else:
        label[varied] = found = _found(features[varied], clusters)
        count = int(found.max(initial=-1)) + 1
    liking = [nan_mean(features[label == cluster]) for cluster in range(count)]
    shape = (count, features.shape[1])
    return FilterClusters(label, np.array(liking, np.float32).reshape(shape))


def standardised(mean: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return each row with mean 0 and deviation 1; 0 where it is not known, or all are equal."""
    wide = mean.astype(np.float64)
    known = np.isfinite(wide)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, wide, 0.0)
    middle = filled.sum(axis=1, keepdims=True) / count
    off = np.where(known, wide - middle, 0.0)
    spread = np.sqrt((off**2).sum(axis=1, keepdims=True) / count)
    # What differs by no more than rounding does not differ.
    size = np.abs(filled).max(axis=1, keepdims=True, initial=0)
    spread = np.where(spread <= _SAME * size, np.inf, spread)
    return (off / spread).astype(np.float32)


def _found(features: NDArray[np.float32], clusters: int) -> NDArray[np.int32]:
    if not len(features):
        return np.zeros(0, np.int32)
    different = len(np.unique(features, axis=0))
    wanted = max(1, min(clusters, MAX_CLUSTERS, different))
    label = np.zeros(len(features), np.int32)
    if wanted > 1:
        from sklearn.cluster import KMeans  # a second of imports, as in clusters.py

        with one_thread():
            model = KMeans(wanted, n_init=4, random_state=SEED)
            label = model.fit_predict(features).astype(np.int32)
    centre = np.stack([features[label == cluster].mean(axis=0) for cluster in range(wanted)])
    order = np.lexsort((-centre.max(axis=1), centre.argmax(axis=1)))
    rank = np.empty(wanted, np.int32)
    rank[order] = np.arange(wanted, dtype=np.int32)
    return rank[label]


def _followed(features: NDArray[np.float32], start: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the cluster of each filter, with centres that begin at `start`."""
    centre = np.nan_to_num(start)
    if len(np.unique(features, axis=0)) > len(centre) > 1:
        from sklearn.cluster import KMeans

        with one_thread():
            model = KMeans(len(centre), init=centre, n_init=1, random_state=SEED)
            found: NDArray[np.int32] = model.fit_predict(features).astype(np.int32)
            return found
    apart = ((features[:, None] - centre[None]) ** 2).sum(axis=2)
    return apart.argmin(axis=1).astype(np.int32)


def together(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return r [A, B], Pearson's correlation over the classes of likings [A, C] and [B, C].

    NaN where one of them is the same for all classes.
    """
    if not one.size or not other.size:
        return np.full((len(one), len(other)), np.nan, np.float32)
    parts = []
    for values in (one, other):
        off = values.astype(np.float64) - values.mean(axis=1, keepdims=True, dtype=np.float64)
        length = np.linalg.norm(off, axis=1, keepdims=True)
        parts.append(np.divide(off, length, out=np.full(off.shape, np.nan), where=length > 1e-9))
    return np.clip(parts[0] @ parts[1].T, -1, 1).astype(np.float32)


def least_correlation(classes: int) -> float:
    """Return the |r| over so many classes that chance alone exceeds once in 20; inf below 3.

    By Student's t with classes - 2 degrees of freedom.
    """
    free = classes - 2
    if free < 1:
        return float("inf")
    limit = float(stdtrit(free, 1 - _CHANCE / 2))
    return limit / float(np.sqrt(free + limit**2))


def top_images(
    image: NDArray[np.int32], members: NDArray[np.bool_], *, most: int
) -> NDArray[np.int32]:
    """Return i4, at most `most`: the images that stand highest among the tops of the members.

    `image` i4 [F, K] as of LayerTops. A first place counts K, a last one 1; of equals the first.
    """
    chosen = image[members]
    ranks = np.broadcast_to(np.arange(image.shape[1], 0, -1), chosen.shape)
    known = chosen >= 0
    ids, place = np.unique(chosen[known], return_inverse=True)
    score = np.bincount(place, weights=ranks[known].astype(float), minlength=len(ids))
    return ids[np.argsort(-score, kind="stable")][:most].astype(np.int32)
