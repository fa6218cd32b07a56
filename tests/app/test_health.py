"""/health and /ready: with the database there, away, back again, and not up to date."""

import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import health
from db import migrate
from db.embedded import ensure_server, stop_server
from db.engine import make_engine, session_scope
from db.queries.jobs import workers
from tests.app.web import make_web
from tests.servers import SETTINGS


@pytest.fixture
def own_home():
    """The home of a server that the test may stop."""
    home = Path(tempfile.mkdtemp(prefix="deeptracker-tests-"))
    home.chmod(0o755)
    yield home
    stop_server(home)
    shutil.rmtree(home, ignore_errors=True)


def asked(client, path):
    """Return status and words of an answer that is not one kept from before."""
    time.sleep(health.KEPT_SECONDS if path == "/ready" else 0)
    answer = client.get(path)
    return answer.status_code, {k: v for k, v in answer.json.items() if k != "heartbeat"}


def test_the_database_goes_away_and_comes_back(own_home):
    url = ensure_server(own_home, settings=SETTINGS)
    engine = make_engine(url)
    client = make_web(engine).client()
    not_current = {"status": "not ready", "database": "ok", "schema": "not current"}
    assert asked(client, "/ready") == (503, {**not_current, "worker": "unknown"})
    migrate.upgrade(engine)
    fine = {"status": "ok", "database": "ok", "schema": "ok"}
    assert asked(client, "/ready") == (200, {**fine, "worker": "none"})
    with session_scope(engine) as session:
        worker_id, _ = workers.add_worker(
            session, host="loader-7", process=1, concurrency=1, roots=["/data/secret"]
        )
    assert asked(client, "/ready") == (200, {**fine, "worker": "alive"})
    assert client.get("/login").status_code == 200

    stop_server(own_home)
    away = {"status": "not ready", "database": "away", "schema": "unknown", "worker": "unknown"}
    assert asked(client, "/ready") == (503, away)
    assert asked(client, "/health") == (200, {"status": "ok"})
    answer = client.get("/jobs")
    assert answer.status_code == 303  # a stranger costs no query
    refused = client.log_in("somebody@example.org")
    assert refused.status_code == 503
    assert "did not answer" in refused.text

    assert ensure_server(own_home) == url
    status, words = asked(client, "/ready")
    assert (status, words["status"]) == (200, "ok")
    # The very application, with a pool of connections that were cut.
    assert client.log_in("somebody@example.org").status_code == 403
    with session_scope(engine) as session:
        workers.remove_worker(session, worker_id=worker_id)
    assert asked(client, "/ready")[1]["worker"] == "none"
    engine.dispose()


def test_a_schema_of_a_newer_release_is_named_so(database_url):
    engine = make_engine(database_url)
    client = make_web(engine).client()
    assert asked(client, "/ready")[0] == 200
    with session_scope(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9042'"))
    status, words = asked(client, "/ready")
    assert status == 503
    assert "not current" not in words["schema"]
    for part in ("newer", "revision 9042", "pip install --upgrade 'deeptracker[server]'"):
        assert part in words["schema"]
    assert words["database"] == "ok"
    engine.dispose()


def test_strangers_learn_no_details_and_cost_one_question(web, monkeypatch):
    questions = []

    def counted(probe):
        questions.append(probe)
        return real(probe)

    real = health.readiness
    monkeypatch.setattr(health, "readiness", counted)
    time.sleep(health.KEPT_SECONDS)
    web.client().get("/ready")
    # However long the others take.
    monkeypatch.setattr(health, "KEPT_SECONDS", 3_600.0)
    answers = [web.client().get("/ready") for _ in range(20)]
    assert len(questions) == 1
    for answer in answers:
        assert answer.status_code == 200
        assert set(answer.json) == {"status", "database", "schema", "worker", "heartbeat"}
        assert answer.headers["Cache-Control"] == "no-store"
    assert web.client().get("/health").json == {"status": "ok"}


def test_what_workers_can_do_is_said_with_their_last_sign_of_life(database_url):
    engine = make_engine(database_url)
    client = make_web(engine).client()

    def ready():
        time.sleep(health.KEPT_SECONDS)
        answer = client.get("/ready")
        assert answer.status_code == 200  # pages can be served
        return answer.json["worker"], answer.json["heartbeat"]

    def change(statement):
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE ingest_worker SET {statement}"))
            return connection.scalar(text("SELECT max(seen_at) FROM ingest_worker"))

    assert ready() == ("none", None)
    with session_scope(engine) as session:
        workers.add_worker(session, host="a", process=1, concurrency=2, roots=[])
    state, heartbeat = ready()
    assert state == "alive"
    assert datetime.now(UTC) - datetime.fromisoformat(heartbeat) < timedelta(minutes=1)
    # It lives, has a place free, and has taken nothing for long.
    late = "started_at = now() - interval '1 hour', took_at = now() - interval '10 minutes'"
    change(f"in_hand = 1, {late}")
    assert ready()[0] == "takes no jobs"
    change("in_hand = 2")
    assert ready()[0] == "alive"
    seen = change("seen_at = now() - interval '3 minutes'")
    assert ready() == ("dead", f"{seen.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    engine.dispose()


def test_a_full_pool_is_not_a_database_that_is_away(database_url):
    engine = make_engine(database_url, pool_size=1)
    client = make_web(engine).client()
    held = [engine.connect() for _ in range(11)]  # one, and ten more in need
    assert asked(client, "/ready")[0] == 200
    for connection in held:
        connection.close()
    engine.dispose()
