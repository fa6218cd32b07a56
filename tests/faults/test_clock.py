"""Clocks that are wrong or set back: times in the future delay nothing and lose nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from benchmarks.make_log import begin_log, end_log, synthetic_run
from db.engine import session_scope
from db.queries.jobs import jobs
from deeptracker.format import snapshot_path, write_snapshot
from ingest.pipeline import load_log
from tests.app.web import make_web
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, count, job_of, wait_for_state

# The last second of the year 9999 is the largest that the format takes.
LATE = 253_402_300_799.0


def test_a_killed_worker_whose_sign_of_life_lies_in_the_future(store, database_url, loaded):
    """As after the server's clock was set back by a day: its job is taken over at once."""
    job_id = ask(store, loaded.path)
    with running_worker(database_url, loaded.root) as worker:
        wait_until(lambda: count(store) > 0, every=0.002)
        worker.kill()
        worker.wait()
    assert job_of(store, job_id).state == "running"
    with store.begin() as connection:
        tomorrow = "now() + interval '1 day'"
        connection.execute(text(f"UPDATE procrastinate_workers SET last_heartbeat = {tomorrow}"))
        connection.execute(text(f"UPDATE ingest_job SET heartbeat_at = {tomorrow}"))
        # Its listed name, too, seems to live on.
        connection.execute(text(f"UPDATE ingest_worker SET seen_at = {tomorrow}"))
    with running_worker(database_url, loaded.root):
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert job.state == "succeeded"
    assert checksum(store) == loaded.checksum


def test_a_second_try_that_was_set_for_tomorrow(store, database_url, loaded):
    """A retry is due in seconds; then the clock is set back by a day."""
    job_id = ask(store, loaded.path)
    with store.begin() as connection:
        connection.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 day'")
        )
    with running_worker(database_url, loaded.root):
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert job.state == "succeeded"


@pytest.mark.parametrize("times", [[LATE] * 4, [LATE, 0.0, LATE / 2, 5.0]])
def test_times_of_a_log_that_jump(store, tmp_path, times):
    run = synthetic_run(scale=0.01, snapshots=len(times) * 100)
    path = tmp_path / "log"
    begin_log(path, run=run)
    for index, at in enumerate(times):
        snapshot = replace(run.snapshot(index), recorded_at=at)
        write_snapshot(snapshot_path(path, snapshot.iteration), run.manifest, snapshot)
    end_log(path, run=run)
    report = load_log(store, path)
    assert (len(report.new), report.bad) == (len(times), [])
    web = make_web(store)
    client = web.logged_in(web.account("ann@example.org"))
    for name in ("state", "series"):
        assert client.get(f"/data/run/{report.run_id}/{name}").status_code == 200
    assert client.get("/api/v1/runs").status_code == 200
    with session_scope(store) as session:
        assert jobs.list_jobs(session) == []
