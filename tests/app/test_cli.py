"""The command line: what it does, what it says when it cannot, its exit status."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app import served
from app.cli.main import run
from app.config import AppSettings
from app.demo import next_seed
from db.embedded import stop_server
from db.engine import driver_url, make_engine, session_scope
from db.permissions import Role
from db.queries.jobs import jobs
from db.queries.runs import runs
from db.queries.team import accounts
from tests.accounts import NOBODY, needs_root, tree
from tests.app.web import PASSWORD, make_web
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(database_url, tmp_path, monkeypatch) -> Path:
    """A machine of its own: a database, a home, no settings."""
    for name in list(os.environ):
        if name.startswith("DEEPTRACKER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DEEPTRACKER_HOME", str(tmp_path))
    # What `serve` keeps out of its process (app/kept_out.py) is kept out of this one for a test.
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    return tmp_path


@pytest.fixture
def own_home() -> Iterator[Path]:
    """The home of an embedded server of the test's own."""
    home = Path(tempfile.mkdtemp(prefix="deeptracker-tests-"))
    home.chmod(0o755)
    yield home
    stop_server(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def store(database_url) -> Engine:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def started(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def wait_for(url: str, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, process.stdout.read()
        try:
            get(url)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")


class TestPeople:
    def test_an_account_is_added_and_its_link_works(self, home, store, capsys):
        assert run(["user", "add", "ann@example.org", "--role", "admin", "--name", "Ann"]) == 0
        link = capsys.readouterr().out.split()[-1]
        assert link.startswith("http://127.0.0.1:8050/link/")
        web = make_web(store)
        client = web.client()
        path = link.removeprefix("http://127.0.0.1:8050")
        answer = client.post(path, {"password": PASSWORD, "again": PASSWORD})
        assert answer.status_code == 303
        assert client.get("/account").status_code == 200

    def test_list_role_deactivate_activate(self, home, store, capsys):
        run(["user", "add", "ann@example.org", "--role", "admin"])
        run(["user", "add", "bo@example.org"])
        assert run(["user", "role", "BO@example.org", "member"]) == 0
        capsys.readouterr()
        run(["user", "list"])
        listed = capsys.readouterr().out
        assert "bo@example.org" in listed
        assert "member" in listed
        assert "no password yet" in listed
        assert run(["user", "deactivate", "bo@example.org"]) == 0
        assert run(["user", "link", "bo@example.org"]) == 1
        assert "user activate" in capsys.readouterr().err
        assert run(["user", "activate", "bo@example.org"]) == 0
        assert run(["user", "link", "bo@example.org"]) == 0

    def test_the_last_admin_stays(self, home, capsys):
        run(["user", "add", "ann@example.org", "--role", "admin"])
        assert run(["user", "deactivate", "ann@example.org"]) == 1
        assert "only active administrator" in capsys.readouterr().err

    def test_links_use_the_public_address(self, home, monkeypatch, capsys):
        monkeypatch.setenv("DEEPTRACKER_PUBLIC_URL", "https://tracker.example.org/")
        run(["user", "add", "ann@example.org"])
        assert "\nhttps://tracker.example.org/link/" in capsys.readouterr().out

    def test_links_lead_to_the_server_that_runs(self, home, monkeypatch, capsys):
        def link() -> str:
            assert run(["user", "link", "ann@example.org"]) == 0
            return capsys.readouterr().out.split()[-1]

        run(["user", "add", "ann@example.org"])
        capsys.readouterr()
        with served.told(AppSettings().on(port=8063)):
            with served.told(AppSettings().on(port=8061)):
                assert link().startswith("http://127.0.0.1:8061/link/")
            assert link().startswith("http://127.0.0.1:8063/link/")
            with served.told(AppSettings()):
                assert link().startswith("http://127.0.0.1:8050/link/")
            monkeypatch.setenv("DEEPTRACKER_PORT", "9000")
            assert link().startswith("http://127.0.0.1:9000/link/")
            monkeypatch.delenv("DEEPTRACKER_PORT")
            (other,) = (home / "servers").iterdir()
            other.write_text('{"address": "http://elsewhere", "port": 1, "store": "another one"}')
            assert link().startswith("http://127.0.0.1:8050/link/")
        # One that was killed leaves its file, without the lock.
        (home / "servers" / "8064.json").write_text("{")
        assert link().startswith("http://127.0.0.1:8050/link/")


class TestFailures:
    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (["user", "add", "nonsense"], 1, "is not a valid e-mail address"),
            (["user", "link", "nobody@example.org"], 1, "nobody@example.org"),
            (["user", "add", "a@example.org", "--role", "king"], 2, "king"),
            (["user", "role", "a@example.org"], 2, "ROLE"),
            (["ingest"], 2, "path"),
            (["ingest", "/no/such/run"], 1, "run.json"),
            (["ingest", "/x", "--owner", "nobody@example.org"], 1, "nobody@example.org"),
            (["ingest", "~no-such-account/run"], 1, "'~no-such-account/run' leads nowhere"),
            (["ingest", ""], 1, "Name a folder or a file"),
            (["nonsense"], 2, "nonsense"),
            (["serve", "--port", "99999"], 2, "65535"),
            (["serve", "--host", "0.0.0.0"], 1, "DEEPTRACKER_SECRET_KEY"),
        ],
    )
    def test_one_line_and_a_status(self, home, capsys, arguments, status, said):
        assert run(arguments) == status
        error = capsys.readouterr().err
        assert said in error
        assert "Traceback" not in error
        assert status != 1 or len(error.strip().splitlines()) == 1

    def test_a_log_that_holds_one_run_and_is_no_training_of_another_tool(
        self, home, recorded_run, tmp_path, capsys
    ):
        assert run(["ingest", str(recorded_run), "--run", "5"]) == 1
        assert f"{recorded_run}: is the log of one run; leave out the ID '5'" in (
            " ".join(capsys.readouterr().err.split())
        )
        assert run(["convert", str(recorded_run), str(tmp_path / "new")]) == 1
        assert "is a log of DeepTracker already" in capsys.readouterr().err
        assert not (tmp_path / "new").exists()

    def test_twice_the_same_account(self, home, capsys):
        run(["user", "add", "ann@example.org"])
        assert run(["user", "add", "Ann@Example.org"]) == 1
        assert "already an account" in capsys.readouterr().err

    def test_a_database_that_is_away(self, home, monkeypatch, capsys):
        monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@127.0.0.1:1/x")
        for arguments in (["db", "check"], ["user", "list"], ["serve"]):
            assert run(arguments) == 1
            error = capsys.readouterr().err
            assert "did not answer" in error
            assert "hunter2" not in error

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("postgresql://u:hunter2@host:port/x", "DATABASE_URL is not a URL"),
            ("postgresql://u:hunter2@[::1/x", "DATABASE_URL is not a URL"),
            ("postgresql://u:hunter2@h/x?connect_timeout=soon", "connect_timeout: 'soon'"),
        ],
    )
    def test_an_address_that_cannot_be(self, home, monkeypatch, capsys, url, said):
        monkeypatch.setenv("DATABASE_URL", url)
        assert run(["db", "check"]) == 1
        (error,) = capsys.readouterr().err.strip().splitlines()
        assert said in error
        assert "db upgrade" not in error
        assert "hunter2" not in error

    def test_a_database_that_refuses(self, home, store, database_url, monkeypatch, capsys):
        """What it does not do because it only reads, and because the account has no rights."""
        with store.begin() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
            connection.execute(text("GRANT SELECT ON alembic_version TO reader"))
        try:
            url = driver_url(database_url).set(username="reader", password=None)
            monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
            assert run(["user", "list"]) == 1
            (error,) = capsys.readouterr().err.strip().splitlines()
            assert "permission denied" in error
            assert "db upgrade" not in error
        finally:
            with store.begin() as connection:
                connection.execute(text("DROP OWNED BY reader"))
                connection.execute(text("DROP ROLE reader"))
        monkeypatch.setenv("DATABASE_URL", database_url)
        with store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            name = connection.engine.url.database
            connection.execute(
                text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            )
        assert run(["user", "add", "ann@example.org"]) == 1
        (error,) = capsys.readouterr().err.strip().splitlines()
        assert "read-only transaction" in error

    def test_a_setting_that_leads_nowhere(self, home, monkeypatch, capsys):
        serve = ["serve", "--port", str(free_port())]
        for name, arguments in (
            ("DEEPTRACKER_LAKE", ["lake", "sync"]),
            ("DEEPTRACKER_HOME", serve),
        ):
            with monkeypatch.context() as settings:
                settings.setenv(name, "~no-such-account/there")
                assert run(arguments) == 1
            (error,) = capsys.readouterr().err.strip().splitlines()
            assert error.startswith(f"Error: {name}: '~no-such-account/there' leads nowhere")

    @needs_root
    def test_a_home_of_another_account(self, home, monkeypatch, capsys):
        """With the embedded server, and with DATABASE_URL, where a secret key would be made."""
        os.chown(home, NOBODY, NOBODY)
        before = tree(home)
        for arguments in (["serve"], ["demo"]):
            assert run([*arguments, "--port", str(free_port())]) == 1
            said = capsys.readouterr().err.strip()
            assert said.startswith(f"Error: {home} belongs to the account nobody, and this is root")
            assert "\n" not in said
        monkeypatch.delenv("DATABASE_URL")
        for arguments in (["user", "list"], ["serve"], ["worker"], ["db", "upgrade"], ["demo"]):
            assert run(arguments) == 1
            assert "sudo -u nobody deeptracker" in capsys.readouterr().err
        assert tree(home) == before

    def test_a_setting_that_cannot_be(self, home, monkeypatch, capsys):
        monkeypatch.setenv("DEEPTRACKER_PORT", "abc")
        assert run(["serve"]) == 1
        assert "DEEPTRACKER_PORT" in capsys.readouterr().err

    def test_a_database_without_the_schema(self, home, empty_database_url, monkeypatch, capsys):
        monkeypatch.setenv("DATABASE_URL", empty_database_url)
        assert run(["db", "check"]) == 1
        assert run(["user", "list"]) == 1
        assert "deeptracker db upgrade" in capsys.readouterr().err
        assert run(["db", "upgrade"]) == 0
        assert run(["db", "check"]) == 0
        assert run(["user", "list"]) == 0

    def newer(self, engine: Engine) -> None:
        with session_scope(engine) as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9042'"))

    def says_newer(self, arguments: list[str], capsys) -> None:
        capsys.readouterr()
        assert run(arguments) == 1
        (said,) = capsys.readouterr().err.strip().splitlines()
        upgrade = "pip install --upgrade 'deeptracker[server]'"
        for part in ("revision 9042", "newer release", upgrade):
            assert part in said
        assert "db upgrade" not in said
        assert "not up to date" not in said

    @pytest.mark.parametrize(
        "arguments",
        [["db", "check"], ["db", "upgrade"], ["serve"], ["worker"], ["user", "list"], ["demo"]],
        ids=" ".join,
    )
    def test_a_schema_of_a_newer_release_is_named_so(self, home, store, capsys, arguments):
        self.newer(store)
        self.says_newer(arguments, capsys)

    def test_so_is_that_of_the_embedded_server(self, own_home, monkeypatch, capsys):
        monkeypatch.delenv("DATABASE_URL", raising=False)
        monkeypatch.setenv("DEEPTRACKER_HOME", str(own_home))
        assert run(["user", "list"]) == 0
        engine = make_engine()
        self.newer(engine)
        engine.dispose()
        # Which is otherwise brought up to date without being asked.
        for arguments in (["user", "list"], ["serve"], ["worker"], ["db", "upgrade"]):
            self.says_newer(arguments, capsys)

    def test_public_without_a_password_is_refused(self, home, store, monkeypatch, capsys):
        monkeypatch.setenv("DEEPTRACKER_SECRET_KEY", "k" * 40)
        run(["user", "add", "ann@example.org", "--role", "admin"])
        assert run(["serve", "--host", "0.0.0.0"]) == 1
        assert "no account has a password" in capsys.readouterr().err

    def test_a_port_in_use(self, home, capsys):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert run(["serve", "--port", str(port)]) == 1
        said = capsys.readouterr().err.strip()
        found = re.fullmatch(
            rf"Error: Port {port} on 127.0.0.1 is in use. Choose another one: --port (\d+)", said
        )
        with socket.create_server(("127.0.0.1", int(found[1]))):
            pass  # it can be had

    def test_an_address_of_another_machine(self, home, store, monkeypatch, capsys):
        monkeypatch.setenv("DEEPTRACKER_SECRET_KEY", "k" * 40)
        make_web(store).account("ann@example.org", Role.ADMIN)
        for host in ("192.0.2.1", "nowhere.invalid"):
            assert run(["serve", "--host", host]) == 1
            said = capsys.readouterr().err.strip()
            assert said.startswith(f"Error: {host} is not an address of this machine")
            assert said.endswith("--host 127.0.0.1")


