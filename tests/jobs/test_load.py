"""A log becomes rows: once, whatever the order, the repeats and the damage."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from benchmarks.make_log import append_snapshot, begin_log, end_log, write_one
from db.errors import Conflict, RunBusy
from db.load import sole_loader
from deeptracker.errors import LogError
from deeptracker.format import (
    MANIFEST,
    RunDirectory,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from ingest import reading
from ingest.pipeline import load_log
from ingest.prepare import former_digest
from tests.jobs.checksums import checksum
from tests.jobs.conftest import wait_until

SMALL_BATCHES = 5


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(reading, "BATCH_SNAPSHOTS", SMALL_BATCHES)


def version(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT version FROM run")).scalar_one()


def test_what_is_loaded_is_what_was_recorded(store, make_log):
    path, run = make_log(snapshots=12, thumbnails=True)
    report = load_log(store, path)
    iterations = RunDirectory(path).iterations()
    assert (report.new, report.ended, report.bad) == (iterations, "loaded", [])
    manifest = run.manifest
    with store.connect() as connection:
        fetch = lambda query: connection.execute(text(query)).all()  # noqa: E731
        assert [r[0] for r in fetch("SELECT iteration FROM snapshot ORDER BY 1")] == iterations
        assert fetch("SELECT count(*) FROM class WHERE contact_sheet IS NOT NULL") == [
            (len(manifest.classes),)
        ]
        third = run.snapshot(2)
        offsets = manifest.filter_offsets
        for layer in (0, len(manifest.layers) - 1):
            row = fetch(
                f"SELECT weight_l2, cosine_change FROM filter_stat WHERE layer_id = {layer} "
                f"AND iteration = {third.iteration}"
            )[0]
            part = slice(offsets[layer], offsets[layer + 1])
            assert row[0] == third.filters["weight_l2"][part].tobytes()
            assert row[1] == third.filters["cosine_change"][part].tobytes()
        for class_id in (0, len(manifest.classes) - 1):
            images = np.flatnonzero(manifest.images.class_id == class_id)
            rows = fetch(
                "SELECT iterations, prediction, probability FROM class_result "
                f"WHERE class_id = {class_id} AND iteration <= {third.iteration} "
                "ORDER BY iteration DESC"
            )
            block = np.frombuffer(rows[0][0], "<i4").tolist()
            size, place = 2 * len(images), block.index(third.iteration)
            part = slice(place * size, (place + 1) * size)
            assert rows[0][1][part] == third.prediction[images].tobytes()
            assert rows[0][2][part] == third.probability[images].tobytes()
        row = fetch(
            "SELECT mean, l2, histogram, bands FROM layer_stat WHERE layer_id = 1 "
            f"AND quantity = 'update' AND iteration = {third.iteration}"
        )[0]
        assert row[2] == third.histogram["update"][1].tobytes()
        assert row[3] == third.bands[1].tobytes()
        assert row[0] == pytest.approx(third.statistics["update"][1, 5], nan_ok=True)
        profile = fetch(
            "SELECT values FROM layer_profile WHERE quantity = 'gradient' AND statistic = 'std' "
            f"AND iteration = {third.iteration}"
        )[0][0]
        assert profile == third.statistics["gradient"][:, 6].tobytes()


def test_flips_and_errors_equal_the_predictions(store, make_log):
    path, run = make_log(snapshots=12)
    load_log(store, path)
    labels = run.manifest.images.class_id
    correct = [run.snapshot(t).prediction == labels for t in range(12)]
    with store.connect() as connection:
        rows = connection.execute(text("SELECT * FROM snapshot ORDER BY iteration")).all()
    assert rows[0].n_to_y is None
    for t, row in enumerate(rows):
        assert row.validation_error == pytest.approx(1 - correct[t].mean())
        assert row.learning_rate == run.snapshot(t).scalars["learning_rate"].values[-1]
        if t:
            flipped = np.flatnonzero(correct[t] != correct[t - 1])
            assert np.frombuffer(row.flip_image, "<i4").tolist() == flipped.tolist()
            learned = np.frombuffer(row.flip_learned, "u1")
            assert learned.tolist() == correct[t][flipped].astype(int).tolist()
            now, past = correct[t], correct[t - 1]
            counts = (~past & now, past & ~now, past & now, ~past & ~now)
            assert (row.n_to_y, row.y_to_n, row.y_to_y, row.n_to_n) == tuple(
                int(part.sum()) for part in counts
            )


def test_loading_twice_changes_nothing(store, make_log):
    path, _ = make_log()
    load_log(store, path)
    before, was = checksum(store), version(store)
    report = load_log(store, path)
    assert (report.new, report.replaced, report.unchanged) == ([], [], 12)
    assert checksum(store) == before
    assert version(store) == was


def test_snapshots_that_an_earlier_release_loaded_are_known(store, make_log):
    path, run = make_log()
    load_log(store, path)
    with store.begin() as connection:
        for index in range(12):
            former = former_digest(run.snapshot(index))
            connection.execute(
                text("UPDATE snapshot SET digest = :digest WHERE iteration = :at"),
                {"digest": former, "at": run.iteration(index)},
            )
    report = load_log(store, path)
    assert (report.new, report.replaced, report.unchanged) == ([], [], 12)


def test_appending_equals_one_load(store, make_log):
    whole, _ = make_log("whole", snapshots=14)
    load_log(store, whole)
    expected = checksum(store)
    with store.begin() as connection:
        connection.execute(text("DELETE FROM run"))
        for table in ("snapshot", "scalar", "layer_stat", "layer_profile", "filter_stat"):
            connection.execute(text(f"DELETE FROM {table}"))
        for table in ("filter_peak", "class_result", "flip_state"):
            connection.execute(text(f"DELETE FROM {table}"))
    parts = whole.with_name("parts")
    _, run = make_log("other", snapshots=14)
    begin_log(parts, run=run)
    for cut in (1, 2, 8, 14):
        while len(RunDirectory(parts).iterations()) < cut:
            append_snapshot(parts, run=run)
        was = len(load_log(store, parts).new)
        assert was
    end_log(parts, run=run)
    load_log(store, parts)
    assert checksum(store) == expected


@pytest.mark.parametrize("late", [[0], [5], [3, 4, 9], [0, 1, 2, 3, 4, 5, 6]])
def test_snapshots_that_arrive_late_leave_no_trace(store, make_log, late):
    path, _ = make_log("log", snapshots=12)
    iterations = RunDirectory(path).iterations()
    aside = path.with_name("aside")
    aside.mkdir()
    files = [snapshot_path(path, iterations[at]) for at in late]
    for file in files:
        file.rename(aside / file.name)
    load_log(store, path)
    was = version(store)
    for file in files:
        (aside / file.name).rename(file)
    assert load_log(store, path).new == [iterations[at] for at in late]
    found = checksum(store)
    assert version(store) > was
    with store.begin() as connection:
        for table in reversed(list(found)):
            connection.execute(text(f'DELETE FROM "{table}"'))
    load_log(store, path)
    assert checksum(store) == found


def test_a_later_recording_replaces_and_what_follows_is_computed_anew(store, make_log):
    path, run = make_log("log", snapshots=12)
    load_log(store, path)
    was = version(store)
    for index in (4, 7):
        snapshot = run.snapshot(index)
        changed = replace(
            snapshot,
            prediction=run.manifest.images.class_id.astype(snapshot.prediction.dtype),
            recorded_at=snapshot.recorded_at + 5,
        )
        write_snapshot(snapshot_path(path, snapshot.iteration), run.manifest, changed)
    report = load_log(store, path)
    assert report.replaced == [run.iteration(4), run.iteration(7)]
    assert (report.new, report.unchanged) == ([], 10)
    assert any("replaced" in line for line in report.lines())
    assert version(store) > was
    found = checksum(store)
    with store.begin() as connection:
        for table in reversed(list(found)):
            connection.execute(text(f'DELETE FROM "{table}"'))
    load_log(store, path)
    assert checksum(store) == found


def test_bad_snapshots_are_named_and_the_good_ones_load(store, make_log):
    path, run = make_log("log", snapshots=12)
    iterations = RunDirectory(path).iterations()
    torn, foreign = snapshot_path(path, iterations[2]), snapshot_path(path, iterations[6])
    torn.write_bytes(torn.read_bytes()[:1000])
    write_snapshot(foreign, replace(run.manifest, run="f" * 32), run.snapshot(6))
    report = load_log(store, path)
    assert [error.file for error in report.bad] == [torn, foreign]
    assert report.new == [i for i in iterations if i not in (iterations[2], iterations[6])]
    assert report.gaps == [iterations[2], iterations[6]]
    # Mended, they join in.
    for index in (2, 6):
        write_one(path, run=run, index=index)
    assert load_log(store, path).new == [iterations[2], iterations[6]]


def test_iterations_off_the_grid_are_loaded_and_told(store, make_log):
    path, run = make_log("log", snapshots=12)
    odd = replace(run.snapshot(3), iteration=run.iteration(3) + 7, scalars={})
    write_snapshot(snapshot_path(path, odd.iteration), run.manifest, odd)
    report = load_log(store, path)
    assert report.off_grid == [odd.iteration]
    with store.connect() as connection:
        row = connection.execute(
            text("SELECT learning_rate, validation_error FROM snapshot WHERE iteration = :at"),
            {"at": odd.iteration},
        ).one()
    # It brought no scalars: the rate is that of before, the error that of its predictions.
    assert row.learning_rate == run.snapshot(3).scalars["learning_rate"].values[-1]
    assert 0 <= row.validation_error <= 1


def test_a_run_that_validates_nothing_loads(store, make_log, tmp_path):
    _, run = make_log("log", snapshots=12)
    bare = tmp_path / "bare"
    manifest = replace(
        run.manifest,
        run="a" * 32,
        classes=(),
        images=type(run.manifest.images)(np.zeros(0, np.int32)),
    )
    (bare / "snapshots").mkdir(parents=True)
    write_manifest(bare / MANIFEST, manifest)
    for index in (1, 0, 2):
        snapshot = replace(run.snapshot(index), prediction=None, probability=None, scalars={})
        write_snapshot(snapshot_path(bare, snapshot.iteration), manifest, snapshot)
        load_log(store, bare)
    with store.connect() as connection:
        rows = connection.execute(
            text("SELECT n_to_y, class_error, validation_error FROM snapshot")
        ).all()
        assert len(rows) == 3
        assert all(row[0] is None and row[1] is None and np.isnan(row[2]) for row in rows)
        assert connection.execute(text("SELECT last_error FROM run")).scalar_one() is None


def test_another_structure_under_the_same_name_is_refused(store, make_log):
    path, run = make_log("log")
    load_log(store, path)
    other = replace(run.manifest, classes=(*run.manifest.classes[:-1], "renamed"))
    write_manifest(path / MANIFEST, other)
    with pytest.raises(Conflict, match="other layers, classes or images"):
        load_log(store, path)


def test_the_state_of_the_training_follows_the_manifest(store, make_log):
    path, run = make_log("log", state="recording")
    load_log(store, path)
    was = version(store)
    end_log(path, run=run, state="failed")
    load_log(store, path)
    with store.connect() as connection:
        row = connection.execute(text("SELECT state, ended_at, version FROM run")).one()
    assert row.state == "failed"
    assert row.ended_at is not None
    assert row.version == was + 1


def test_no_folder_of_a_run_is_one_clear_error(store, tmp_path):
    with pytest.raises(LogError, match=r"run\.json: is missing"):
        load_log(store, tmp_path)


def test_numbers_beyond_those_of_the_store_do_not_stop_a_load(store, make_log):
    path, run = make_log("log")
    sampling = replace(run.manifest.sampling, planned_iterations=2**50)
    layers = tuple(replace(layer, inputs=2**40) for layer in run.manifest.layers)
    odd = replace(run.manifest, sampling=sampling, layers=layers, lost_snapshots=2**50)
    write_manifest(path / MANIFEST, odd)
    assert len(load_log(store, path).new) == 12


def test_one_loader_at_a_time(store, make_log):
    path, run = make_log("log")
    with sole_loader(store, run=run.manifest.run), pytest.raises(RunBusy):
        load_log(store, path)
    assert len(load_log(store, path).new) == 12


def test_a_load_that_stops_goes_on_later(store, make_log):
    path, _ = make_log("log", snapshots=14)
    answers = iter([False, True, True, True, True])
    report = load_log(store, path, should_stop=lambda: next(answers, True))
    assert report.ended == "stopped"
    assert 0 < len(report.new) < 14
    rest = load_log(store, path)
    assert len(report.new) + len(rest.new) == 14


def test_following_a_run_from_before_its_first_file_to_its_end(store, make_log, monkeypatch):
    monkeypatch.setattr("ingest.reading.BATCH_SNAPSHOTS", 4)
    _, run = make_log("model", snapshots=14)
    path = _.with_name("live")
    reports = []
    follower = threading.Thread(
        target=lambda: reports.append(load_log(store, path, follow=True, poll_seconds=0.02))
    )
    follower.start()
    begin_log(path, run=run)
    count = lambda: _count(store)  # noqa: E731
    for index in range(14):
        append_snapshot(path, run=run)
        wait_until(lambda: count() > index)  # noqa: B023
    write_one(path, run=replace_prediction(run), index=13)
    end_log(path, run=run)
    follower.join(60)
    assert not follower.is_alive()
    assert reports[0].ended == "complete"
    assert len(reports[0].new) == 14
    assert reports[0].replaced == [run.iteration(13)]
    found, blocks = checksum(store), _blocks(store)
    with store.begin() as connection:
        for table in reversed(list(found)):
            connection.execute(text(f'DELETE FROM "{table}"'))
    load_log(store, path)
    assert checksum(store) == found
    # What came one by one is joined as a load of it all has it.
    assert {row[3] for row in blocks} == {4, 2}
    assert _blocks(store) == blocks


def _blocks(engine):
    query = (
        "SELECT class_id, iteration, iterations, octet_length(iterations) / 4, prediction, "
        "probability FROM class_result ORDER BY class_id, iteration"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def replace_prediction(run):
    """Return a run whose snapshots differ in their predictions: a later recording."""

    class Changed:
        manifest = run.manifest

        @staticmethod
        def snapshot(index):
            snapshot = run.snapshot(index)
            return replace(snapshot, prediction=snapshot.prediction[::-1].copy())

    return Changed()


def test_following_gives_up_after_long_silence(store, make_log):
    path, _ = make_log("log", state="recording")
    report = load_log(store, path, follow=True, poll_seconds=0.02, quiet_seconds=0.3)
    assert report.ended == "quiet"
    assert len(report.new) == 12


def _count(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM snapshot")).scalar_one()
