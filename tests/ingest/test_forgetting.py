"""Forgetting counts and first-learned snapshots equal the plain definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis.confusion import confusion_partners
from ingest.analysis.forgetting import NEVER, forgetting, forgetting_of


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_forgetting_equals_the_definition(images, snapshots, seed):
    rng = np.random.default_rng(seed)
    correct = rng.random((images, snapshots)) < rng.random()
    image, snapshot = np.nonzero(correct[:, 1:] != correct[:, :-1])
    snapshot = snapshot + 1
    order = rng.permutation(len(image))  # in order of time, and in any within a snapshot
    order = order[np.argsort(snapshot[order], kind="stable")]
    image, snapshot = image[order].astype(np.int32), snapshot[order].astype(np.int32)
    found = forgetting(
        snapshot,
        image,
        correct_now=correct[:, -1].astype(np.uint8),
    )
    for i in range(images):
        drops = sum(correct[i, t - 1] and not correct[i, t] for t in range(1, snapshots))
        assert found.forgotten[i] == drops
        seen = np.flatnonzero(correct[i])
        assert found.first_learned[i] == (seen[0] if len(seen) else NEVER)
    np.testing.assert_array_equal(found.never_learned, ~correct.any(axis=1))
    # Of a class the images themselves say the same, with snapshots between that nobody validated.
    gaps = np.sort(rng.choice(2 * snapshots, snapshots, replace=False))
    seen = np.full((images, 2 * snapshots), np.nan, np.float32)
    seen[:, gaps] = correct
    own = forgetting_of(seen)
    np.testing.assert_array_equal(own.forgotten, found.forgotten)
    learned = found.first_learned
    np.testing.assert_array_equal(own.first_learned, np.where(learned < 0, NEVER, gaps[learned]))


def test_no_image_and_no_flip():
    none = np.zeros(0, np.int32)
    found = forgetting(none, none, correct_now=np.array([1, 0], np.uint8))
    assert found.first_learned.tolist() == [0, NEVER]
    assert found.forgotten.tolist() == [0, 0]
    assert len(forgetting(none, none, correct_now=none).forgotten) == 0
    for shape in ((0, 4), (3, 0)):
        never = forgetting_of(np.zeros(shape, np.float32))
        assert never.first_learned.tolist() == [NEVER] * shape[0]
        assert never.forgotten.tolist() == [0] * shape[0]


def test_partners_are_the_most_frequent_wrong_classes():
    prediction = np.array([[1, 2, 0], [2, 2, 0], [0, 1, 3]], dtype=np.uint16)
    found = confusion_partners(prediction, class_id=0, most=2)
    assert found.class_id.tolist() == [2, 1]
    assert found.count.tolist() == [[1, 2, 0], [1, 1, 0]]


def test_partners_of_a_class_that_is_always_right():
    found = confusion_partners(np.zeros((2, 3), np.uint16), class_id=0)
    assert found.class_id.tolist() == []
    assert found.count.shape == (0, 3)
