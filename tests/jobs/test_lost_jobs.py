"""Jobs that the queue lost, whose worker is gone or hangs: none stays open, none is in the way."""

from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from benchmarks.make_log import append_snapshot, begin_log, end_log
from db import queue_care
from db.engine import session_scope
from db.queries.jobs import job_requests, job_upkeep
from db.queue_care import Held
from ingest.hand import Interruptions
from ingest.job import MAX_ATTEMPTS, run_job
from tests.app.web import callback_key, make_web
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, count, job_of, texts, wait_for_state

FAIL = "UPDATE procrastinate_jobs SET status = 'failed'"
DELETE = "DELETE FROM procrastinate_jobs"
OPEN = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


def execute(engine, statement):
    with engine.begin() as connection:
        return connection.execute(text(statement))


def take_up(engine):
    with session_scope(engine) as session:
        return job_upkeep.take_up_lost(session, most=MAX_ATTEMPTS)


def cancel(engine, job_id):
    with session_scope(engine) as session:
        return job_requests.cancel(session, job_id=job_id)


@pytest.fixture
def live(make_log, roots):
    """A run that is being recorded, with one snapshot; and what writes it."""
    _, run = make_log("../model", snapshots=12)
    path = roots / "live"
    begin_log(path, run=run)
    append_snapshot(path, run=run)
    return path, run


@pytest.mark.parametrize("harm", [FAIL, DELETE])
def test_a_job_that_the_queue_lost_is_taken_up_again(store, database_url, make_log, roots, harm):
    path, _ = make_log("log", snapshots=4)
    job_id = ask(store, path)
    execute(store, harm)
    with running_worker(database_url, roots):
        job = wait_for_state(store, job_id, "succeeded", "failed")
    assert (job.state, job.error) == ("succeeded", None)
    assert any("lost by the queue" in line for line in texts(store, job_id))


def test_one_that_is_lost_again_and_again_has_failed(store):
    job_id = ask(store, "log")
    for _ in range(MAX_ATTEMPTS):
        execute(store, FAIL)
        assert take_up(store) == [job_id]
        assert job_of(store, job_id).state == "queued"
    execute(store, DELETE)
    take_up(store)
    job = job_of(store, job_id)
    assert (job.state, job.finished_at is None) == ("failed", False)
    assert f"lost it {MAX_ATTEMPTS} times" in job.error
    # Neither it nor the log is in the way of another try.
    ask(store, "log")


def test_what_is_on_the_queue_or_over_is_left_alone(store):
    waiting, doing, over = (ask(store, name) for name in ("a", "b", "c"))
    cancel(store, over)
    execute(
        store, f"UPDATE procrastinate_jobs SET status = 'doing' WHERE args->>'job_id' = '{doing}'"
    )
    assert take_up(store) == []
    assert [job_of(store, job).state for job in (waiting, doing, over)] == [
        "queued",
        "queued",
        "cancelled",
    ]


def test_whoever_looks_for_jobs_of_silent_workers_leaves_its_own(store):
    """As after a machine that slept: its own heartbeat is late as well, and its job runs on."""
    job_id = ask(store, "log")
    silent = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 h')"
    worker = execute(store, f"{silent} RETURNING id").scalar_one()
    taken = f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {worker}"
    held = Held(*execute(store, f"{taken} RETURNING id, worker_id, attempts").one())
    others = (replace(held, worker=worker + 1), replace(held, attempts=held.attempts + 1))
    for mine, found in (([held], []), (others, [job_id])):
        with session_scope(store) as session:
            assert queue_care.rescue_stalled(session, mine=mine) == found


