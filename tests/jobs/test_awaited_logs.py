"""Jobs that follow a run whose log is not there yet: they wait, and take nobody's place."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

import ingest.job
import ingest.pipeline
from benchmarks.make_log import append_snapshot, begin_log, end_log
from db.engine import session_scope
from db.queries.jobs import job_notes, job_requests
from deeptracker.format import RunDirectory
from ingest.awaiting import FollowSettings, LogWatch
from ingest.pipeline import load_log
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, job_of, texts, wait_for_state

ONE_AT_A_TIME = (
    "import ingest.tasks as tasks; run = tasks.run_worker;"
    "tasks.run_worker = lambda *a, **k: run(*a, concurrency=1, **k);"
)


def is_waiting(engine, job_id):
    job = job_of(engine, job_id)
    return job.awaited_since is not None and job


def test_it_says_for_what_and_takes_no_place(store, database_url, make_log, roots):
    """With one place alone, and two such jobs before the one that has a log."""
    path, run = make_log("log", snapshots=4)
    first, second = ask(store, "later", "follow"), ask(store, roots / "never", "follow")
    third = ask(store, path)
    with running_worker(database_url, roots, first=ONE_AT_A_TIME):
        done = wait_for_state(store, third, "succeeded", "failed")
        assert done.state == "succeeded"
        for job_id, name in ((first, "later"), (second, "never")):
            job = wait_until(lambda: is_waiting(store, job_id))  # noqa: B023
            assert (job.state, job.position, job.attempts) == ("queued", None, 0)
            assert job.message == f"Waiting for a log in {roots}/{name}."
            assert texts(store, job_id) == [job.message]
        # What the jobs say stands there a moment before their tasks are done.
        wait_until(lambda: on_the_queue(store) == 0)
        later = roots / "later"
        begin_log(later, run=run)
        append_snapshot(later, run=run)
        wait_for_state(store, first, "running")
        end_log(later, run=run)
        assert wait_for_state(store, first, "succeeded", "failed").error is None
        assert job_of(store, second).state == "queued"
        with session_scope(store) as session:
            assert job_requests.cancel(session, job_id=second).state == "cancelled"
    assert job_of(store, second).awaited_since is None


def on_the_queue(engine):
    with engine.connect() as connection:
        return connection.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        ).scalar_one()


def test_it_ends_after_the_time_of_the_setting(store, database_url, roots):
    patience = {"DEEPTRACKER_FOLLOW_WAIT_SECONDS": "3"}
    job_id = ask(store, roots / "none", "follow")
    with running_worker(database_url, roots, environment=patience):
        job = wait_for_state(store, job_id, "failed")
        assert f"{roots}/none/run.json did not appear within 3 seconds" in job.error
        assert job.error_file == f"{roots}/none/run.json"
        # And it may be tried again: it waits anew.
        with session_scope(store) as session:
            assert job_requests.retry(session, job_id=job_id).awaited_since is None
        wait_until(lambda: is_waiting(store, job_id))


def test_it_survives_workers_and_is_seen_by_another(store, database_url, make_log, roots, tmp_path):
    """The worker that can read the folder comes later; the first one only knows another root."""
    path, _ = make_log("../elsewhere/log", snapshots=4)
    job_id = ask(store, "log", "follow")
    with running_worker(database_url, roots):
        wait_until(lambda: is_waiting(store, job_id))
    with running_worker(database_url, path.parent):
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.error) == ("succeeded", None)


@pytest.mark.parametrize("state", ["a manifest that cannot be used", "a link that leads out"])
def test_what_is_there_and_wrong_is_said(store, database_url, roots, tmp_path, state):
    job_id = ask(store, "log", "follow")
    with running_worker(database_url, roots):
        wait_until(lambda: is_waiting(store, job_id))
        if state.startswith("a manifest"):
            (roots / "log").mkdir()
            (roots / "log" / "run.json").write_text("{}")
            assert wait_for_state(store, job_id, "failed").error_file == f"{roots}/log/run.json"
        else:
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "run.json").write_text("{}")
            (roots / "log").symlink_to(tmp_path / "out")
            look(store, roots, seconds=3600)
            assert is_waiting(store, job_id)


def look(engine, roots, *, seconds):
    LogWatch(engine, [roots], FollowSettings(wait_seconds=seconds)).look()


def test_one_that_is_cancelled_while_it_looks_is_over(store, roots, monkeypatch):
    """Else it would wait for hours, and nobody would have it in hand who could end it."""
    job_id, load = ask(store, "none", "follow"), ingest.job._load

    def cancelled_meanwhile(engine, *given):
        try:
            return load(engine, *given)
        finally:
            with engine.begin() as connection:
                connection.execute(text("UPDATE ingest_job SET cancel_requested = true"))

    monkeypatch.setattr(ingest.job, "_load", cancelled_meanwhile)
    ingest.job.run_job(store, job_id=job_id, roots=[roots], stopping=lambda: False)
    found = job_of(store, job_id)
    assert (found.state, found.awaited_since) == ("cancelled", None)


def test_one_whose_log_is_taken_away_waits_for_it(store, roots, make_log, monkeypatch):
    """It frees its place and its run: what was moved can be loaded from where it is now."""
    monkeypatch.setattr(ingest.pipeline, "GONE_SECONDS", 0.1)
    path, run = make_log("log", snapshots=4)
    end_log(path, run=run, state="recording")
    whole = len(RunDirectory(path).iterations())
    job_id = ask(store, path, "follow")

    def work():
        ingest.job.run_job(store, job_id=job_id, roots=[roots], stopping=lambda: False)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        wait_until(lambda: job_of(store, job_id).done == whole)
        moved = path.rename(roots / "moved")
        working.result(60)
    job = is_waiting(store, job_id)
    assert (job.state, job.attempts, job.error) == ("queued", 0, None)
    gone, waits = texts(store, job_id)
    look(store, roots, seconds=3600)  # nobody has loaded it from anywhere else
    assert gone.startswith(
        f"{path}/run.json is not there any more: it was moved, renamed or deleted"
    )
    assert (
        waits
        == job.message
        == (f"Its log was moved, renamed or deleted: waiting until it is back in {path}.")
    )
    assert is_waiting(store, job_id)
    assert load_log(store, moved).unchanged == whole
    moved.rename(path)
    end_log(path, run=run)
    look(store, roots, seconds=3600)
    work()
    assert job_of(store, job_id).state == "succeeded"


@pytest.mark.parametrize("loaded", ["from its new place", "nowhere"])
def test_one_whose_log_is_elsewhere_ends_with_what_is_true(store, roots, make_log, loaded):
    """Soon where the run is loaded from where its log is now; else when it has waited for long."""
    path, _ = make_log("log", snapshots=4)
    job_id = ask(store, path, "follow")
    run_id = load_log(store, path).run_id
    waited_for(store, job_id, run_id)
    moved = path.rename(roots / "moved")
    if loaded == "nowhere":
        look(store, roots, seconds=1e-6)
        job = job_of(store, job_id)
        assert (job.state, job.message) == ("failed", "Its log was moved, renamed or deleted.")
        assert f"{path}/run.json was moved, renamed or deleted" in job.error
        assert "Load it from where it is now" in job.error
    else:
        load_log(store, moved)
        look(store, roots, seconds=3600)
        job = job_of(store, job_id)
        assert (job.state, job.error, job.awaited_since) == ("succeeded", None, None)
        assert job.message == f"Its log was moved to {moved}, and the run was loaded from there."


def waited_for(engine, job_id, run_id):
    """A job as a worker leaves it that has loaded something and lost its log."""
    with session_scope(engine) as session:
        job_notes.claim(session, job_id=job_id, worker="w")
        job_notes.beat(session, job_id=job_id, run_id=run_id)
        job_notes.await_log(session, job_id=job_id, worker="w", message="Waiting.")


def test_a_job_once_does_not_wait(store, database_url, roots):
    job_id = ask(store, "none", "once")
    with running_worker(database_url, roots):
        job = wait_for_state(store, job_id, "failed")
    assert "is missing" in job.error
