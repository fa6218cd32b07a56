"""What the page of what changed says of two snapshots, held to the stored run by plain loops."""

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.data.change import change, moments
from app.views.change.summary import summary
from tests.stored_runs import StoredRun, store_run

TICKS = np.array([10, 20, 30, 40])


@pytest.fixture
def stored(session: Session) -> StoredRun:
    """A run between two others, whose rows are not its own."""
    store_run(session, seed=21)
    found = store_run(session, seed=22)
    store_run(session, seed=23)
    return found


@pytest.mark.parametrize(
    ("cursor", "pins", "chosen"),
    [
        (None, [], (30, 40)),
        (31, [], (20, 30)),
        (1, [], (10, 20)),
        (10, [40], (10, 40)),
        (40, [10, 20], (20, 40)),
        # The last pin stands where the cursor does.
        (40, [10, 41], (10, 40)),
    ],
)
def test_the_two_snapshots(cursor, pins, chosen) -> None:
    assert moments(TICKS, cursor, pins) == chosen
    assert moments(TICKS[:1], cursor, pins) is None


def test_scores_classes_and_images(session: Session, stored: StoredRun) -> None:
    first, last = int(stored.iterations[1]), int(stored.iterations[4])
    found = change(session, stored.run_id, first, last)
    for name, (iterations, values) in stored.scalars.items():
        for at, value in zip((first, last), found.scores[name], strict=True):
            [past] = np.flatnonzero(iterations <= at)[-1:] if (iterations <= at).any() else [None]
            expected = np.nan if past is None else values[past]
            np.testing.assert_equal(value, expected)
    right = stored.prediction == stored.image_class[:, None]
    assert found.learned == (~right[:, 1] & right[:, 4]).sum()
    assert found.forgotten == (right[:, 1] & ~right[:, 4]).sum()
    changed = np.flatnonzero(right[:, 1] != right[:, 4])
    assert sorted(found.images.image) == list(changed)
    step = np.abs(found.images.probability_after - found.images.probability_before)
    assert (np.diff(step) <= 0).all()
    np.testing.assert_array_equal(found.images.after, stored.prediction[found.images.image, 4])
    width = np.abs(found.classes.after - found.classes.before)
    assert (np.diff(width) <= 0).all()
    for one, before in zip(found.classes.class_id, found.classes.before, strict=True):
        assert before == pytest.approx(stored.class_error[one, 1])


def test_layers_and_filters(session: Session, stored: StoredRun) -> None:
    first, last = int(stored.iterations[1]), int(stored.iterations[4])
    found = change(session, stored.run_id, first, last)
    assert sorted(found.layers.layer_id) == list(range(len(stored.layer_filters)))
    way: dict[tuple[int, int], float] = {}
    for t in (2, 3, 4):
        for layer, number, value in stored.peaks(t, "relative_change")[:50]:
            way[layer, number] = way.get((layer, number), 0.0) + value
    best = sorted(way, key=lambda place: -way[place])[: len(found.filters.way)]
    chosen = list(zip(found.filters.layer_id, found.filters.filter, strict=True))
    assert chosen == best
    np.testing.assert_allclose(found.filters.way, [way[place] for place in best], rtol=1e-5)
    norms = [stored.filters_of(layer, "weight_l2")[number, 4] for layer, number in best]
    np.testing.assert_array_equal(found.filters.norm_after, np.array(norms, np.float32))


def test_a_run_without_validation_says_what_it_knows(session: Session) -> None:
    run = store_run(session, seed=24, classes=0)
    found = change(session, run.run_id, int(run.iterations[0]), int(run.iterations[-1]))
    assert (found.learned, found.forgotten) == (None, None)
    names = [f"layer {number}" for number in range(len(run.layer_filters))]
    assert "image" not in summary(found, names, [])
    assert len(found.images.image) == len(found.classes.class_id) == 0