def test_what_has_ended_long_ago_leaves_the_queue_and_nothing_else(store):
    names = ("old and open", "old and over", "new and over")
    jobs_asked = dict(zip(names, (ask(store, name) for name in names), strict=True))
    for name, job_id in jobs_asked.items():
        row = f"id IN (SELECT id FROM procrastinate_jobs WHERE args->>'job_id' = '{job_id}')"
        if "over" in name:
            # As procrastinate ends a job: by way of a worker that has it in hand.
            for state in ("doing", "failed"):
                execute(store, f"UPDATE procrastinate_jobs SET status = '{state}' WHERE {row}")
        if "old" in name:
            days = queue_care.KEPT_DAYS + 1
            event = row.replace("id IN", "job_id IN")
            execute(
                store,
                f"UPDATE procrastinate_events SET at = at - interval '{days} days' WHERE {event}",
            )
    with session_scope(store) as session:
        assert queue_care.forget_ended(session) == 1
    left = execute(store, "SELECT (args->>'job_id')::int FROM procrastinate_jobs").scalars().all()
    assert set(left) == {jobs_asked["old and open"], jobs_asked["new and over"]}
    assert job_of(store, jobs_asked["old and over"]).id == jobs_asked["old and over"]


def test_a_job_without_a_living_worker_is_cancelled_at_once(store, database_url, live, roots):
    path, run = live
    job_id = ask(store, path, "follow")
    with running_worker(database_url, roots) as worker:
        wait_until(lambda: count(store) == 1)
        assert cancel(store, job_id).state == "running"  # it has it in hand, and shall end it
        wait_for_state(store, job_id, "cancelled")
        second = ask(store, path, "follow")
        wait_for_state(store, second, "running")
        worker.kill()
        worker.wait()
    execute(store, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    job = cancel(store, second)
    assert (job.state, job.message) == ("cancelled", "Cancelled: its worker had stopped.")
    assert execute(store, OPEN).scalar_one() == 0
    end_log(path, run=run)
    third = ask(store, path)
    with running_worker(database_url, roots):
        assert wait_for_state(store, third, "succeeded", "failed").state == "succeeded"
    assert job_of(store, second).state == "cancelled"


def test_one_that_was_put_back_on_the_queue_is_cancelled(store, database_url, live, roots):
    """Its worker died, another one put it back, and has no place free: nobody will end it."""
    path, _ = live
    job_id = ask(store, path, "follow")
    with running_worker(database_url, roots) as worker:
        wait_until(lambda: count(store) == 1)
        worker.kill()
        worker.wait()
    execute(store, "UPDATE procrastinate_jobs SET status = 'todo' WHERE status = 'doing'")
    assert job_of(store, job_id).state == "running"
    assert cancel(store, job_id).state == "cancelled"
    assert execute(store, OPEN).scalar_one() == 0


def test_one_that_hangs_in_a_living_worker_is_cancelled_and_frees_its_run(
    store, database_url, live, roots
):
    path, run = live
    job_id = ask(store, path, "follow")
    with running_worker(database_url, roots):
        wait_until(lambda: count(store) == 1)
        with store.connect() as connection, connection.begin():
            connection.execute(text("LOCK TABLE layer_stat IN ACCESS EXCLUSIVE MODE"))
            append_snapshot(path, run=run)
            wait_until(lambda: execute(store, _WAITING).scalar_one() > 0)
            # What a minute of this looks like.
            execute(store, "UPDATE ingest_job SET heartbeat_at = now() - interval '2 minutes'")
            assert cancel(store, job_id).state == "cancelled"
        end_log(path, run=run)
        again = wait_for_state(store, ask(store, path), "succeeded", "failed")
    assert (again.state, again.error) == ("succeeded", None)
    assert job_of(store, job_id).state == "cancelled"
    assert count(store) == 2


_WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'layer_stat'::regclass AND NOT granted"


def test_an_end_that_the_queue_was_not_told_of_is_made_good(store, database_url, make_log, roots):
    """The write by which a worker says so fails, and the worker lives on."""
    path, _ = make_log("log", snapshots=4)
    execute(store, _MUTE)
    execute(
        store,
        "CREATE TRIGGER mute BEFORE UPDATE ON procrastinate_jobs FOR EACH ROW "
        "WHEN (OLD.status = 'doing') EXECUTE FUNCTION mute()",
    )
    job_id = ask(store, path)
    soon = "from ingest import hand; hand.SETTLED_SECONDS = 1.0;"
    with running_worker(database_url, roots, first=soon) as worker:
        assert wait_for_state(store, job_id, "succeeded", "failed").state == "succeeded"
        assert execute(store, OPEN).scalar_one() == 1
        execute(store, "DROP FUNCTION mute CASCADE")
        wait_until(lambda: execute(store, OPEN).scalar_one() == 0)
        assert worker.poll() is None
    assert job_of(store, job_id).state == "succeeded"


def test_a_full_disk_costs_no_attempt_though_it_cannot_be_noted(store, make_log, roots):
    """A row may be changed in place, so the job is begun again and again; none can be added."""
    path, _ = make_log("log", snapshots=4)
    execute(store, _MUTE)
    for when in ("INSERT ON class_result", "INSERT ON ingest_job_line", "UPDATE ON ingest_job"):
        only = "WHEN (NEW.state = 'queued')" if when.startswith("UPDATE") else ""
        execute(
            store, f"CREATE TRIGGER mute BEFORE {when} FOR EACH ROW {only} EXECUTE FUNCTION mute()"
        )
    job_id, kept = ask(store, path), Interruptions()

    def run():
        run_job(store, job_id=job_id, roots=[roots], stopping=lambda: False, interruptions=kept)

    for _ in range(2 * MAX_ATTEMPTS):
        with pytest.raises(OperationalError):
            run()
        job = job_of(store, job_id)
        assert (job.state, job.attempts) == ("running", 1)
    execute(store, "DROP FUNCTION mute CASCADE")
    run()
    job = job_of(store, job_id)
    assert (job.state, job.error, job.attempts) == ("succeeded", None, 1)
    assert "Interrupted, and tried again" in texts(store, job_id)[0]


_MUTE = """
    CREATE FUNCTION mute() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE disk_full USING MESSAGE = 'No space left on device';
    END $$
"""


def test_pages_say_that_the_worker_is_dead_and_since_when(store, database_url, live, roots):
    path, run = live
    job_id = ask(store, path, "follow")
    web = make_web(store)
    client = web.logged_in(web.account("ann@example.org"))

    def said():
        state = client.get(f"/data/run/{job_of(store, job_id).run_id}/state").json
        return state["job"], state["trouble"]

    with running_worker(database_url, roots) as worker:
        wait_until(lambda: count(store) == 1)
        wait_until(lambda: "Following the log: 1 of" in said()[0])
        assert said()[1] is False
        worker.kill()
        worker.wait()
    silent = "now() - interval '3 minutes'"
    seen = execute(store, f"UPDATE ingest_worker SET seen_at = {silent} RETURNING seen_at").scalar()
    execute(store, f"UPDATE ingest_job SET heartbeat_at = {silent}")
    at = f"{seen.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    text_, bad = said()
    assert bad is True
    assert f"process {worker.pid}) is dead; its last heartbeat was at {at}" in text_
    table = str(client.update(callback_key(web.app, "jobs-body.children")))
    assert f"is dead; its last heartbeat was at {at}" in table
    # Put back on the queue, it waits, and nobody is there to take it.
    execute(store, "UPDATE procrastinate_jobs SET status = 'todo' WHERE status = 'doing'")
    execute(store, "UPDATE ingest_job SET state = 'queued'")
    text_, bad = said()
    assert bad is True
    assert f"No worker is running; the last heartbeat was at {at}" in text_
    execute(store, "DELETE FROM procrastinate_jobs")
    execute(store, "UPDATE ingest_job SET state = 'failed', error = 'No more disks.'")
    assert said() == (f"Nobody follows the log: ingest job {job_id} failed. No more disks.", True)
    end_log(path, run=run)
    with running_worker(database_url, roots):
        assert wait_for_state(store, ask(store, path), "succeeded", "failed").error is None
    assert said() == ("", False)
