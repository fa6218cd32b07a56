"""Groups of classes whose errors developed alike: k-means over standardised error series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans, kmeans2, vq

from ingest.analysis.order import coarse_if_many, fill_gaps
from ingest.analysis.threads import one_thread

DEFAULT_CLUSTERS = 4
MAX_CLUSTERS = 50
SEED = 0
# Times k-means starts anew; the tightest groups are kept.
_STARTS = 8
_ROUGH = 100
# It ends when the mean distance of a class from its group's centre falls by less.
_SETTLED = 1e-3


@dataclass(frozen=True)
class Clusters:
    """The clusters of a run, the lowest mean error first.

    `label` i4 [C] is the cluster of each class, `size` i4 [K] its classes, `mean` f4 [K, T] the
    mean error of its classes at each snapshot (NaN where none of them has one).
    """

    label: NDArray[np.int32]
    size: NDArray[np.int32]
    mean: NDArray[np.float32]


def cluster_classes(
    error: NDArray[np.floating],
    *,
    clusters: int = DEFAULT_CLUSTERS,
) -> Clusters:
    """Group classes by their `error` [C, T]; NaN is no measurement.

    `clusters` is brought into 1..min(C, MAX_CLUSTERS), and lowered to the number of different
    series. The same input gives the same clusters.
    """
    classes = len(error)
    if not classes:
        return Clusters(
            np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, error.shape[1]), np.float32)
        )
    features = _standardised(coarse_if_many(error))
    wanted = max(1, min(clusters, classes, MAX_CLUSTERS))
    wanted = _different(features, wanted)
    if wanted == 1:
        label = np.zeros(classes, dtype=np.int32)
    else:
        # So small a task gains nothing from threads, and loses much where other work has the cores.
        with one_thread():
            label = _tightest(features, wanted)
    return _by_mean_error(label, error)


def _different(features: NDArray[np.float32], most: int) -> int:
    """Return how many different rows there are, counted up to `most`."""
    found: set[bytes] = set()
    for row in features + np.float32(0):  # 0 and -0 are the same number
        found.add(row.tobytes())
        if len(found) == most:
            break
    return len(found)


def _tightest(features: NDArray[np.float32], wanted: int) -> NDArray[np.int32]:
    """Return the cluster of each row [C]: the best of some k-means, each begun by k-means++.

    Which is best is seen at _ROUGH stretches of time, of which that one goes on to all snapshots:
    as tight as if all had, in a fifth of the time. scipy's: scikit-learn's takes 90 MB of each web
    process for as long as that lives.
    """
    rough = _rough(features)
    rng, best = np.random.default_rng(SEED), (np.inf, np.zeros(len(features), np.int32))
    for _ in range(_STARTS):
        begun, _ = kmeans2(rough, wanted, iter=1, minit="++", rng=rng)
        centres, _ = kmeans(rough, begun, thresh=_SETTLED)
        label, distance = vq(rough, centres)
        spread = float(np.square(distance).sum())
        if spread < best[0]:
            best = spread, label.astype(np.int32)
    label = best[1]
    if rough is not features:
        begun = np.stack([features[label == group].mean(axis=0) for group in np.unique(label)])
        centres, _ = kmeans(features, begun, thresh=_SETTLED)
        label = vq(features, centres)[0].astype(np.int32)
    return label


def _rough(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return [C, T] summed over _ROUGH stretches of time, so that distances are about the same."""
    snapshots = features.shape[1]
    if snapshots <= _ROUGH:
        return features
    starts = np.unique(np.linspace(0, snapshots, _ROUGH, endpoint=False).astype(int))
    length = np.diff(starts, append=snapshots)
    return np.ascontiguousarray(
        np.add.reduceat(features, starts, axis=1) / np.sqrt(length), dtype=np.float32
    )


def _standardised(error: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the filled series with mean 0 and deviation 1 at each snapshot (0 if all equal)."""
    filled = fill_gaps(error)
    spread = filled.std(axis=0)
    # A snapshot at which all classes agree tells them apart no more than rounding does.
    spread[spread < 1e-6] = np.inf
    return np.ascontiguousarray((filled - filled.mean(axis=0)) / spread, dtype=np.float32)


def _by_mean_error(label: NDArray[np.int32], error: NDArray[np.floating]) -> Clusters:
    found = np.unique(label)
    mean = np.stack([nan_mean(error[label == cluster]) for cluster in found])
    level = np.array([np.nanmean(row) if np.isfinite(row).any() else np.inf for row in mean])
    order = np.argsort(level, kind="stable")
    rank = np.empty(len(found), dtype=np.int32)
    rank[order] = np.arange(len(found), dtype=np.int32)
    label = rank[np.searchsorted(found, label)]
    return Clusters(
        label=label,
        size=np.bincount(label, minlength=len(found)).astype(np.int32),
        mean=mean[order].astype(np.float32),
    )


def nan_mean(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean of each column over the rows that have a value; NaN where none has."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64)
    number = known.sum(axis=0)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
