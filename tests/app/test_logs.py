"""The log says who, what, how long and with which error, and never a secret."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests

from app import logs
from app.auth.cookie import cookie_name
from app.auth.links import make_link
from app.auth.tokens import new_token
from app.redaction import HIDDEN, redact, secrets_of
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.team import api_tokens
from tests.app.provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.app.test_cli import ROOT
from tests.app.web import PASSWORD, make_web

pytestmark = pytest.mark.usefixtures("no_attempts")


@pytest.fixture(params=["json", "text"])
def written(request, monkeypatch):
    """Everything that is logged, at the most talkative level; returns it as text."""
    monkeypatch.setenv("DEEPTRACKER_OIDC_CLIENT_SECRET", CLIENT_SECRET)
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    stream = io.StringIO()
    logs.set_up(logs.LogSettings(form=request.param, level="debug"), stream=stream)
    yield lambda: stream.getvalue()
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_no_secret_of_any_way_in_is_logged(app_engine, web, written):
    email = f"{new_token()[0][:12].lower()}@logs.example"
    account = web.account(email, Role.ADMIN)
    secrets = [PASSWORD, "a wrong passphrase", CLIENT_SECRET]

    with session_scope(app_engine) as session:
        path = make_link(session, account_id=account, address="")
        bearer, bearer_hash = new_token("dt_")
        api_tokens.add_token(session, account_id=account, token_hash=bearer_hash, name="t")
    secrets += [path.rpartition("/")[2], bearer]
    client = web.client()
    client.get(path)
    client.post(path, {"password": PASSWORD, "again": PASSWORD})
    client.get(path)  # over now
    client.log_in(email, "a wrong passphrase")
    assert client.log_in(email).status_code == 303
    cookie = client.http.get_cookie(cookie_name(web.settings), domain="127.0.0.1").value
    secrets += [cookie, cookie.rpartition(".")[0]]
    for token in (bearer, f"{bearer}x"):
        client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    with running_provider() as provider:
        own = make_web(
            app_engine,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
        )
        provider.claims = {"sub": email, "email": email, "email_verified": True}
        for forged in ({}, {"nonce": "old"}):
            provider.forged = forged
            browser = own.client()
            away = browser.get("/oidc/login").location
            back = urlsplit(
                requests.get(away, allow_redirects=False, timeout=10).headers["Location"]
            )
            secrets += [part.partition("=")[2] for part in back.query.split("&")]
            browser.get(f"{back.path}?{back.query}")

    # A route that fails in the middle, with all of it at hand; then a database that is away.
    failing = make_engine("postgresql://user:hunter2hunter2@127.0.0.1:1/x")
    secrets.append("hunter2hunter2")
    away = make_web(failing).client()
    assert away.get(path).status_code == 503
    assert away.log_in(email).status_code == 503
    away.http.set_cookie(cookie_name(web.settings), cookie, domain="127.0.0.1")
    assert away.get("/account").status_code == 503

    text = written()
    assert len(text.splitlines()) > 15
    assert "connection" in text  # the failure itself is there
    assert all(len(secret) >= 8 for secret in secrets)
    found = [secret for secret in secrets if secret in text]
    assert not found


@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_a_request_is_one_record_with_its_facts(web, people, clients, written):
    clients[Role.MEMBER].get("/run/9/overview?secret=1")
    answer = web.client().get("/data/views")
    found = [r for r in records(written()) if r["logger"] == "deeptracker.request"]
    page, refused = found
    assert (page["rule"], page["method"], page["status"]) == ("/<path:path>", "GET", 200)
    assert (page["account"], page["level"]) == (people[Role.MEMBER], "info")
    assert page["duration_ms"] > 0
    assert page["time"].endswith("+00:00")
    assert page["request_id"] != refused["request_id"] == answer.headers["X-Request-Id"]
    assert "account" not in refused
    assert refused["status"] in (401, 405)


@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_an_error_is_found_by_the_number_that_people_see(written):
    client = make_web(make_engine("postgresql://user:x@127.0.0.1:1/x")).client()
    said = client.log_in("somebody@example.org").text
    errors = [r for r in records(written()) if "error" in r]
    assert len(errors) == 1
    assert f"error {errors[0]['error']}" in said
    assert "connection failed" in errors[0]["message"]
    # Where the code was when the database went away says nothing, and would be said very often.
    assert "exception" not in errors[0]
    assert (errors[0]["rule"], errors[0]["level"]) == ("/login", "error")
    told = [r for r in records(written()) if r.get("status") == 503]
    assert told[0]["request_id"] == errors[0]["request_id"]


def test_people_are_told_of_what_is_wrong_only(capsys):
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    try:
        logs.set_up(logs.LogSettings(form="text"), stream=stream)
        client = make_web(make_engine("postgresql://user:x@127.0.0.1:1/x")).client()
        client.get("/login")
        assert stream.getvalue() == ""
        client.log_in("somebody@example.org")
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
    assert " ERROR deeptracker.request: POST /login: 503 in " in stream.getvalue()
    assert "[request_id=" in stream.getvalue()


def test_values_of_a_failed_statement_stay_out(app_engine, caplog):
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    with pytest.raises(SQLAlchemyError) as failure, app_engine.connect() as connection:
        connection.execute(text("SELECT CAST(:v AS integer)"), {"v": "hunter2hunter2"})
    assert "hunter2hunter2" not in str(failure.value).replace(str(failure.value.orig), "")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://user:p@ss@host/x", "postgresql://user:***@host/x"),
        ("host=h password=hunter2 user=u", "host=h password=*** user=u"),
        ("password='a b' x", "password=*** x"),
        (f"Error handling request /link/{'A' * 43}", "Error handling request /link/***"),
        ("GET /link/<token>: 200", "GET /link/<token>: 200"),
        ("/oidc/callback?code=abc&state=def HTTP", "/oidc/callback?code=***&state=*** HTTP"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': 'Bearer ***'}"),
        ("token dt_" + "a" * 43, "token ***"),
        ("Cookie: deeptracker=a.b; theme=dark", "Cookie: ***"),
        ("got __Host-deeptracker=a.b; x", "got __Host-deeptracker=***; x"),
        ("[parameters: {'password_hash': 'x'}]\nmore", "[parameters: ***\nmore"),
        ("http://127.0.0.1:8050/jobs is fine", "http://127.0.0.1:8050/jobs is fine"),
    ],
)
def test_redaction(text, left):
    assert redact(text) == left


def test_secret_settings_are_hidden_wherever_they_stand():
    environment = {
        "DATABASE_URL": "postgresql://u:first%2Fsecret@h/x",
        "DEEPTRACKER_SECRET_KEY": "k" * 40,
        "DEEPTRACKER_SMTP_PASSWORD": "short",
    }
    found = secrets_of(environment)
    text = f"first%2Fsecret first/secret {'k' * 40} short"
    assert redact(text, secrets=found) == f"{HIDDEN} {HIDDEN} {HIDDEN} short"


def test_a_worker_whose_database_is_cut_logs_no_password(server_url, database_url, tmp_path):
    """A real worker, by a role with a password, whose connections are ended and then refused."""
    from sqlalchemy import create_engine, text

    from db.engine import driver_url
    from tests.jobs.conftest import wait_until

    role, secret = "logs_worker", "hunter2hunter2"
    admin = create_engine(driver_url(database_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{secret}'"))
    url = driver_url(database_url).set(username=role, password=secret)
    log = tmp_path / "worker.log"
    environment = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "DEEPTRACKER_HOME": str(tmp_path),
        "DEEPTRACKER_LOG_FORMAT": "json",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    cut = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = :role"
    )
    try:
        with admin.connect() as connection:
            wait_until(
                lambda: connection.scalar(text("SELECT count(*) FROM ingest_worker")), seconds=120
            )
            connection.execute(text(f"ALTER ROLE {role} NOLOGIN"))
            assert connection.execute(cut, {"role": role}).scalar_one() > 0
            wait_until(lambda: "not permitted to log in" in log.read_text())
            connection.execute(text(f"ALTER ROLE {role} LOGIN"))
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    finally:
        process.kill()
        process.wait()
        with admin.connect() as connection:
            connection.execute(cut, {"role": role})
            connection.execute(text(f"DROP ROLE {role}"))
        admin.dispose()
    lines = records(log.read_text())
    assert {line["logger"] for line in lines}
    assert secret not in log.read_text()


def test_the_format_must_be_one_that_there_is(monkeypatch):
    monkeypatch.setenv("DEEPTRACKER_LOG_FORMAT", "xml")
    with pytest.raises(ValueError, match="DEEPTRACKER_LOG_FORMAT"):
        logs.LogSettings()
