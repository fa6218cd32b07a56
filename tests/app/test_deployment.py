"""What docs/deployment.md says is tried: its nginx and PgBouncer configuration, its units."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import urllib3
from sqlalchemy import text
from sqlalchemy.engine import make_url
from werkzeug.serving import make_server

from app.auth.links import make_link
from db.engine import driver_url, make_engine, session_scope
from db.permissions import Role
from db.queries.jobs import job_requests
from db.queries.runs import runs
from ingest.tasks import run_worker
from tests.app.web import PASSWORD, make_web
from tests.jobs.conftest import make_log, roots
from tests.ports import free_port

__all__ = ["make_log", "roots"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deployment.md").read_text()
NAME = "tracker.example.org"
PUBLIC = f"https://{NAME}"


def block(kind, having):
    """Return the page's block of this kind that has this text."""
    (found,) = [b for b in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) if having in b]
    return found


@contextmanager
def running(command, port, log):
    """Run a server until it listens, and end it afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        for _ in range(2_400):
            assert process.poll() is None, log.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def answering(web, port):
    """Let an application answer on a port."""
    server = make_server("127.0.0.1", port, web.app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def proxy(app_engine, tmp_path):
    """The page's nginx before an application behind it; yields the application and its ports."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={NAME} -keyout key -out pem",
        shell=True,
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    plain, tls, behind = free_port(), free_port(), free_port()
    written = block("nginx", "listen 443")
    for said, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;\n    http2 on;", f"listen 127.0.0.1:{tls} ssl http2;"),
        ("/etc/ssl/tracker.pem", str(tmp_path / "pem")),
        ("/etc/ssl/tracker.key", str(tmp_path / "key")),
        ("127.0.0.1:8050", f"127.0.0.1:{behind}"),
    ):
        assert said in written
        written = written.replace(said, here)
    kept = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ {kept} access_log {tmp_path}/access.log;\n{written}\n}}"
    )
    web = make_web(app_engine, public_url=PUBLIC, proxies=1)
    command = [nginx, "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    with answering(web, behind), running(command, tls, tmp_path / "nginx.log"):
        yield web, plain, tls


@pytest.mark.usefixtures("no_attempts")
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_behind_nginx_people_come_in_over_tls(proxy, tmp_path):
    web, plain, tls = proxy
    base, host = f"https://127.0.0.1:{tls}", {"Host": NAME}
    urllib3.disable_warnings()
    away = requests.get(
        f"http://127.0.0.1:{plain}/jobs?x=1", headers=host, allow_redirects=False, timeout=60
    )
    assert (away.status_code, away.headers["Location"]) == (308, f"{PUBLIC}/jobs?x=1")

    with session_scope(web.engine) as session:
        account = web.account("nginx@deployment.example", Role.MEMBER, password=False)
        path = make_link(session, account_id=account, address="")
    browser = requests.Session()
    browser.verify, browser.trust_env = False, False
    browser.headers.update({**host, "Origin": PUBLIC, "X-Forwarded-For": "203.0.113.9"})
    answer = browser.post(
        base + path,
        data={"password": PASSWORD, "again": PASSWORD},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-deeptracker=")
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    inside = browser.get(f"{base}/jobs", headers={"Cookie": cookie.partition(";")[0]}, timeout=60)
    assert inside.status_code == 200
    # Whatever a client makes up, the address is the one that nginx saw.
    with session_scope(web.engine) as session:
        addresses = session.execute(
            text("SELECT address FROM account_session WHERE account_id = :a"), {"a": account}
        ).scalars()
        assert set(addresses) == {"127.0.0.1"}
    forged = browser.post(
        f"{base}/login", data={}, headers={"Origin": "https://evil.example"}, timeout=60
    )
    assert forged.status_code == 403
    assert requests.get(f"{base}/login", verify=False, timeout=60).status_code in (200, 421)
    other = requests.get(
        f"{base}/login", headers={"Host": "evil.example"}, verify=False, timeout=60
    )
    assert other.status_code == 421
    known = (tmp_path / "access.log").read_text()
    assert "GET /jobs" in known
    assert path.rpartition("/")[2] not in known


@pytest.fixture
def pooled(database_url, tmp_path):
    """The URL of the page's PgBouncer before the test's database."""
    if shutil.which("pgbouncer") is None:
        pytest.skip("pgbouncer is not installed (apt-get install pgbouncer)")
    port = free_port()
    url = driver_url(database_url)
    host = url.host or url.query["host"]
    written = block("ini", "[pgbouncer]")
    users = tmp_path / "userlist.txt"
    users.write_text(f'"{url.username}" "{url.password or ""}"\n')
    server = f"host={host} port={url.port or 5432} dbname={url.database}"
    for said, here in (
        ("host=127.0.0.1 port=5432 dbname=deeptracker", server),
        ("listen_port = 6432", f"listen_port = {port}\nunix_socket_dir ="),
        ("auth_type = scram-sha-256", "auth_type = trust"),
        ("/etc/pgbouncer/userlist.txt", str(users)),
    ):
        assert said in written
        written = written.replace(said, here)
    file = tmp_path / "pgbouncer.ini"
    file.write_text(written)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # it gives up being root, and reads its files then
    # It refuses to be root; whoever runs the embedded server reaches its socket.
    user = Path(host).owner() if host.startswith("/") else "nobody"
    command = ["pgbouncer", *(["-u", user] if os.geteuid() == 0 else []), file]
    with running(command, port, tmp_path / "pgbouncer.log"):
        yield make_url(
            f"postgresql://{url.username}@127.0.0.1:{port}/deeptracker"
        ).render_as_string(hide_password=False)


def test_through_pgbouncer_pages_are_served_and_logs_loaded(pooled, make_log, roots):
    engine = make_engine(pooled)
    path, _ = make_log("log", snapshots=12)
    web = make_web(engine)
    client = web.logged_in(web.account("pooled@deployment.example", Role.MEMBER))
    for _ in range(12):  # often enough for the driver to prepare its statements
        assert client.get("/jobs").status_code == 200
    assert client.get("/ready").json["status"] == "ok"
    with session_scope(engine) as session:
        job_requests.request(session, location=str(path))
    run_worker(pooled, roots=[roots], wait=False)
    with session_scope(engine) as session:
        (loaded,) = runs.list_runs(session)
    assert (loaded.snapshot_count, loaded.state) == (12, "complete")
    engine.dispose()


def test_the_commands_of_the_page_upgrade_the_database_of_its_settings(
    empty_database_url, tmp_path
):
    (tmp_path / "bin").mkdir()
    settings = block("sh", "DEEPTRACKER_LOG_ROOTS=").replace(
        "postgresql://deeptracker:password@db.example.org/deeptracker", empty_database_url
    )
    settings = settings.replace("/var/lib/deeptracker", str(tmp_path / "home"))
    (tmp_path / "env").write_text(settings)
    command = block("sh", "runuser")
    account = pwd.getpwuid(os.geteuid()).pw_name
    as_account = f"runuser -u {account} --" if os.geteuid() == 0 else ""
    for said, here in (
        ("/etc/deeptracker.env", str(tmp_path / "env")),
        ("/opt/deeptracker/.venv/bin/deeptracker", f"{Path(sys.executable).parent}/deeptracker"),
        ("runuser -u deeptracker --", as_account),
    ):
        assert said in command
        command = command.replace(said, here)
    (tmp_path / "bin" / "deeptracker").write_text(command)
    (tmp_path / "bin" / "deeptracker").chmod(0o755)
    # An administrator's shell has none of the settings.
    own = {n: v for n, v in os.environ.items() if not n.startswith(("DEEPTRACKER_", "DATABASE"))}
    done = subprocess.run(
        ["sh", "-e", "-c", block("sh", "deeptracker db upgrade\n")],
        env={**own, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f"{PUBLIC}/link/" in done.stdout
    engine = make_engine(empty_database_url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT email FROM account")).scalars().all()
    engine.dispose()
    assert found == ["you@example.org"]
    assert not list(tmp_path.rglob("postgresql")), "an embedded database was made"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path):
    command = Path(sys.executable).parent / "deeptracker"
    units = re.findall(r"# /etc/systemd/system/(\S+)\n(.*?)```", PAGE, re.DOTALL)
    assert [name for name, _ in units] == ["deeptracker-web.service", "deeptracker-worker@.service"]
    for name, unit in units:
        assert "/opt/deeptracker/.venv/bin/deeptracker" in unit
        unit = unit.replace("/opt/deeptracker/.venv/bin/deeptracker", str(command))
        file = tmp_path / name.replace("@", "@1")
        file.write_text(unit.replace("User=deeptracker", "User=daemon"))
        said = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", file],
            capture_output=True,
            text=True,
            timeout=60,
        )
        own = [line for line in said.stderr.splitlines() if file.name in line]
        assert (own, said.returncode) == ([], 0), said.stderr


def test_the_page_names_settings_and_metrics_that_exist(web):
    from tests.app.test_docs import settings

    named = set(re.findall(r"\bDEEPTRACKER_[A-Z_]+\b|\bDATABASE_URL\b", PAGE))
    assert named <= settings() | {"DEEPTRACKER_HOME"}
    token = "t" * 40
    own = make_web(web.engine, metrics_token=token).client()
    own.get("/login")
    told = own.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
    for name in set(re.findall(r"`(deeptracker_[a-z_]+)[`{]", PAGE)):
        assert f"\n{name}" in told or f"# TYPE {name}" in told, name
