"""Metrics of all processes together, behind a token; a server that stops answers what it began."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.logs import SLOW_SECONDS
from db.engine import make_engine, session_scope
from db.queries.jobs import job_requests, workers
from tests.app.test_cli import ROOT
from tests.app.web import make_web
from tests.commands import wait_until
from tests.ports import free_port
from tests.stored_runs import store_run

TOKEN = "metrics-token-of-at-least-32-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PASSWORD_OF_DATABASE = "hunter2-of-the-database"


@pytest.fixture
def store(database_url):
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def figures(answer_text):
    """Return {name with labels: value} of an answer."""
    lines = [line for line in answer_text.splitlines() if line and not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_figures_of_the_store(store):
    web = make_web(store, metrics_token=TOKEN)
    with Session(store) as session:
        store_run(session, seed=41)
        store_run(session, seed=42, snapshots=9)
        job_requests.request(session, location="/logs/a")
        job_requests.request(session, location="/logs/b")
        workers.add_worker(session, host="h", process=1, concurrency=1, roots=[])
        session.commit()
    answer = web.client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    found = figures(answer.text)
    assert found['deeptracker_jobs{state="queued"}'] == 2
    assert found['deeptracker_jobs{state="failed"}'] == 0
    assert found["deeptracker_queue_length"] == 2
    assert found["deeptracker_workers_alive"] == 1
    assert found["deeptracker_runs"] == 2
    with session_scope(store) as session:
        stored = session.scalar(text("SELECT sum(snapshot_count) FROM run"))
    assert found["deeptracker_snapshots"] == stored > 0
    assert found["deeptracker_database_up"] == 1
    assert found["deeptracker_database_bytes"] > 1e6
    # Addresses are told by their rule, refused ones too, and strangers make up no labels.
    client = web.client()
    client.get("/run/77/overview")
    client.http.open("/login", method="BREW", base_url="http://127.0.0.1:8050")
    found = figures(web.client().get("/metrics", headers=BEARER).text)
    assert 'deeptracker_requests_total{method="GET",rule="/<path:path>",status="303"}' in found
    assert not [name for name in found if "77" in name or "BREW" in name]


def test_without_the_token_there_is_nothing(web, store):
    assert web.client().get("/metrics", headers=BEARER).status_code == 404
    own = make_web(store, metrics_token=TOKEN).client()
    for header in ("", "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"):
        answer = own.get("/metrics", headers={"Authorization": header})
        assert (answer.status_code, "deeptracker_" in answer.text) == (401, False), header
    with pytest.raises(ValueError, match="at least 32 characters"):
        make_web(store, metrics_token="short")


def test_a_database_that_is_away_is_a_figure():
    engine = make_engine(f"postgresql://user:{PASSWORD_OF_DATABASE}@127.0.0.1:1/x")
    client = make_web(engine, metrics_token=TOKEN).client()
    found = figures(client.get("/metrics", headers=BEARER).text)
    assert found["deeptracker_database_up"] == 0
    assert "deeptracker_runs" not in found


@pytest.fixture
def server(database_url, tmp_path):
    """`deeptracker serve` with two processes; yields its process, address and log."""
    port = free_port()
    log = tmp_path / "web.log"
    settings = {
        "DATABASE_URL": database_url,
        "DEEPTRACKER_HOME": str(tmp_path),
        "DEEPTRACKER_METRICS_TOKEN": TOKEN,
        "DEEPTRACKER_LOG_FORMAT": "json",
        "TMPDIR": str(tmp_path),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--workers", "2"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    base = f"http://127.0.0.1:{port}"
    for _ in range(1_200):
        try:
            requests.get(f"{base}/health", timeout=60)
            break
        except requests.ConnectionError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
    # Each asks itself for a page before it takes requests, and that counts: the second one may do
    # so a while after the first has answered.
    wait_until(lambda: len(processes(log, ask_at_once(base, 8))) == 2)
    yield process, base, log
    process.kill()
    process.wait()


def ask_at_once(base, number):
    """Ask for the page of the login so often, eight at a time; return the answers."""
    with ThreadPoolExecutor(8) as pool:
        return list(
            pool.map(lambda _: requests.get(f"{base}/login?secret=1", timeout=60), range(number))
        )


def told(log):
    """Return the lines of the log on requests for the login, by the request."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return {line.get("request_id"): line for line in lines if line.get("rule") == "/login"}


def processes(log, answers):
    """Return the processes that gave these answers."""
    lines = told(log)
    return {lines[answer.headers["X-Request-Id"]]["process"] for answer in answers}


def test_processes_count_together_and_finish_what_they_began(server, store, tmp_path):
    process, base, log = server

    def read():
        return figures(requests.get(f"{base}/metrics", headers=BEARER, timeout=60).text)

    asked = 'deeptracker_requests_total{method="GET",rule="/login",status="200"}'
    took = 'deeptracker_request_seconds_count{rule="/login"}'
    before = read()
    answers = ask_at_once(base, 40)
    # Whichever process answers tells the same.
    for after in (read() for _ in range(6)):
        assert after[asked] - before[asked] == 40
        assert after[took] - before[took] == 40
        assert after["deeptracker_pool_used"] == 0
        assert after["deeptracker_pool_size"] > 0
    got = []

    def log_in():
        got.append(
            requests.post(
                f"{base}/login",
                data={"email": "nobody@example.org", "password": "typed-passphrase"},
                headers={"Origin": base},
                timeout=60,
            )
        )

    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    thread = threading.Thread(target=log_in)
    with store.connect() as holder:
        holder.execute(text("LOCK TABLE login_attempt IN ACCESS EXCLUSIVE MODE"))
        thread.start()
        while not holder.execute(text(waiting)).scalar_one():
            time.sleep(0.02)
        assert read()["deeptracker_pool_used"] == 1
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        assert not got
        holder.rollback()
    thread.join(60)
    assert got[0].status_code == 403
    assert process.wait(60) == 0
    assert not list(tmp_path.glob("deeptracker-metrics-*"))

    lines = told(log)
    for answer in [*answers, *got]:
        line = lines[answer.headers["X-Request-Id"]]
        slow = line["duration_ms"] >= 1000 * SLOW_SECONDS
        assert (line["status"], line["level"]) == (
            answer.status_code,
            "warning" if slow else "info",
        )
        assert line["duration_ms"] > 0
    for secret in (TOKEN, "secret=1", "typed-passphrase", "nobody@example.org"):
        assert secret not in log.read_text()
