"""Jobs run by real worker processes: requested, run, killed, taken over, cancelled, refused."""

import signal
import time

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.make_log import append_snapshot, begin_log, end_log
from db.engine import session_scope
from db.errors import Conflict, NotFound
from db.queries.jobs import job_requests, jobs
from deeptracker.format import RunDirectory, snapshot_path
from ingest.pipeline import load_log
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until


def ask(engine, location, mode="once"):
    with session_scope(engine) as session:
        return job_requests.request(session, location=str(location), mode=mode)


def job_of(engine, job_id):
    with session_scope(engine) as session:
        return jobs.get_job(session, job_id=job_id)


def texts(engine, job_id):
    with session_scope(engine) as session:
        return [line.text for line in jobs.lines(session, job_id=job_id)]


def wait_for_state(engine, job_id, *states, seconds=120):
    return wait_until(
        lambda: (job := job_of(engine, job_id)).state in states and job, seconds=seconds
    )


def count(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM snapshot")).scalar_one()


def test_a_job_is_requested_run_and_seen(store, database_url, make_log, roots):
    path, _ = make_log("log", snapshots=12)
    job_id = ask(store, path)
    assert job_of(store, job_id).state == "queued"
    with running_worker(database_url, roots):
        job = wait_for_state(store, job_id, "succeeded", "failed")
        second = ask(store, "log")  # while the worker waits
        wait_for_state(store, second, "succeeded", "failed")
    assert (job.state, job.done, job.total, job.error) == ("succeeded", 12, 12, None)
    assert job.run_name
    assert job.started_at <= job.finished_at
    assert "12 snapshots new" in texts(store, job_id)[-1]
    assert "12 unchanged" in job_of(store, second).message


def test_a_request_that_is_rolled_back_was_never_made(store, make_log):
    path, _ = make_log("log")
    with Session(store) as session, session.begin() as transaction:
        job_requests.request(session, location=str(path))
        transaction.rollback()
    with session_scope(store) as session:
        assert jobs.list_jobs(session) == []
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() == 0


def test_a_killed_worker_loses_and_doubles_nothing(store, database_url, make_log, roots, tmp_path):
    path, _ = make_log("log", snapshots=400, scale=0.02)
    job_id = ask(store, path)
    with running_worker(database_url, roots) as worker:
        wait_until(lambda: count(store) > 0, every=0.002)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    loaded = count(store)
    assert 0 < loaded < 400
    assert job_of(store, job_id).state == "running"
    with running_worker(database_url, roots, log=tmp_path / "worker.log"):
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.attempts) == ("succeeded", 2)
    assert any("Resumed" in line for line in texts(store, job_id))
    found = checksum(store)
    assert found["snapshot"][0] == 400
    with store.begin() as connection:
        for table in reversed(list(found)):
            connection.execute(text(f'DELETE FROM "{table}"'))
    load_log(store, path)
    assert checksum(store) == found


def test_two_workers_at_the_same_job_load_once(store, database_url, make_log, roots):
    path, _ = make_log("log", snapshots=400, scale=0.02)
    job_id = ask(store, path)
    with running_worker(database_url, roots), running_worker(database_url, roots):
        wait_until(lambda: count(store) > 0, every=0.005)
        # What a pause of the first worker would lead to: its job is on the queue again.
        with store.begin() as connection:
            connection.execute(
                text(
                    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) "
                    "FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = 'ingest'"
                )
            )
        job = wait_for_state(store, job_id, "succeeded", "failed")
        time.sleep(4)  # the second try of the one that found the run busy
    assert job.state == "succeeded"
    assert job_of(store, job_id).state == "succeeded"
    assert count(store) == 400
    found = checksum(store)
    load_log(store, path)
    assert checksum(store) == found


