"""Every look-up gives back exactly what was stored, among the rows of other runs."""

import numpy as np
import pytest
from sqlalchemy import insert, update

from db.load_results import remove_results
from db.models import scalar as scalar_table
from db.queries.measurements import (
    class_results,
    filter_stats,
    layer_stats,
    peaks,
    scalars,
    snapshots,
)
from db.queries.runs import runs, structure
from deeptracker.format import FILTER_QUANTITIES, QUANTITIES, SERIES, STATISTICS
from tests.db.arrays import same


def test_structure(session, run):
    layers = structure.layers(session, run_id=run.run_id)
    assert len(layers) == 3
    assert layers.names == ("layer0", "layer1", "layer2")
    assert layers.stages == ("stage0", "stage0", "stage1")
    assert layers.branches == ("main", "main", "shortcut")
    assert layers.kernels == ((3, 3),) * 3
    same(layers.filters, run.layer_filters, "i4")
    same(layers.filter_offset, run.offsets[:-1], "i4")
    same(layers.parameters, run.layer_filters * 27, "i8")

    classes = structure.classes(session, run_id=run.run_id)
    assert classes.names == tuple(f"class {c}" for c in range(4))
    same(classes.image_count, np.bincount(run.image_class), "i4")
    same(classes.has_sheet, np.array([True, False, True, False]), "?")
    same(structure.image_classes(session, run_id=run.run_id), run.image_class, "i4")
    members = np.flatnonzero(run.image_class == 1)
    same(structure.class_images(session, run_id=run.run_id, class_id=1), members, "i4")
    names = structure.image_names(session, run_id=run.run_id, class_id=1)
    assert names == tuple(f"{i}.png" for i in members)
    assert structure.contact_sheet(session, run_id=run.run_id, class_id=2) == b"RIFF2"
    assert structure.contact_sheet(session, run_id=run.run_id, class_id=1) is None


def test_snapshots(session, run):
    found = snapshots.snapshots(session, run_id=run.run_id)
    same(found.iteration, run.iterations, "i4")
    same(snapshots.iterations(session, run_id=run.run_id), run.iterations, "i4")
    for name in ("epoch", "recorded_at", *SERIES):
        same(getattr(found, name), run.snapshots[name], "f8")
    same(found.transitions, run.transitions, "i4")
    assert found.transitions[0].tolist() == [-1] * 4
    assert found.transitions[1:].sum(axis=1).tolist() == [22] * 5


def test_class_errors(session, run):
    same(snapshots.class_errors(session, run_id=run.run_id), run.class_error, "f4")
    for c in range(4):
        found = snapshots.class_error(session, run_id=run.run_id, class_id=c)
        same(found, run.class_error[c], "f4")


def test_flips(session, run):
    found = snapshots.flips(session, run_id=run.run_id)
    assert len(run.flips.image) > 0
    for name, dtype in (("snapshot", "i4"), ("image", "i4"), ("before", "i4"), ("learned", "u1")):
        same(getattr(found, name), getattr(run.flips, name), dtype)
    same(snapshots.correct_now(session, run_id=run.run_id), run.correct_now, "u1")


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_layer_stat(session, run, quantity):
    for layer in range(3):
        found = layer_stats.layer_stat(
            session, run_id=run.run_id, layer_id=layer, quantity=quantity
        )
        same(found.iteration, run.iterations, "i4")
        same(found.values, run.statistics[quantity][layer], "f4")
        same(found.histogram, run.histogram[quantity][layer], "u4")
        same(found.statistic("l2"), run.statistics[quantity][layer, STATISTICS.index("l2")], "f4")
        if quantity == "update":
            same(found.bands, run.bands[layer], "f4")
        else:
            assert found.bands is None


def test_layer_profile(session, run):
    for quantity in QUANTITIES:
        for s, statistic in enumerate(STATISTICS):
            found = layer_stats.layer_profile(
                session, run_id=run.run_id, quantity=quantity, statistic=statistic
            )
            same(found, run.statistics[quantity][:, s], "f4")


@pytest.mark.parametrize("quantity", FILTER_QUANTITIES)
def test_filters(session, run, quantity):
    for layer in range(3):
        expected = run.filters_of(layer, quantity)
        key = {"run_id": run.run_id, "layer_id": layer, "quantity": quantity}
        same(filter_stats.layer_filters(session, **key), expected, "f4")
        for number in range(len(expected)):
            found = filter_stats.one_filter(session, filter=number, **key)
            same(found, expected[number], "f4")


@pytest.mark.parametrize("limit", [0, 1, 5, 1000, 2**40])
def test_top_filters(session, run, limit):
    for t, iteration in enumerate(run.iterations.tolist()):
        for quantity in ("cosine_change", "gradient_l2"):
            found = peaks.top_filters(
                session, run_id=run.run_id, iteration=iteration, quantity=quantity, limit=limit
            )
            rows = zip(found.layer_id.tolist(), found.filter.tolist(), found.value, strict=True)
            assert list(rows) == run.peaks(t, quantity)[:limit]
            same(found.value, np.sort(found.value)[::-1], "f4")
            assert len(found) == (0 if t == 0 and quantity == "cosine_change" else
                                  min(limit, int(run.layer_filters.sum())))  # fmt: skip


