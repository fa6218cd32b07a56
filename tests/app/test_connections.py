"""Slow, silent and impolite clients of `deeptracker serve`: others are answered all the same."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from app.auth.links import make_link
from app.connections import MAX_HEADERS
from app.factory import MAX_BODY
from benchmarks import slow_clients
from benchmarks.slow_clients import HOST, waiting
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.team import accounts
from tests import servers
from tests.app.web import PASSWORD
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(url, home):
    """`deeptracker serve` as it is started: two processes of eight threads."""
    port = free_port()
    log = home / "web.log"
    settings = {"DATABASE_URL": servers.plain(url), "DEEPTRACKER_HOME": str(home)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(1_200):
            try:
                requests.get(f"http://{HOST}:{port}/health", timeout=60)
                break
            except requests.ConnectionError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
        yield process, port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def url(server_url, template_url):
    with servers.database(server_url, template=str(template_url.database)) as url:
        yield url


@pytest.fixture(scope="module")
def store(url):
    engine = make_engine(servers.plain(url))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def server(url, tmp_path_factory):
    with serving(url, tmp_path_factory.mktemp("web")) as found:
        yield found


@pytest.fixture
def large(server, store):
    """The request of somebody logged in for the largest file that pages load."""
    _, port = server
    base = f"http://{HOST}:{port}"
    with session_scope(store) as session:
        account = accounts.add_account(session, email="a@example.org", role=Role.VIEWER)
        path = make_link(session, account_id=account.id, address="")
    browser = requests.Session()
    browser.headers["Origin"] = base
    form = {"password": PASSWORD, "again": PASSWORD}
    browser.post(base + path, data=form, timeout=60).raise_for_status()
    found = browser.get(f"{base}/_dash-component-suites/plotly/package_data/plotly.min.js")
    assert len(found.content) > 2**21
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return (
        f"GET {found.request.path_url} HTTP/1.1\r\nHost: {HOST}:{port}\r\nCookie: {cookie}\r\n\r\n"
    )


def is_well(port):
    answer = requests.get(f"http://{HOST}:{port}/health", timeout=60)
    return answer.status_code == 200


# Every one of these kinds would keep all sixteen threads.
@pytest.mark.parametrize(
    "counts",
    [
        {slow_clients.half_header: 32},
        {slow_clients.bodyless: 32},
        {slow_clients.chunked: 32},
        {slow_clients.idle: 48, slow_clients.bodyless: 16, slow_clients.half_header: 32},
        {slow_clients.idle: 400},
    ],
    ids=["headers", "bodies", "chunks", "all", "many"],
)
def test_slow_clients_keep_nobody_waiting(server, counts):
    _, port = server
    with waiting(port, counts):
        for _ in range(5):
            assert is_well(port)
            time.sleep(0.2)
    assert is_well(port)


def test_clients_that_do_not_read_keep_nobody_waiting(server, large):
    _, port = server
    with waiting(port, {slow_clients.deaf: 24}, request=large) as clients:
        time.sleep(1)
        for _ in range(5):
            assert is_well(port)
        # Each has its whole answer all the same, as slowly as it reads it.
        client = clients[0]
        head = client.recv(4_096)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        got = len(head.partition(b"\r\n\r\n")[2])
        while got < length:
            got += len(client.recv(2**20))
        assert got == length


def talk(port, request, *, until=b"\r\n\r\n"):
    """Send bytes and return what comes back, up to the end of the head of the answer."""
    with socket.create_connection((HOST, port), timeout=60) as client:
        client.sendall(request)
        found = b""
        while until not in found and (more := client.recv(65_536)):
            found += more
        return found


class TestRequests:
    def head(self, port):
        return f"Host: {HOST}:{port}\r\nOrigin: http://{HOST}:{port}\r\n".encode()

    def test_one_byte_at_a_time(self, server):
        _, port = server
        with socket.create_connection((HOST, port), timeout=60) as client:
            for byte in b"GET /health HTTP/1.1\r\n" + self.head(port) + b"\r\n":
                client.send(bytes([byte]))
            assert client.recv(4_096).startswith(b"HTTP/1.1 200 OK")

    def test_several_on_one_connection_also_after_answers_without_a_body(self, server):
        _, port = server
        with requests.Session() as browser:
            base = f"http://{HOST}:{port}"
            first = browser.get(f"{base}/assets/plain.css", timeout=60)
            again = {"If-None-Match": first.headers["ETag"]}
            for _ in range(3):
                answer = browser.get(f"{base}/assets/plain.css", headers=again, timeout=60)
                assert answer.status_code == 304
                assert "close" not in answer.headers.get("Connection", "")
            assert "Server" not in first.headers

    def test_a_body_in_pieces_and_one_that_waits_for_a_sign(self, server):
        _, port = server
        start = b"POST /login HTTP/1.1\r\n" + self.head(port)
        form = b"Content-Type: application/x-www-form-urlencoded\r\n"
        pieces = b"Transfer-Encoding: chunked\r\n\r\n7\r\nemail=a\r\n0\r\n\r\n"
        assert talk(port, start + form + pieces).startswith(b"HTTP/1.1 403 ")
        asked = b"Expect: 100-continue\r\nContent-Length: 7\r\n\r\n"
        assert talk(port, start + form + asked).startswith(b"HTTP/1.1 100 Continue")

    def test_what_is_too_large_or_no_request_is_refused_at_once(self, server):
        _, port = server
        start = b"POST /login HTTP/1.1\r\n" + self.head(port)
        assert b" 413 " in talk(port, start + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1))
        assert b" 431 " in talk(port, start + b"X-A: " + b"x" * (MAX_HEADERS + 1))
        assert b" 400 " in talk(port, b"nonsense\r\n\r\n")
        smuggled = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        assert not talk(port, start + smuggled).startswith(b"HTTP/1.1 200")
        assert is_well(port)

    def test_one_that_does_not_say_whom_it_asks(self, server):
        _, port = server
        assert talk(port, b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200 OK")
        elsewhere = b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        assert talk(port, elsewhere).startswith(b"HTTP/1.1 421 ")


def test_a_server_that_is_stopped_answers_what_came_and_waits_for_nobody_else(url, store, tmp_path):
    got = []

    def log_in():
        form = {"email": "nobody@example.org", "password": "typed-passphrase"}
        base = f"http://{HOST}:{port}"
        got.append(requests.post(f"{base}/login", form, headers={"Origin": base}, timeout=60))

    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    counts = {slow_clients.idle: 8, slow_clients.bodyless: 8, slow_clients.half_header: 8}
    thread = threading.Thread(target=log_in)
    with (
        serving(url, tmp_path) as (process, port),
        waiting(port, counts) as clients,
        store.connect() as holder,
    ):
        holder.execute(text("LOCK TABLE login_attempt IN ACCESS EXCLUSIVE MODE"))
        thread.start()
        while not holder.execute(text(waits)).scalar_one():
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        # Those that never said what they want are not waited for; who did is.
        assert {ended(client) for client in clients} == {True}
        assert not got
        holder.rollback()
        thread.join(60)
        assert got[0].status_code == 403
        assert process.wait(60) == 0


def ended(client):
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
