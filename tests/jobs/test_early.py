"""A new run is judged before its last rows are stored, exactly as it would be afterwards."""

import gc
from collections import deque
from dataclasses import fields, replace

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.make_log import append_snapshot
from db.queries.measurements import class_results
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import findings, image_histories
from deeptracker.format import RunDirectory, snapshot_path, write_snapshot
from ingest import early, evaluate, gathered, history, look, reading
from ingest.analysis.health.history import History
from ingest.gathered import Gathered
from ingest.image_histories import keep_histories
from ingest.pipeline import load_log
from tests.db.arrays import same
from tests.db.spoiled import spoil
from tests.deeptracker.small_logs import write_predicted_log

# Images are of classes in no order; some snapshots were not validated, some images got no class.
PREDICTIONS = [None, [0, 1, 2, 0, 2], None, [0, -1, 2, 1, 1], [0, 1, 2, 0, 1], [-1] * 5, None]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(reading, "BATCH_SNAPSHOTS", 5)


@pytest.fixture
def seen(monkeypatch):
    """What loads have gathered, and how often a run was judged: `early` or `late`."""
    found = {"gathered": [], "early": 0, "late": 0}

    class Watched(gathered.Gathered):
        def __init__(self, *args):
            super().__init__(*args)
            found["gathered"].append(self)

    def judged(session, *, measured=None, **arguments):
        found["late" if measured is None else "early"] += 1
        return judge(session, measured=measured, **arguments)

    judge = evaluate.judge
    monkeypatch.setattr(look, "Gathered", Watched)
    monkeypatch.setattr(evaluate, "judge", judged)
    monkeypatch.setattr(early, "judge", judged)
    return found


def spoiled(path, run):
    """Spoil the last snapshots of a log; one logs once more what another did, one has less."""
    directory = RunDirectory(path)
    for number, iteration in enumerate(directory.iterations()):
        snapshot = directory.snapshot(run.manifest, iteration)
        if number >= 20:
            snapshot = spoil(replace(snapshot, iteration=50))
        scalars = dict(snapshot.scalars)
        if number == 7:
            before = scalars["train_loss"]
            scalars["train_loss"] = replace(before, iterations=before.iterations - 3)
        if number == 4:
            scalars = {}
        snapshot = replace(snapshot, iteration=iteration, scalars=scalars)
        write_snapshot(snapshot_path(path, iteration), run.manifest, snapshot)


def verdict(engine):
    """Return all that was found of the only run, but when."""
    with Session(engine) as session:
        run_id = session.execute(text("SELECT id FROM run")).scalar_one()
        listed = session.execute(text("SELECT * FROM finding ORDER BY rank")).mappings()
        rows = [{k: v for k, v in row.items() if k != "found_at"} for row in listed]
        health = findings.run_health(session, run_id=run_id)
        kept = image_histories.histories(session, run_ids=[run_id])
    of_images = [
        (replace(row, columns={}), [values.tobytes() for values in row.columns.values()])
        for row in kept
    ]
    return rows, (health.answers, health.snapshots, health.last_iteration), of_images


def anew(engine):
    """Judge the only run by what is stored."""
    with Session(engine) as session, session.begin():
        run_id = session.execute(text("SELECT id FROM run")).scalar_one()
        for table in ("finding", "run_health", "image_history"):
            session.execute(text(f"DELETE FROM {table}"))
        evaluate.evaluate_run(session, run_id=run_id)
        keep_histories(session, run_id=run_id)


def check_gathered(engine, kept):
    """Check that what a load gathered is what the store returns."""
    with Session(engine) as session:
        run_id = session.execute(text("SELECT id FROM run")).scalar_one()
        mine, stored = kept.measured(), history._stored(session, run_id)
        for field in fields(history.Measured):
            _equal(getattr(mine, field.name), getattr(stored, field.name))
        predictions = SnapshotPredictions(session, run_id=run_id)
        for at, iteration in enumerate(stored.snapshots.iteration.tolist()):
            one, other = kept.told(at), predictions.at(iteration)
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                _equal(one, other)
        classes = range(len(stored.class_errors))
        for part in (classes, classes[1:]):
            read = class_results.images_of_classes(session, run_id=run_id, classes=part)
            for one, other in zip(kept.images_of_classes(part), read, strict=True):
                _equal(vars(one), vars(other))