def test_all_peaks(session, run):
    for quantity in ("cosine_change", "gradient_l2"):
        found = peaks.all_peaks(session, run_id=run.run_id, quantity=quantity)
        assert len(found.start) == len(run.iterations) + 1
        for t in range(len(run.iterations)):
            here = slice(found.start[t], found.start[t + 1])
            columns = (found.layer_id[here], found.filter[here], found.value[here])
            rows = zip(*(column.tolist() for column in columns), strict=True)
            assert list(rows) == run.peaks(t, quantity)


def test_class_images(session, run):
    for c in range(4):
        found = class_results.class_images(session, run_id=run.run_id, class_id=c)
        members = np.flatnonzero(run.image_class == c)
        same(found.images, members, "i4")
        same(found.prediction, run.prediction[members], "u2")
        same(found.probability, run.probability[members], "f2")


def test_results_of_one_snapshot(session, run):
    for t, iteration in enumerate(run.iterations.tolist()):
        found = class_results.results_of_classes(
            session, run_id=run.run_id, iteration=iteration, classes=range(9)
        )
        assert list(found) == np.unique(run.image_class).tolist()
        for c, (prediction, probability) in found.items():
            members = np.flatnonzero(run.image_class == c)
            assert prediction == run.prediction[members, t].tobytes()
            assert probability == run.probability[members, t].tobytes()
    for between in (-1, int(run.iterations[1]) - 1, int(run.iterations[-1]) + 1):
        assert not class_results.results_of_classes(
            session, run_id=run.run_id, iteration=between, classes=range(9)
        )


def test_snapshots_are_taken_out_of_their_blocks(session, run):
    rng = np.random.default_rng(6)
    left = np.arange(len(run.iterations))
    while len(left):
        gone = rng.choice(left, rng.integers(1, len(left) + 1), replace=False)
        remove_results(session, run_id=run.run_id, iterations=run.iterations[gone].tolist())
        left = np.setdiff1d(left, gone)
        for c in np.unique(run.image_class).tolist():
            found = class_results.class_images(session, run_id=run.run_id, class_id=c)
            members = np.flatnonzero(run.image_class == c)
            same(found.prediction, run.prediction[members][:, left], "u2")
            same(found.probability, run.probability[members][:, left], "f2")
        for t, iteration in enumerate(run.iterations.tolist()):
            found = class_results.results_of_classes(
                session, run_id=run.run_id, iteration=iteration, classes=range(9)
            )
            assert bool(found) is bool(t in left)


def test_scalars(session, run):
    assert scalars.scalar_names(session, run_id=run.run_id) == tuple(sorted(run.scalars))
    for name, (iterations, values) in run.scalars.items():
        found = scalars.scalar(session, run_id=run.run_id, name=name)
        same(found.iterations, iterations, "i4")
        same(found.values, values, "f8")


@pytest.mark.parametrize(
    "logged",
    [
        pytest.param([[7, 8, 9], [10]], id="no gap"),
        pytest.param([[7, 8, 9], [12, 13]], id="a gap between snapshots"),
        pytest.param([[7, 9, 11], [12, 13]], id="gaps within a snapshot"),
        pytest.param([[], [3, 4]], id="nothing, then some"),
        pytest.param([[5], [6, 2**31 - 1]], id="the greatest"),
        pytest.param([[], []], id="nothing"),
    ],
)
def test_scalars_with_and_without_gaps(session, run, logged):
    for at, iterations in zip((10, 20), logged, strict=True):
        session.execute(
            insert(scalar_table).values(
                run_id=run.run_id, name="own", iteration=at,
                iterations=np.array(iterations, "i4"), values=np.array(iterations, "f8") / 2,
            )
        )  # fmt: skip
    found = scalars.scalar(session, run_id=run.run_id, name="own")
    flat = [iteration for some in logged for iteration in some]
    same(found.iterations, np.array(flat, "i4"), "i4")
    same(found.values, np.array(flat, "f8") / 2, "f8")


def test_of_a_value_logged_again_that_of_the_later_snapshot_counts(session, run):
    session.execute(
        update(scalar_table)
        .where(scalar_table.c.run_id == run.run_id, scalar_table.c.name == "train_loss")
        .where(scalar_table.c.iteration == 40)
        .values(iterations=np.arange(5, 15, dtype="i4"), values=np.arange(10.0))
    )
    found = scalars.scalar(session, run_id=run.run_id, name="train_loss")
    iterations, values = run.scalars["train_loss"]
    kept = (iterations < 30) | (iterations >= 40)
    same(found.iterations, iterations[kept], "i4")
    same(found.values, np.concatenate([values[:5], np.arange(10.0), values[15:30], values[40:]]),
         "f8")  # fmt: skip


def test_runs(session, run, noise):
    found = runs.get_run(session, run_id=run.run_id)
    assert found == runs.get_run_by_uuid(session, uuid=run.uuid)
    assert found.uuid.hex == run.uuid
    assert (found.class_count, found.image_count, found.filter_count) == (
        4, 22, int(run.layer_filters.sum()),
    )  # fmt: skip
    assert found.hyperparameters == {"learning_rate": 0.1}
    assert found.owner is None
    assert found.thumbnail is None
    assert found.validates
    assert not found.recording
    assert runs.run_version(session, run_id=run.run_id) == 1
    assert runs.run_manifest(session, run_id=run.run_id)["sampling"] == {"every": 10}
