"""Watched folders: what appears in one becomes a job once, and workers say that they live."""

import os
import signal
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, text, update

from benchmarks.make_log import append_snapshot, begin_log, end_log
from db.engine import session_scope
from db.errors import Conflict, Forbidden, NotFound
from db.models import IngestWorker
from db.permissions import Role
from db.queries.jobs import job_notes, job_requests, jobs, watches, workers
from db.queries.team import accounts
from ingest.pipeline import load_log
from ingest.upkeep import Upkeep
from tests.jobs.conftest import running_worker, wait_until


def watch(engine, folder, by=None):
    with session_scope(engine) as session:
        return watches.add_watch(session, location=str(folder), by=by)


def job_list(engine):
    with session_scope(engine) as session:
        return sorted(jobs.list_jobs(session), key=lambda job: job.id)


def only(engine):
    with session_scope(engine) as session:
        (found,) = watches.list_watches(session)
    return found


def look(engine, upkeep):
    """Look into the folders now, whenever that was done last."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE ingest_watch SET looked_at = NULL"))
    upkeep.look_into_folders()


@pytest.fixture
def upkeep(store, roots):
    return Upkeep(store, roots=[roots], concurrency=2)


def end(engine, job_id, state):
    with session_scope(engine) as session:
        job_notes.finish(session, job_id=job_id, state=state, message="")


def test_a_run_that_appears_is_followed_while_it_is_recorded(store, database_url, make_log, roots):
    _, run = make_log("../model", snapshots=12)
    watch(store, roots)
    with running_worker(database_url, roots), running_worker(database_url, roots):
        live = roots / "live"
        begin_log(live, run=run)
        append_snapshot(live, run=run)
        wait_until(lambda: [job.done for job in job_list(store)] == [1])
        (job,) = job_list(store)
        assert (job.mode, job.state, job.location) == ("follow", "running", str(live))
        append_snapshot(live, run=run)
        wait_until(lambda: job_list(store)[0].done == 2)
        end_log(live, run=run)
        wait_until(lambda: job_list(store)[0].state == "succeeded")
        time.sleep(6)  # both look again
    assert len(job_list(store)) == 1
    assert (only(store).found, only(store).problem) == (1, None)


def test_a_directory_is_found_once_and_again_when_it_has_grown(store, make_log, roots, upkeep):
    path, _ = make_log("old", snapshots=12)
    for name in ("nothing", ".hidden"):
        (roots / name).mkdir()
    (roots / "link").symlink_to(path)
    two_hours_ago = time.time() - 7_200
    for part in (path / "run.json", path / "snapshots"):
        os.utime(part, (two_hours_ago, two_hours_ago))
    watch(store, roots)
    look(store, upkeep)
    look(store, upkeep)
    (job,) = job_list(store)
    assert (job.location, job.mode, job.watch_id) == (str(path), "once", only(store).id)
    end(store, job.id, "failed")
    look(store, upkeep)
    assert len(job_list(store)) == 1  # it did not change, and would fail again
    soon = time.time() + 60
    os.utime(path / "snapshots", (soon, soon))
    look(store, upkeep)
    look(store, upkeep)
    _, second = job_list(store)
    assert (second.location, second.mode) == (str(path), "follow")
    with session_scope(store) as session:
        job_requests.cancel(session, job_id=second.id)
    look(store, upkeep)
    assert len(job_list(store)) == 2  # somebody did not want it


def test_what_is_loaded_or_being_loaded_is_only_noted(store, make_log, roots, upkeep):
    loaded, _ = make_log("loaded", snapshots=12)
    load_log(store, loaded)
    _, run = make_log("../model", snapshots=12, seed=5)
    begin_log(roots / "asked", run=run)
    with session_scope(store) as session:
        job_requests.request(session, location=str(roots / "asked"))
    watch(store, roots)
    look(store, upkeep)
    assert len(job_list(store)) == 1
    assert only(store).found == 2


def test_two_that_look_at_once_make_one_job_each(store, make_log, roots, upkeep):
    for number in range(5):
        make_log(f"log-{number}", snapshots=12)
    watch(store, roots)
    threads = [threading.Thread(target=upkeep.look_into_folders) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(job_list(store)) == len({job.location for job in job_list(store)}) == 5


def test_off_is_off_and_a_folder_elsewhere_is_refused(store, make_log, roots, upkeep, tmp_path):
    make_log("log", snapshots=12)
    watch_id = watch(store, roots)
    with session_scope(store) as session:
        watches.switch_watch(session, watch_id=watch_id, active=False, by=None)
    upkeep.look_into_folders()
    assert job_list(store) == []
    with session_scope(store) as session:
        watches.delete_watch(session, watch_id=watch_id, by=None)
    for place, why in ((tmp_path, "does not lie under"), (roots / "none", "No such file")):
        watch_id = watch(store, place)
        upkeep.look_into_folders()
        assert why in only(store).problem
        with session_scope(store) as session:
            watches.delete_watch(session, watch_id=watch_id, by=None)
    assert job_list(store) == []


def test_one_worker_that_cannot_read_says_nothing_where_another_can(store, roots, tmp_path, upkeep):
    watch(store, roots)
    upkeep.look_into_folders()
    other = Upkeep(store, roots=[tmp_path / "elsewhere"], concurrency=1)
    with store.begin() as connection:
        connection.execute(text("UPDATE ingest_watch SET looked_at = now() - interval '20 s'"))
    other.look_into_folders()
    assert only(store).problem is None


def test_who_may_watch(store, roots):
    with session_scope(store) as session:
        ids = [
            accounts.add_account(session, email=f"{n}@example.org", role=role).id
            for n, role in enumerate((Role.VIEWER, Role.MEMBER, Role.MEMBER, Role.ADMIN))
        ]
    viewer, member, other, admin = ids
    with pytest.raises(Forbidden):
        watch(store, roots, by=viewer)
    watch_id = watch(store, roots, by=member)
    with pytest.raises(Conflict, match="watched already"):
        watch(store, f"{roots}/", by=other)
    for by in (viewer, other):
        with pytest.raises(Forbidden), session_scope(store) as session:
            watches.switch_watch(session, watch_id=watch_id, active=False, by=by)
        with pytest.raises(Forbidden), session_scope(store) as session:
            watches.delete_watch(session, watch_id=watch_id, by=by)
    with session_scope(store) as session:
        watches.switch_watch(session, watch_id=watch_id, active=False, by=admin)
        watches.delete_watch(session, watch_id=watch_id, by=member)
        with pytest.raises(NotFound):
            watches.delete_watch(session, watch_id=watch_id, by=member)


def alive(engine):
    with session_scope(engine) as session:
        return workers.list_workers(session)


def test_workers_say_that_they_live_what_they_do_and_when_they_end(
    store, database_url, make_log, roots
):
    _, run = make_log("../model", snapshots=12)
    begin_log(roots / "live", run=run)
    append_snapshot(roots / "live", run=run)
    with session_scope(store) as session:
        job_id = job_requests.request(session, location="live", mode="follow")
    with running_worker(database_url, roots) as process:
        wait_until(lambda: [worker.jobs for worker in alive(store)] == [(job_id,)])
        (worker,) = alive(store)
        assert (worker.process, worker.alive, worker.roots) == (process.pid, True, (str(roots),))
        assert job_list(store)[0].worker == worker.name
        seen = worker.seen_at
        wait_until(lambda: alive(store)[0].seen_at > seen)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert alive(store) == []
    assert job_list(store)[0].state == "queued"


def test_a_worker_that_is_silent_counts_as_gone(store, upkeep):
    assert [worker.alive for worker in alive(store)] == [True]
    for age, found in ((timedelta(seconds=30), [False]), (timedelta(days=2), [False])):
        with session_scope(store) as session:
            session.execute(update(IngestWorker).values(seen_at=func.now() - age))
        assert [worker.alive for worker in alive(store)] == found
    later = Upkeep(store, roots=[], concurrency=1)
    assert [worker.name for worker in alive(store)] == [later.name]
    # Forgotten, it comes back when it has something to say.
    upkeep.live()
    assert [worker.alive for worker in alive(store)] == [True, True]


def test_places_in_the_queue(store):
    with session_scope(store) as session:
        ids = [job_requests.request(session, location=f"log-{number}") for number in range(4)]
        job_requests.cancel(session, job_id=ids[1])
    assert [job.position for job in job_list(store)] == [1, None, 2, 3]
    with session_scope(store) as session:
        job_requests.retry(session, job_id=ids[1])
    assert [job.position for job in job_list(store)] == [1, 4, 2, 3]
    with session_scope(store) as session:
        assert jobs.get_job(session, job_id=ids[2]).position == 2
        found = jobs.list_jobs(session, search="LOG-2")
        assert [job.id for job in found] == [ids[2]]
        assert jobs.list_jobs(session, search="100%_") == []
        assert jobs.count_jobs(session, states=("queued",), search="log") == 4
        assert jobs.count_jobs(session, states=("failed",)) == 0
        page = jobs.list_jobs(session, limit=2, offset=1)
        assert [job.id for job in page] == [ids[2], ids[1]]


def test_a_second_job_for_a_log_is_refused_to_a_retry_too(store):
    with session_scope(store) as session:
        first = job_requests.request(session, location="log")
        job_requests.cancel(session, job_id=first)
        second = job_requests.request(session, location="log")
        with pytest.raises(Conflict, match=f"Job {second}"):
            job_requests.retry(session, job_id=first)
