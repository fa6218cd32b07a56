"""/ready?deep=1: a task that is put on the queue is really taken, worker by worker."""

import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app import health
from benchmarks.make_log import append_snapshot, begin_log
from db.engine import session_scope
from db.queries.jobs import probes, workers
from tests.app.web import make_web
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, count

TOKEN = "a token for the figures, long enough"
BEARER = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
# A worker whose every task fails at once, as after names were registered twice: nothing else shows.
DEAF = "from ingest import tasks; tasks.add_tasks = lambda queue: None;"


@pytest.fixture
def client(store):
    return make_web(store, metrics_token=TOKEN).client()


def deep(client):
    answer = client.get("/ready?deep=1", **BEARER)
    return answer.status_code, answer.json


def alive(engine, number):
    def found():
        with session_scope(engine) as session:
            listed = [worker for worker in workers.list_workers(session) if worker.alive]
        return listed if len(listed) == number else None

    return wait_until(found)


def left(engine):
    with engine.connect() as connection:
        return connection.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deeptracker:probe'")
        )


@pytest.fixture
def _patient(monkeypatch):
    """Let a worker that takes nothing be waited for no longer than needed."""
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", 4.0)


def test_each_worker_takes_it(store, database_url, roots, client):
    with running_worker(database_url, roots), running_worker(database_url, roots):
        names = {worker.name for worker in alive(store, 2)}
        wait_until(lambda: all(one["job"] == "took" for one in deep(client)[1]["workers"]))
        status, words = deep(client)
    assert (status, words["status"], words["job"]) == (200, "ok", "taken")
    assert {one["name"] for one in words["workers"]} == names
    assert all(one["seconds"] < probes.PATIENCE_SECONDS for one in words["workers"])
    assert left(store) == 0


@pytest.mark.usefixtures("_patient")
def test_one_that_lives_and_takes_nothing_is_found_out(store, database_url, roots, client):
    assert deep(client) == (503, {**deep(client)[1], "job": "no worker", "workers": []})
    with running_worker(database_url, roots, first=DEAF):
        # What is kept for strangers is older than the worker: the token's owner hears anew.
        assert client.get("/ready").json["worker"] == "none"
        alive(store, 1)
        status, words = deep(client)
        assert words["worker"] == "alive"
        # A plain question only hears that it lives; nothing that it has taken says otherwise yet.
        assert client.get("/ready").json["worker"] == "alive"
    assert (status, words["status"], words["job"]) == (503, "not ready", "not taken")
    assert words["workers"][0]["job"] in ("failed", "did not take")
    assert left(store) == 0


@pytest.mark.usefixtures("_patient")
def test_one_that_is_paused_is_found_out(store, database_url, roots, client):
    with running_worker(database_url, roots) as worker, running_worker(database_url, roots):
        alive(store, 2)
        wait_until(lambda: deep(client)[0] == 200)
        worker.send_signal(signal.SIGSTOP)
        status, words = deep(client)
        worker.send_signal(signal.SIGCONT)
        found = {one["name"].endswith(f"process {worker.pid}"): one for one in words["workers"]}
    assert (status, words["job"]) == (200, "taken")
    assert (found[True]["job"], found[False]["job"]) == ("did not take", "took")


@pytest.mark.usefixtures("_patient")
def test_one_whose_places_are_taken_is_busy(store, database_url, make_log, roots, client):
    _, run = make_log("../model", snapshots=12)
    live = roots / "live"
    begin_log(live, run=run)
    append_snapshot(live, run=run)
    one_place = (
        "import ingest.tasks as tasks; run = tasks.run_worker;"
        "tasks.run_worker = lambda *a, **k: run(*a, concurrency=1, **k);"
    )
    with running_worker(database_url, roots, first=one_place):
        ask(store, live, "follow")
        wait_until(lambda: count(store) == 1)
        wait_until(lambda: alive(store, 1)[0].jobs)
        assert (
            wait_until(lambda: (found := deep(client))[1].get("job") == "busy" and found)[0] == 200
        )


def test_it_needs_the_token(store, client):
    assert client.get("/ready?deep=1").status_code == 401
    wrong = {"headers": {"Authorization": "Bearer wrong"}}
    assert client.get("/ready?deep=1", **wrong).status_code == 401
    assert make_web(store).client().get("/ready?deep=1", **BEARER).status_code == 404
    assert client.get("/ready").status_code == client.get("/ready?deep=0").status_code == 200
    assert left(store) == 0


@pytest.mark.usefixtures("_patient")
def test_one_asks_at_a_time(store, database_url, roots, client):
    with running_worker(database_url, roots) as worker:
        wait_until(lambda: deep(client)[0] == 200)
        # What is asked of a paused worker takes all the patience: nobody comes after the first.
        worker.send_signal(signal.SIGSTOP)
        found = []
        askers = [threading.Thread(target=lambda: found.append(deep(client))) for _ in range(6)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        worker.send_signal(signal.SIGCONT)
    assert sorted(status for status, _ in found) == [429] * 5 + [503]
    assert left(store) == 0
    assert health.KEPT_SECONDS <= 1


def test_a_worker_asks_itself_and_says_so_where_it_takes_nothing(
    store, database_url, roots, monkeypatch
):
    """Without anybody who asks: by tasks of its own that it does not take."""
    monkeypatch.setattr(workers, "STUCK_SECONDS", 8.0)
    hasty = "from db.queries.jobs import workers; workers.PROBE_SECONDS = 1.0;"

    def row(worker):
        with session_scope(store) as session:
            found = [w for w in workers.list_workers(session) if w.process == worker.pid]
        return found[0] if found else None

    with (
        running_worker(database_url, roots, first=hasty + DEAF) as deaf,
        running_worker(database_url, roots, first=hasty) as well,
    ):
        wait_until(lambda: row(deaf) and row(deaf).stuck)
        assert row(deaf).alive
        # By now the other one would seem so, too, had it not taken what it asked of itself.
        wait_until(lambda: datetime.now(UTC) - row(well).started_at > timedelta(seconds=9))
        assert not row(well).stuck