class TestSettings:
    def test_defaults_are_private(self, home):
        settings = AppSettings()
        assert (settings.host, settings.port, settings.is_public) == ("127.0.0.1", 8050, False)

    def test_the_key_is_made_once_and_closed_to_others(self, home):
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _: AppSettings().key(), range(8)))
        assert len(keys) == 1
        assert len(keys.pop()) >= 32
        assert (home / "secret_key").stat().st_mode & 0o077 == 0

    def test_bad_values(self):
        for changes in (
            {"secret_key": "short"},
            {"public_url": "ftp://x"},
            {"public_url": "https://x/y"},
            {"port": 0},
        ):
            with pytest.raises(ValueError, match="1 validation error"):
                AppSettings(**changes)

    def test_hosts(self):
        settings = AppSettings(
            host="0.0.0.0", public_url="https://Tracker.example.org", allowed_hosts="a.example, b"
        )
        assert {"tracker.example.org", "a.example", "b", "localhost"} <= settings.hosts
        assert "0.0.0.0" not in settings.hosts
        assert settings.address == "https://tracker.example.org"


class TestIngest:
    def test_a_log_is_loaded_once(self, home, store, recorded_run, capsys):
        run(["user", "add", "ann@example.org", "--name", "Ann"])
        capsys.readouterr()
        assert run(["ingest", str(recorded_run), "--owner", "ann@example.org"]) == 0
        assert "13 new snapshots" in capsys.readouterr().out
        assert run(["ingest", str(recorded_run), "--follow"]) == 0
        assert "0 new, 13 unchanged" in capsys.readouterr().out
        with session_scope(store) as session:
            (found,) = runs.list_runs(session)
        assert (found.owner, found.snapshot_count) == ("Ann", 13)

    def test_unusable_snapshots_give_another_status(self, home, recorded_run, tmp_path, capsys):
        broken = tmp_path / "broken"
        shutil.copytree(recorded_run, broken)
        first = sorted((broken / "snapshots").iterdir())[0]
        first.write_bytes(first.read_bytes()[:100])
        assert run(["ingest", str(broken)]) == 3
        said = capsys.readouterr()
        assert "1 unusable" in said.out
        assert first.name in said.err


