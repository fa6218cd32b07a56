"""One large load shared by real workers, who are killed, paused and told to stop meanwhile."""

import os
import re
import shutil
import signal
from contextlib import ExitStack

import psutil
import pytest
from sqlalchemy import text

from db.engine import session_scope
from db.queries.jobs import jobs, workers
from deeptracker.format import RunDirectory, snapshot_path
from ingest.pipeline import load_log
from tests.faults.conftest import SNAPSHOTS
from tests.faults.readers import reading
from tests.faults.test_worker_killed import let_time_pass
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, count, job_of, texts, wait_for_state

# Many small parts: there is always somebody in the middle of one.
SMALL_PARTS = "from ingest import reading; reading.BATCH_SNAPSHOTS = 8;"


@pytest.fixture
def crew(store, database_url, loaded):
    """Start workers that share what is large; returns when they are alive."""
    with ExitStack() as running:

        def start(number):
            for _ in range(number):
                worker = running_worker(database_url, loaded.root, first=SMALL_PARTS)
                running.enter_context(worker)
            wait_until(lambda: len(alive(store)) == number)

        yield start


def alive(engine):
    with session_scope(engine) as session:
        return [worker for worker in workers.list_workers(session) if worker.alive]


def process(name):
    return int(re.search(r"process (\d+)$", name)[1])


def helped(engine, job_id):
    """The processes of a running job's helpers, as soon as there are any."""
    job = wait_until(lambda: (job := job_of(engine, job_id)).helpers and job, every=0.005)
    assert job.worker not in job.helpers
    return [process(name) for name in job.helpers]


def nothing_is_left(engine):
    with engine.connect() as connection:
        open_ = connection.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        ).scalar_one()
        parts = connection.execute(text("SELECT count(*) FROM ingest_share")).scalar_one()
    return open_ == parts == 0


def test_it_is_cancelled_retried_and_equals_a_load_by_one(store, database_url, loaded, crew):
    """With a torn file in the middle, and what the first attempt has loaded."""
    path = loaded.root / "torn"
    shutil.copytree(loaded.path, path)
    torn = snapshot_path(path, RunDirectory(path).iterations()[SNAPSHOTS // 2])
    torn.write_bytes(torn.read_bytes()[:500])
    crew(2)
    job_id = ask(store, path)
    with reading(database_url):
        helped(store, job_id)
        # Whoever does what: both are named as at work on the one job.
        assert {job_id} == {number for worker in alive(store) for number in worker.jobs}
        with session_scope(store) as session:
            jobs.cancel(session, job_id=job_id)
        wait_for_state(store, job_id, "cancelled")
        wait_until(lambda: nothing_is_left(store))
        assert 0 <= count(store) < SNAPSHOTS - 1
        with session_scope(store) as session:
            jobs.retry(session, job_id=job_id)
        helped(store, job_id)
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.error_file) == ("succeeded", str(torn))
    assert (job.done, job.total, count(store)) == (SNAPSHOTS, SNAPSHOTS, SNAPSHOTS - 1)
    lines = texts(store, job_id)
    assert any(line.startswith("Shared by 2 workers") for line in lines)
    assert [str(torn) in line for line in lines].count(True) <= 2  # once by each attempt
    wait_until(lambda: nothing_is_left(store))
    found = checksum(store)
    with store.begin() as connection:
        for table in reversed(list(found)):
            connection.execute(text(f'DELETE FROM "{table}"'))
    load_log(store, path)
    assert checksum(store) == found
    shutil.rmtree(path)


def test_helpers_are_paused_and_killed_and_so_is_the_leader(store, database_url, loaded, crew):
    crew(3)
    job_id = ask(store, loaded.path)
    with reading(database_url) as seen:
        paused = helped(store, job_id)[0]
        os.kill(paused, signal.SIGSTOP)
        silence(store, paused)
        done = job_of(store, job_id).done
        wait_until(lambda: job_of(store, job_id).done > done + 24)
        killed = wait_until(lambda: [p for p in helped(store, job_id) if p != paused])[0]
        os.kill(killed, signal.SIGKILL)
        done = job_of(store, job_id).done
        wait_until(lambda: (job := job_of(store, job_id)).done > done + 24 or job.done == SNAPSHOTS)
        leader = process(job_of(store, job_id).worker)
        os.kill(leader, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(p) for p in (leader, killed)], timeout=10)
        os.kill(paused, signal.SIGCONT)
        let_time_pass(store)
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.error) == ("succeeded", None)
    assert checksum(store) == loaded.checksum
    assert max(seen.counts) == SNAPSHOTS


def silence(engine, number):
    """Let a worker seem silent for long."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE ingest_worker SET seen_at = now() - interval '1 minute' "
                "WHERE process = :number"
            ),
            {"number": number},
        )
