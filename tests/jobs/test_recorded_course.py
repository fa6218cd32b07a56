"""How a run went reaches the store: resumed, copied, stopped, with its very last scalars."""

import shutil

import pytest
from sqlalchemy import text

from app.components.run_course import course_facts, remarks, unrecorded
from db.engine import session_scope
from db.queries.measurements import scalars, snapshots
from db.queries.runs import runs
from deeptracker import Recorder
from deeptracker.format import RunDirectory
from ingest.pipeline import load_log
from tests.deeptracker.trainings import make_training, validation_set


def train(run_dir, iterations, *, odd=None, **options):
    training = make_training()
    recorder = Recorder(
        training.model,
        training.optimizer,
        run_dir,
        every=10,
        validation=validation_set(),
        **options,
    )
    with recorder:
        for _ in range(iterations):
            recorder.step(train_loss=training.iterate(), **({} if odd is None else {"f1": odd}))
    return recorder


def iterations_of(store, run_id):
    with session_scope(store) as session:
        return snapshots.iterations(session, run_id=run_id).tolist()


def stored_whole(store, run_id):
    """What a load of the log from nothing would store of the one run."""
    query = text(
        "SELECT iteration, flip_image, train_loss FROM snapshot WHERE run_id = :run "
        "ORDER BY iteration"
    )
    with store.connect() as connection:
        return connection.execute(query, {"run": run_id}).all()


def test_what_a_resumed_run_abandoned_leaves_the_store(store, tmp_path):
    train(tmp_path / "run", 50)
    first = load_log(store, tmp_path / "run")
    train(tmp_path / "run", 15, start_iteration=20)
    again = load_log(store, tmp_path / "run")
    assert (again.run_id, again.abandoned) == (first.run_id, 3)
    assert iterations_of(store, first.run_id) == [10, 20, 30]
    with session_scope(store) as session:
        manifest = runs.run_manifest(session, run_id=first.run_id)
    assert ("Resumed after iteration", "20") in course_facts(manifest)
    kept = stored_whole(store, first.run_id)
    with store.begin() as connection:
        connection.execute(text("DELETE FROM run"))
    anew = load_log(store, tmp_path / "run")
    assert stored_whole(store, anew.run_id) == kept


def test_all_that_was_recorded_may_be_abandoned(store, tmp_path):
    train(tmp_path / "run", 20)
    first = load_log(store, tmp_path / "run")
    train(tmp_path / "run", 5, start_iteration=0)
    assert load_log(store, tmp_path / "run").abandoned == 2
    assert iterations_of(store, first.run_id) == []
    train(tmp_path / "run", 20, start_iteration=0)
    load_log(store, tmp_path / "run")
    assert iterations_of(store, first.run_id) == [10, 20]


def test_a_copy_of_a_loaded_log_is_a_run_of_its_own(store, tmp_path):
    train(tmp_path / "a", 20)
    first = load_log(store, tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    copy = load_log(store, tmp_path / "b")
    assert copy.run_id != first.run_id
    assert load_log(store, tmp_path / "a").unchanged == 2
    assert load_log(store, tmp_path / "b").unchanged == 2
    shutil.rmtree(tmp_path / "a")
    assert load_log(store, tmp_path / "b").run_id == copy.run_id
    with session_scope(store) as session:
        row = runs.get_run(session, run_id=copy.run_id)
        manifest = runs.run_manifest(session, run_id=copy.run_id)
    assert row.name == "b"
    original = RunDirectory(tmp_path / "b").manifest().run
    assert ("Copy of run", original) in course_facts(manifest)


def test_a_moved_log_stays_the_run_that_it_was(store, tmp_path):
    train(tmp_path / "a", 10)
    first = load_log(store, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert load_log(store, tmp_path / "b").run_id == first.run_id


def test_a_stopped_run_brings_its_last_scalars_and_remarks(store, tmp_path):
    with pytest.warns(RuntimeWarning, match="scalar 'f1' is not recorded"):
        train(tmp_path / "run", 17, odd="low", planned_iterations=40)
    report = load_log(store, tmp_path / "run", follow=True)
    assert report.ended == "ended early"
    with session_scope(store) as session:
        series = scalars.scalar(session, run_id=report.run_id, name="train_loss")
        row = runs.get_run(session, run_id=report.run_id)
        manifest = runs.run_manifest(session, run_id=report.run_id)
    assert series.iterations.tolist() == list(range(1, 18))
    assert row.state == "stopped"
    assert remarks(manifest)[0][0] == "Iterations 1 to 17, 17 times"
    assert unrecorded(manifest) == [
        ("bias", "30 numbers in 4: conv1.bias, norm*.bias, fc.bias"),
        (
            "normalisation: pass normalisation=True to record it",
            "14 numbers in 2: norm*.weight",
        ),
    ]


def test_a_failed_run_says_with_what(store, tmp_path):
    def fail():
        training = make_training()
        with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
            recorder.step(train_loss=training.iterate())
            recorder.event("unfroze layer3")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    report = load_log(store, tmp_path / "run")
    with session_scope(store) as session:
        facts = dict(course_facts(runs.run_manifest(session, run_id=report.run_id)))
    assert facts["Failed with"] == "ZeroDivisionError"
    assert facts["Failed at"].startswith("test_recorded_course.py, line ")
    assert facts["Events"] == "2: unfroze layer3"
    assert facts["Recorded without"] == "a validation set"