def test_first_requests_that_race_on_fresh_workers_all_succeed(home):
    port = free_port()
    process = started("serve", "--port", str(port), "--workers", "2")
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/health", process)
        paths = ["/login", "/health", "/assets/plain.css", "/", "/_dash-layout"] * 8
        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda path: get(base + path), paths))
        assert set(statuses) <= {200, 401}
        assert statuses.count(401) == 8
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    with pytest.raises(OSError, match="refused"):
        get(f"{base}/health")


class TestDemo:
    def test_on_a_database_with_accounts_it_prints_no_link_and_ends_clean(self, home, store):
        make_web(store).account("ann@example.org", Role.ADMIN)
        process = started("demo", "--epochs", "1", "--port", str(free_port()))
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "snapshots loaded" in line:
                break
        said = "".join(lines)
        assert "log in" in said
        address = next(word for word in said.split() if word.startswith("http"))
        assert get(f"{address}/health") == 200
        with session_scope(store) as session:
            (run_row,) = runs.list_runs(session)
            (job,) = jobs.list_jobs(session)
            (admin,) = accounts.list_accounts(session)
        assert (run_row.name, run_row.state) == ("digits-seed-0", "complete")
        assert run_row.snapshot_count == job.done == 4
        assert (job.state, job.mode) == ("succeeded", "follow")
        assert run_row.owner == admin.name
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=120)
        assert process.returncode == 0, rest
        assert "/link/" not in said + rest
        # Every part of it is gone.
        with pytest.raises(OSError, match="refused"):
            get(f"{address}/health")
        assert not processes_with(str(home))

    def test_the_next_seed(self, tmp_path):
        assert next_seed(tmp_path) == 0
        for name in ("digits-seed-0", "digits-seed-7", "digits-seed-x", "other-9"):
            (tmp_path / name).mkdir()
        assert next_seed(tmp_path) == 8


def processes_with(text: str) -> list[str]:
    """Return the command lines of processes that name `text`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found