def _equal(mine, stored):
    if isinstance(stored, np.ndarray):
        assert mine.flags.c_contiguous == stored.flags.c_contiguous
        same(mine, stored, stored.dtype)
    elif isinstance(stored, tuple):
        for one, other in zip(mine, stored, strict=True):
            _equal(one, other)
    else:
        one, other = (x if isinstance(x, dict) else vars(x) for x in (mine, stored))
        assert list(one) == list(other)
        for name in other:
            _equal(one[name], other[name])


def test_it_is_judged_as_by_what_is_stored(store, make_log, seen):
    path, run = make_log("log", snapshots=24)
    spoiled(path, run)
    load_log(store, path)
    assert (seen["early"], seen["late"]) == (1, 0)
    found = verdict(store)
    assert len(found[0]) > 3
    assert found[1][0]["answers"]
    assert len(found[2]) == 1
    check_gathered(store, seen["gathered"][0])
    anew(store)
    assert verdict(store) == found
    # What comes later is judged by what is stored.
    append_snapshot(path, run=run)
    load_log(store, path)
    assert (seen["early"], seen["late"]) == (1, 2)


def test_images_that_were_not_validated_or_got_no_class(store, tmp_path, seen):
    write_predicted_log(tmp_path / "log", PREDICTIONS)
    load_log(store, tmp_path / "log")
    assert (seen["early"], seen["late"]) == (1, 0)
    check_gathered(store, seen["gathered"][0])
    found = verdict(store)
    anew(store)
    assert verdict(store) == found


def test_what_a_run_was_judged_by_is_gone_before_its_answers_are_made(store, make_log, seen):
    path, _ = make_log("log", snapshots=14)
    left = []

    def look_around(engine, run_id):
        left.extend(type(one) for one in gc.get_objects() if isinstance(one, (Gathered, History)))

    seen["gathered"] = deque(maxlen=0)
    gc.collect()
    gc.disable()  # who makes the answers does not wait for it
    try:
        load_log(store, path, on_loaded=look_around)
    finally:
        gc.enable()
    assert seen["early"] == 1
    assert not left


def test_nothing_gathered_keeps_a_file_in_memory(store, make_log, seen):
    path, _ = make_log("log", snapshots=14)
    load_log(store, path)
    rows = seen["gathered"][0]._rows
    snapshots = [row.snapshot for row in rows]
    series = [one for snapshot in snapshots for one in snapshot.scalars.values()]
    arrays = [array for snapshot in snapshots for array in snapshot.statistics.values()]
    arrays += [array for row in rows for array in (row.prediction, row.probability)]
    arrays += [array for one in series for array in (one.iterations, one.values)]
    assert all(array.base is None for array in arrays)


@pytest.mark.parametrize("why", ["too large", "fails", "other thresholds", "stopped"])
def test_otherwise_it_is_judged_afterwards(store, make_log, seen, monkeypatch, why):
    path, _ = make_log("log", snapshots=14)
    stop = lambda: False  # noqa: E731
    if why == "too large":
        monkeypatch.setattr(gathered, "MOST", 1)
    elif why == "fails":
        monkeypatch.setattr(gathered.Gathered, "told", property(lambda self: 1 / 0))
        monkeypatch.setattr(gathered.Gathered, "images_of_classes", lambda self, part: 1 / 0)
    elif why == "other thresholds":
        told = iter([("then",)])
        monkeypatch.setattr(evaluate, "_terms", lambda session, run_id: next(told, ("now",)))
    else:
        answers = iter([False, True])
        stop = lambda: next(answers, True)  # noqa: E731
    report = load_log(store, path, should_stop=stop)
    assert (report.ended == "stopped") == (why == "stopped")
    assert seen["late"] == 1
    found = verdict(store)
    assert found[1][1] == len(report.new)
    anew(store)
    assert verdict(store) == found
