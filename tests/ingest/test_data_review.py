"""Histories of images and the lists made of them, against their definitions by loops."""

from itertools import pairwise

import numpy as np
import pytest

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED
from ingest.analysis.data_review.history import (
    NEVER,
    ClassBlock,
    good_snapshots,
    image_history,
)
from ingest.analysis.data_review.lists import (
    LISTS,
    RunHistory,
    best_guess,
    doubt,
    listed,
)

SNAPSHOTS, CLASSES, OF_CLASS = 12, 4, 6


@pytest.fixture
def blocks() -> list[ClassBlock]:
    """Random predictions; snapshot 3 was not validated, some images have no prediction."""
    random = np.random.default_rng(7)
    found = []
    for class_id in range(CLASSES):
        prediction = random.integers(0, CLASSES, (OF_CLASS, SNAPSHOTS)).astype(np.int32)
        probability = random.random((OF_CLASS, SNAPSHOTS)).astype(np.float16)
        none = random.random(prediction.shape) < 0.05
        prediction[none], probability[none] = NO_PREDICTION, np.nan
        prediction[:, 3], probability[:, 3] = NOT_VALIDATED, np.nan
        images = np.arange(OF_CLASS, dtype=np.int32) * CLASSES + class_id
        found.append(ClassBlock(class_id, images, prediction, probability))
    return found


def by_hand(block: ClassBlock, row: int, good: np.ndarray) -> dict[str, float]:
    """The history of one image, one snapshot after the other."""
    predicted = [int(p) for p in block.prediction[row]]
    counted = [t for t in range(SNAPSHOTS) if good[t] and predicted[t] != NOT_VALIDATED]
    known = [float(block.probability[row, t]) for t in counted]
    known = [p for p in known if p == p]
    times = {
        other: sum(predicted[t] == other for t in counted)
        for other in range(CLASSES)
        if other != block.class_id
    }
    most = max(times.values())
    seen = [(t, predicted[t] == block.class_id) for t in range(SNAPSHOTS) if predicted[t] != -2]
    since = next(t for t, _ in seen if all(right == seen[-1][1] for s, right in seen if s >= t))
    agreement = most / len(counted)
    return {
        "confidence": np.mean(known),
        "variability": np.std(known),
        "correct": sum(predicted[t] == block.class_id for t in counted) / len(counted),
        "other": min(c for c, n in times.items() if n == most) if most else NO_PREDICTION,
        "agreement": agreement,
        "doubt": (1 - np.mean(known) + agreement) / 2,
        "forgotten": sum(a and not b for (_, a), (_, b) in pairwise(seen)),
        "learned": since if seen[-1][1] else NEVER,
        "lost": NEVER if seen[-1][1] else since,
    }


def test_a_history_is_what_its_definition_says(blocks):
    good = np.ones(SNAPSHOTS, bool)
    good[:2] = False
    found = image_history(blocks, images=CLASSES * OF_CLASS, good=good)
    for block in blocks:
        for row, image in enumerate(block.images):
            for name, value in by_hand(block, row, good).items():
                assert getattr(found, name)[image] == pytest.approx(value, rel=1e-3), (name, image)
    assert (found.twin == NEVER).all()


def test_good_snapshots_are_near_the_best_and_validated():
    error = np.array([[0.9, np.nan, 0.2, 0.1, 0.0], [0.5, np.nan, 0.1, 0.1, np.nan]], np.float32)
    size = np.array([30, 10], np.int32)
    # Shares of right images: 0.2, none, 0.825, 0.9, 1.0 (of the class that has images there).
    assert good_snapshots(error, size).tolist() == [False, False, False, True, True]
    assert not good_snapshots(error[:, 1:2], size).any()
    assert (
        good_snapshots(np.zeros((0, 3), np.float32), np.zeros(0, np.int32)).tolist() == [False] * 3
    )


def test_what_was_never_validated_is_unknown():
    nothing = np.full((2, 3), NOT_VALIDATED, np.int32)
    unknown = np.full((2, 3), np.nan, np.float16)
    block = ClassBlock(0, np.array([0, 1], np.int32), nothing, unknown)
    found = image_history([block], images=3, good=np.zeros(3, bool))
    for name in ("confidence", "variability", "correct", "agreement", "doubt"):
        assert np.isnan(getattr(found, name)).all(), name
    for name in ("learned", "lost", "twin"):
        assert (getattr(found, name) == NEVER).all(), name
    for kind in LISTS:
        assert not len(listed(kind, [RunHistory(found, 3)]).image), kind


