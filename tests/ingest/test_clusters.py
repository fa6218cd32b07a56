"""Clusters of classes are the same every time and bear gaps."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis import clusters
from ingest.analysis.clusters import cluster_classes


def groups(seed=0):
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, 30)
    levels = [0.9 - 0.8 * time, 0.9 - 0.1 * time, np.where(time < 0.5, 0.9, 0.3)]
    return np.concatenate([level + rng.normal(0, 0.01, (6, 30)) for level in levels])


def test_planted_groups_are_found_best_first():
    found = cluster_classes(groups(), clusters=3)
    assert found.label.tolist() == [0] * 6 + [2] * 6 + [1] * 6
    assert found.size.tolist() == [6, 6, 6]
    np.testing.assert_allclose(found.mean[0], groups()[:6].mean(axis=0), rtol=1e-5)


def test_equal_input_gives_equal_clusters():
    first, second = (cluster_classes(groups(4), clusters=5) for _ in range(2))
    np.testing.assert_array_equal(first.label, second.label)


@given(
    st.integers(0, 7), st.integers(1, 6), st.integers(1, 9), st.integers(0, 999), st.floats(0, 1)
)
@settings(max_examples=60, deadline=None)
def test_any_matrix_has_sorted_full_clusters(classes, snapshots, clusters, seed, missing):
    rng = np.random.default_rng(seed)
    error = rng.integers(0, 3, (classes, snapshots)) / 2
    error[rng.random(error.shape) < missing] = np.nan
    found = cluster_classes(error, clusters=clusters)
    assert len(found.label) == classes
    assert found.size.sum() == classes
    assert len(found.size) <= clusters
    assert (found.size > 0).all()
    assert found.mean.shape == (len(found.size), snapshots)
    level = [np.nanmean(row) if np.isfinite(row).any() else np.inf for row in found.mean]
    # They are sorted before they are rounded to 4 bytes: two that are equal then may change places.
    assert all(one <= next_one + 1e-6 for one, next_one in pairwise(level))


def test_a_class_without_a_value_joins_some_cluster():
    error = groups()
    error[3] = np.nan
    found = cluster_classes(error, clusters=3)
    assert found.size.sum() == 18
    assert np.isfinite(found.mean).all()


def test_long_series_are_grouped_as_tightly_as_by_all_of_their_snapshots(monkeypatch):
    rng = np.random.default_rng(5)
    levels = 0.5 + np.cumsum(rng.normal(0, 0.02, (7, 600)), axis=1)
    error = np.clip(levels[rng.integers(0, 7, 200)] + rng.normal(0, 0.15, (200, 600)), 0, 1)

    def spread(label):
        return sum(np.square(error[label == k] - error[label == k].mean(axis=0)).sum()
                   for k in np.unique(label))  # fmt: skip

    found = {k: cluster_classes(error, clusters=k).label for k in (4, 7, 12)}
    monkeypatch.setattr(clusters, "_ROUGH", 10_000)
    for k, label in found.items():
        assert spread(label) <= 1.02 * spread(cluster_classes(error, clusters=k).label)


def test_as_many_clusters_as_there_are_different_series():
    error = np.repeat(groups()[[0, 7, 14]], 5, axis=0)
    assert cluster_classes(error, clusters=9).size.tolist() == [5, 5, 5]
