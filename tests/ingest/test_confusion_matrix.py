"""Matrices, scores and moves equal scikit-learn's and the plain definition."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED
from ingest.analysis import confusion_matrix as confusions
from ingest.analysis.confusion_matrix import (
    Pairs,
    confusion_order,
    flows,
    mistakes,
    pairs,
    scores,
)


def drawn(
    seed: int, classes: int, images: int, *, none: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """True classes and predictions, of which half are right, and some are none."""
    rng = np.random.default_rng(seed)
    true = rng.integers(classes, size=images).astype(np.int32)
    prediction = np.where(rng.random(images) < 0.5, true, rng.integers(classes, size=images))
    if none:
        prediction[rng.random(images) < 0.1] = NO_PREDICTION
    return true, prediction.astype(np.int32)


def dense(found: Pairs, classes: int) -> np.ndarray:
    matrix = np.zeros((classes, classes + 1), int)
    matrix[found.true, found.taken] = found.count
    return matrix


CASES = [(1, 1, 5), (2, 3, 0), (3, 5, 40), (4, 30, 60), (5, 12, 4000)]


@pytest.mark.parametrize(("seed", "classes", "images"), CASES)
def test_the_matrix_is_that_of_scikit_learn(seed: int, classes: int, images: int) -> None:
    true, prediction = drawn(seed, classes, images)
    found = pairs(true, prediction, classes=classes)
    assert (found.count > 0).all()
    if not images:
        assert len(found.count) == 0
        return
    known = np.where(prediction == NO_PREDICTION, classes, prediction)
    wanted = confusion_matrix(true, known, labels=np.arange(classes + 1))[:-1]
    np.testing.assert_array_equal(dense(found, classes), wanted)


@pytest.mark.parametrize(("seed", "classes", "images"), CASES)
def test_the_scores_are_those_of_scikit_learn(seed: int, classes: int, images: int) -> None:
    true, prediction = drawn(seed, classes, images, none=False)
    how = scores(pairs(true, prediction, classes=classes), classes=classes)
    if not images:
        assert not how.support.any()
        assert np.isnan(how.f1).all()
        return
    precision, recall, f1, support = precision_recall_fscore_support(
        true, prediction, labels=np.arange(classes), zero_division=np.nan
    )
    np.testing.assert_allclose(how.precision, precision, rtol=1e-6)
    np.testing.assert_allclose(how.recall, recall, rtol=1e-6)
    np.testing.assert_array_equal(how.support, support)
    # Where either is not defined scikit-learn's F1 depends on its release; ours is 2 TP / all.
    both = ~np.isnan(precision) & ~np.isnan(recall)
    np.testing.assert_allclose(how.f1[both], f1[both], rtol=1e-6)


def test_an_image_without_a_prediction_is_wrong_and_predicted_as_no_class() -> None:
    true = np.array([0, 0, 1, 1])
    prediction = np.array([0, NO_PREDICTION, 0, NOT_VALIDATED])
    how = scores(pairs(true, prediction, classes=3), classes=3)
    assert how.support.tolist() == [2, 1, 0]
    assert how.predicted.tolist() == [2, 0, 0]
    np.testing.assert_array_equal(how.precision, np.array([0.5, np.nan, np.nan], "f4"))
    np.testing.assert_array_equal(how.recall, np.array([0.5, 0, np.nan], "f4"))
    np.testing.assert_array_equal(how.f1, np.array([0.5, 0, np.nan], "f4"))


@pytest.mark.parametrize(("seed", "classes", "images"), CASES)
def test_moves_are_counted_as_one_would_by_hand(seed: int, classes: int, images: int) -> None:
    true, before = drawn(seed, classes, images)
    _, after = drawn(seed + 100, classes, images)
    before[::7] = NOT_VALIDATED
    name = lambda one: classes if one == NO_PREDICTION else int(one)  # noqa: E731
    wanted = Counter(
        (int(t), name(b), name(a))
        for t, b, a in zip(true, before, after, strict=True)
        if b != a and NOT_VALIDATED not in (b, a)
    )
    found = flows(true, before, after, classes=classes)
    keys = list(zip(found.true.tolist(), found.before.tolist(), found.after.tolist(), strict=True))
    assert dict(zip(keys, found.count.tolist(), strict=True)) == wanted
    assert found.image_count == wanted.total()
    assert keys == sorted(wanted, key=lambda key: (-wanted[key], key))


@pytest.mark.parametrize("of", [None, 2])
def test_mistakes_are_the_cells_off_the_diagonal_the_largest_first(of: int | None) -> None:
    true, prediction = drawn(4, 5, 200)
    every = pairs(true, prediction, classes=5)
    cells = zip(every.true.tolist(), every.taken.tolist(), every.count.tolist(), strict=True)
    wanted = sorted(
        ((t, p, n) for t, p, n in cells if t != p and of in (None, t, p)),
        key=lambda cell: (-cell[2], cell[0], cell[1]),
    )
    found = mistakes(every, class_id=of)
    assert list(zip(found.true, found.taken, found.count, strict=True)) == wanted


def test_classes_taken_for_one_another_stand_side_by_side() -> None:
    rng = np.random.default_rng(0)
    classes, each = 40, 20
    group = rng.permutation(np.repeat(np.arange(4), 10))
    true = np.repeat(np.arange(classes), each)
    prediction = np.array([rng.choice(np.flatnonzero(group == group[own])) for own in true])
    order = confusion_order(pairs(true, prediction, classes=classes), classes=classes)
    assert sorted(order.tolist()) == list(range(classes))
    assert (np.diff(group[order]) != 0).sum() == 3


@pytest.mark.parametrize("classes", [0, 1, 2, 5])
def test_an_order_of_few_classes_or_no_images_has_each_once(classes: int) -> None:
    none = np.zeros(0, np.int32)
    order = confusion_order(Pairs(none, none, none), classes=classes)
    assert sorted(order.tolist()) == list(range(classes))


def test_of_many_classes_those_taken_for_one_another_are_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confusions, "_MOST_LINKED", 10)
    rng = np.random.default_rng(1)
    classes, each = 60, 30
    group = rng.permutation(np.repeat(np.arange(6), 10))
    true = np.repeat(np.arange(classes), each)
    prediction = np.array([rng.choice(np.flatnonzero(group == group[own])) for own in true])
    order = confusion_order(pairs(true, prediction, classes=classes), classes=classes)
    assert sorted(order.tolist()) == list(range(classes))
    assert (np.diff(group[order]) != 0).sum() == 5