def test_two_jobs_for_one_run_wait_for_each_other(store, database_url, make_log, roots):
    path, run = make_log("model", snapshots=12)
    live = path.with_name("live")
    begin_log(live, run=run)
    append_snapshot(live, run=run)
    following = ask(store, live, "follow")
    with running_worker(database_url, roots):
        wait_until(lambda: count(store) == 1)
        by_another_name = live.with_name("link")  # a copy would be a run of its own
        by_another_name.symlink_to(live)
        other = ask(store, by_another_name)
        wait_until(lambda: "Waits" in job_of(store, other).message)
        assert job_of(store, other).state == "queued"
        for _ in range(11):
            append_snapshot(live, run=run)
        end_log(live, run=run)
        assert wait_for_state(store, following, "succeeded", "failed").state == "succeeded"
        assert wait_for_state(store, other, "succeeded", "failed").state == "succeeded"
    assert count(store) == 12


def test_a_running_job_is_cancelled_and_retried(store, database_url, make_log, roots):
    path, run = make_log("model", snapshots=12)
    live = path.with_name("live")
    begin_log(live, run=run)
    append_snapshot(live, run=run)
    job_id = ask(store, live, "follow")
    with running_worker(database_url, roots):
        wait_until(lambda: count(store) == 1)
        with session_scope(store) as session, pytest.raises(Conflict):
            job_requests.retry(session, job_id=job_id)
        with session_scope(store) as session:
            assert job_requests.cancel(session, job_id=job_id).cancel_requested
        assert wait_for_state(store, job_id, "cancelled").finished_at
        end_log(live, run=run)
        with session_scope(store) as session:
            assert job_requests.retry(session, job_id=job_id).state == "queued"
        assert wait_for_state(store, job_id, "succeeded", "failed").error is None


def test_a_queued_job_is_cancelled_for_good(store, database_url, make_log, roots):
    path, _ = make_log("log")
    job_id = ask(store, path)
    with session_scope(store) as session:
        assert job_requests.cancel(session, job_id=job_id).state == "cancelled"
    with running_worker(database_url, roots):
        other = ask(store, "none")
        wait_for_state(store, other, "failed")
    assert job_of(store, job_id).state == "cancelled"
    assert count(store) == 0


def test_a_worker_that_is_asked_to_stop_hands_its_job_on(store, database_url, make_log, roots):
    path, run = make_log("model", snapshots=12)
    live = path.with_name("live")
    begin_log(live, run=run)
    append_snapshot(live, run=run)
    job_id = ask(store, live, "follow")
    with running_worker(database_url, roots) as worker:
        wait_until(lambda: count(store) == 1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert job_of(store, job_id).state == "queued"
    end_log(live, run=run)
    with running_worker(database_url, roots):
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.attempts) == ("succeeded", 1)


def test_errors_name_the_file(store, database_url, make_log, roots, tmp_path):
    path, _ = make_log("log", snapshots=12)
    torn = snapshot_path(path, RunDirectory(path).iterations()[3])
    torn.write_bytes(torn.read_bytes()[:500])
    outside = tmp_path / "outside"
    path.with_name("link").symlink_to(tmp_path)
    with running_worker(database_url, roots):
        some = wait_for_state(store, ask(store, path), "succeeded", "failed")
        refused = [
            wait_for_state(store, ask(store, place), "succeeded", "failed")
            for place in (outside, f"{roots}/../outside", "link", "file:///etc")
        ]
        missing = wait_for_state(store, ask(store, "nothing"), "succeeded", "failed")
    assert (some.state, some.error_file) == ("succeeded", str(torn))
    assert any("Not loaded" in line for line in texts(store, some.id))
    assert {job.state for job in refused} == {"failed"}
    assert all(job.error and job.run_id is None for job in refused)
    assert missing.error_file == f"{roots}/nothing/run.json"


def test_what_is_no_request_is_refused(store):
    with session_scope(store) as session:
        for location, mode in (("", "once"), ("a\0", "once"), ("a", "twice"), ("a" * 5000, "once")):
            with pytest.raises(Conflict):
                job_requests.request(session, location=location, mode=mode)
        job_requests.request(session, location="a")
        with pytest.raises(Conflict, match="already"):
            job_requests.request(session, location="a")
        for function in (jobs.get_job, job_requests.cancel, job_requests.retry):
            with pytest.raises(NotFound):
                function(session, job_id=999)
