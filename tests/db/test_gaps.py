"""Runs that lack something: snapshots, validation, images of a class, a quantity."""

from datetime import UTC, datetime

import numpy as np

from db.queries.measurements import class_results, filter_stats, layer_stats, scalars, snapshots
from db.queries.runs import runs, structure
from tests.db.arrays import same
from tests.stored_runs import store_run


def test_a_run_without_snapshots(session, noise):
    run = store_run(session, seed=3, snapshots=0)
    key = {"run_id": run.run_id}
    assert len(snapshots.snapshots(session, **key)) == 0
    assert snapshots.snapshots(session, **key).transitions.shape == (0, 4)
    assert snapshots.class_errors(session, **key).shape == (4, 0)
    assert snapshots.class_error(session, class_id=0, **key).shape == (0,)
    assert len(snapshots.flips(session, **key).image) == 0
    same(snapshots.correct_now(session, **key), np.zeros(22), "u1")
    stat = layer_stats.layer_stat(session, layer_id=0, quantity="update", **key)
    assert stat.values.shape == (13, 0)
    profile = layer_stats.layer_profile(session, quantity="update", statistic="l1", **key)
    assert profile.shape == (3, 0)
    key |= {"layer_id": 0, "quantity": "update_ratio"}
    assert filter_stats.layer_filters(session, **key).shape == (run.layer_filters[0], 0)
    assert filter_stats.one_filter(session, filter=1, **key).shape == (0,)
    results = class_results.class_images(session, run_id=run.run_id, class_id=0)
    assert results.prediction.shape == results.probability.shape == (len(results.images), 0)
    assert scalars.scalar_names(session, run_id=run.run_id) == ()


def test_a_run_that_validates_nothing(session, noise):
    run = store_run(session, seed=3, classes=0)
    key = {"run_id": run.run_id}
    assert not runs.get_run(session, **key).validates
    assert len(structure.classes(session, **key)) == 0
    assert structure.image_classes(session, **key).shape == (0,)
    assert snapshots.class_errors(session, **key).shape == (0, 6)
    assert snapshots.snapshots(session, **key).transitions.tolist() == [[-1] * 4] * 6
    assert snapshots.correct_now(session, **key).shape == (0,)


def test_an_optional_quantity_that_nobody_measured_is_nan(session, run):
    found = layer_stats.layer_profile(
        session, run_id=run.run_id, quantity="activation", statistic="mean"
    )
    assert found.shape == (3, 6)
    assert np.isnan(found).all()
    stat = layer_stats.layer_stat(session, run_id=run.run_id, layer_id=0, quantity="activation")
    assert stat.values.shape == (13, 0)
    assert stat.histogram is None


def test_a_class_without_images(session, noise):
    run = store_run(session, seed=3, classes=4, images=2)
    results = class_results.class_images(session, run_id=run.run_id, class_id=3)
    assert results.prediction.shape == results.probability.shape == (0, 0)
    assert np.isnan(snapshots.class_error(session, run_id=run.run_id, class_id=3)).all()


def test_an_archived_run_is_listed_only_where_asked_for(session, run):
    old = store_run(session, seed=5, archived_at=datetime(2026, 1, 1, tzinfo=UTC))
    shown = [row.id for row in runs.list_runs(session)]
    assert run.run_id in shown
    assert old.run_id not in shown
    assert len(runs.list_runs(session, shelf=runs.Shelf.ARCHIVED)) == 1
