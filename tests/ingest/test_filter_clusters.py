"""Clusters of filters equal what one sees by eye; correlations equal numpy's."""

import numpy as np
import pytest
from scipy import stats

from ingest.analysis.filter_clusters import (
    EVEN,
    cluster_filters,
    least_correlation,
    standardised,
    together,
    top_images,
)

# Filters that like class 0, those that like class 2, in sizes and levels of all kinds.
FIRST, LAST = np.array([3.0, 0, 0, 0.1]), np.array([0, 0.2, 5.0, 0])
MEAN = np.array([FIRST, 10 * LAST + 7, 100 * FIRST, LAST, FIRST - 2, 0.01 * LAST, [4.0] * 4])


def test_filters_that_like_the_same_classes_are_one_cluster():
    found = cluster_filters(MEAN, clusters=2)
    assert found.label.tolist() == [0, 1, 0, 1, 0, 1, EVEN]
    assert found.liking.argmax(axis=1).tolist() == [0, 2]
    np.testing.assert_allclose(found.liking[0], (FIRST - FIRST.mean()) / FIRST.std(), rtol=1e-5)


def test_the_same_input_gives_the_same_and_the_number_is_lowered():
    mean = np.random.default_rng(0).random((40, 5))
    found, again = cluster_filters(mean, clusters=6), cluster_filters(mean, clusters=6)
    np.testing.assert_array_equal(found.label, again.label)
    assert len(found.liking) == 6
    assert np.bincount(found.label).min() > 0
    assert len(cluster_filters(MEAN, clusters=9).liking) <= 6
    assert cluster_filters(MEAN, clusters=1).label.tolist() == [0] * 6 + [EVEN]


def test_clusters_are_followed_from_another_time():
    start = cluster_filters(MEAN, clusters=2).liking
    # The filters have changed sides: so do their labels.
    later = cluster_filters(MEAN[:, [2, 1, 0, 3]], clusters=2, start=start)
    assert later.label.tolist() == [1, 0, 1, 0, 1, 0, EVEN]
    # Too few different filters for all clusters: one is empty.
    alone = cluster_filters(MEAN[[1, 3]], clusters=2, start=start)
    assert alone.label.tolist() == [1, 1]
    assert np.isnan(alone.liking[0]).all()
    # Other classes than then: from the beginning.
    assert len(cluster_filters(MEAN[:, :3], clusters=2, start=start).liking) == 2


def test_what_is_not_known_and_nothing_at_all():
    holes = MEAN.copy()
    holes[0, 1] = np.nan
    assert standardised(holes)[0, 1] == 0
    assert np.isfinite(standardised(np.full((2, 3), np.nan))).all()
    assert cluster_filters(holes, clusters=2).label.tolist() == [0, 1, 0, 1, 0, 1, EVEN]
    for shape in ((0, 4), (3, 0)):
        none = cluster_filters(np.zeros(shape))
        assert (none.label == EVEN).all()
        assert none.liking.shape == (0, shape[1])


def test_correlations_equal_those_of_numpy():
    rng = np.random.default_rng(1)
    one, other = rng.random((3, 9)).astype("f4"), rng.random((2, 9)).astype("f4")
    expected = np.corrcoef(one, other)[:3, 3:]
    np.testing.assert_allclose(together(one, other), expected, atol=1e-6)
    one[1] = 0.5
    assert np.isnan(together(one, other)[1]).all()
    assert together(one[:0], other).shape == (0, 2)


@pytest.mark.parametrize("classes", [3, 10, 1000])
def test_the_least_correlation_is_that_of_the_test_of_pearson(classes):
    r = least_correlation(classes)
    t = r * np.sqrt((classes - 2) / (1 - r**2))
    assert 2 * stats.t.sf(t, classes - 2) == pytest.approx(0.05)
    assert least_correlation(2) == np.inf


def test_images_that_stand_highest_among_the_members():
    image = np.array([[4, 7, 1], [7, 4, 2], [7, 2, -1], [9, 9, 9]], np.int32)
    members = np.array([True, True, True, False])
    # 7: 2 + 3 + 3; 4: 3 + 2; 2: 1 + 2; 1: 1.
    assert top_images(image, members, most=3).tolist() == [7, 4, 2]
    assert top_images(image, ~members, most=3).tolist() == [9]
    assert top_images(np.full((2, 3), -1, np.int32), np.ones(2, bool), most=3).tolist() == []