def test_without_probabilities_predictions_alone_tell():
    prediction = np.array([[1, 1, 1, 1], [0, 0, 0, 0]], np.uint16)
    unknown = np.full((2, 4), np.nan, np.float16)
    block = ClassBlock(0, np.array([0, 1], np.int32), prediction, unknown)
    found = image_history([block], images=2, good=np.ones(4, bool))
    assert found.doubt.tolist() == [1, 0]


def test_pictures_of_one_class_with_one_history_are_twins():
    random = np.random.default_rng(3)
    probability = random.uniform(0.1, 0.9, (7, 20)).astype(np.float16)
    prediction = random.integers(0, 2, (7, 20)).astype(np.uint16)
    # 2, 5 and 6 are one picture, but for the rounding of another batch; 4 differs at one snapshot.
    for copy in (5, 6):
        probability[copy] = probability[2] + np.float16(0.0005)
        prediction[copy] = prediction[2]
    probability[4], prediction[4] = probability[2], prediction[2]
    probability[4, 7] += np.float16(0.05)
    # Always sure: they tell nothing of each other.
    probability[0] = probability[1] = 1.0
    prediction[0] = prediction[1] = 0
    block = ClassBlock(0, np.arange(7, dtype=np.int32) * 10, prediction, probability)
    found = image_history([block], images=70, good=np.ones(20, bool))
    assert np.flatnonzero(found.twin != NEVER).tolist() == [20, 50, 60]
    assert set(found.twin[[20, 50, 60]]) == {20}
    other = image_history([block], images=70, good=np.ones(20, bool))
    other.twin[60] = NEVER
    pairs = listed("duplicates", [RunHistory(found, 20), RunHistory(other, 20)])
    assert pairs.image.tolist() == [20, 50, 60]
    assert pairs.score.tolist() == [3, 3, 3]
    assert pairs.runs.tolist() == [2, 2, 1]


def planted(seed: int) -> RunHistory:
    """A run of 30 snapshots in which 40 images of class 0 each have a fate, over some noise."""
    random = np.random.default_rng(seed)
    right = np.ones((40, 30), bool)
    right[0:4] = False  # wrong labels: predicted as class 2 at every snapshot
    right[4:8] = random.random((4, 30)) < 0.5  # ambiguous
    right[8:12, :20] = False  # rare: learned late, and kept
    right[12:16, 15] = False  # forgotten once
    prediction = np.where(right, 0, 1 + (np.arange(40) % 2)[:, None]).astype(np.uint16)
    prediction[0:4] = 2
    probability = np.where(right, 0.95, 0.05) + random.normal(0, 0.01, right.shape)
    block = ClassBlock(0, np.arange(40, dtype=np.int32), prediction, probability.astype("f2"))
    return RunHistory(image_history([block], images=40, good=np.ones(30, bool)), 30)


def test_each_list_begins_with_what_was_planted_for_it():
    runs = [planted(seed) for seed in range(3)]
    errors = listed("label-errors", runs)
    assert set(errors.image[:4].tolist()) == {0, 1, 2, 3}
    assert errors.runs[:4].tolist() == [3, 3, 3, 3]
    assert (np.diff(errors.score) <= 0).all()
    assert best_guess(runs)[:4].tolist() == [2, 2, 2, 2]
    assert best_guess(runs)[30] == NO_PREDICTION
    assert set(listed("ambiguous", runs).image[:4].tolist()) <= set(range(4, 12))
    assert set(listed("rare", runs).image.tolist()) >= {8, 9, 10, 11}
    assert set(listed("forgotten", runs).image.tolist()) >= {12, 13, 14, 15}
    assert not set(listed("forgotten", runs).image.tolist()) & {0, 1, 2, 3}
    np.testing.assert_allclose(
        doubt(runs), np.mean([run.images.doubt for run in runs], axis=0), rtol=1e-5
    )


def test_what_another_run_lost_comes_with_the_earliest_first():
    first = planted(0)
    prediction = np.zeros((40, 30), np.uint16)
    prediction[20, 3:] = 1
    prediction[21, 25:] = 1
    prediction[0] = 1  # never learned by the first run
    half = np.full((40, 30), 0.5, np.float16)
    block = ClassBlock(0, np.arange(40, dtype=np.int32), prediction, half)
    second = RunHistory(image_history([block], images=40, good=np.ones(30, bool)), 30)
    found = listed("lost", [first, second])
    assert found.image.tolist() == [20, 21]
    np.testing.assert_allclose(found.score, [1 - 3 / 29, 1 - 25 / 29], rtol=1e-5)
    assert found.runs.tolist() == [1, 1]
    assert not len(listed("lost", [first]).image)
