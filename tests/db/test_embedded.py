"""The embedded server: shared by processes, ended by the last of them, named where it fails."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from db.embedded import ensure_server, stop_server
from db.engine import driver_url, make_engine
from db.errors import ServerUnavailable
from tests.servers import SETTINGS

USE = """
import sys
from pathlib import Path
from db.embedded import ensure_server
print(ensure_server(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home():
    path = Path(tempfile.mkdtemp(prefix="deeptracker-tests-"))
    path.chmod(0o755)
    ensure_server(path, settings={**SETTINGS, "work_mem": "5MB"})
    stop_server(path)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def use(home):
    """Start a process that uses the server until its input ends."""
    started = []

    def start() -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", USE, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline().startswith("postgresql+psycopg://postgres@/deeptracker")
        return process

    yield start
    for process in started:
        process.communicate(timeout=120)


def server_pid(home: Path) -> int | None:
    path = home / "postgresql" / "postmaster.pid"
    return int(path.read_text().split()[0]) if path.exists() else None


def test_processes_share_the_server_and_the_last_one_ends_it(home, use):
    assert server_pid(home) is None
    first, second = use(), use()
    pid = server_pid(home)
    assert psutil.pid_exists(pid)
    first.communicate(timeout=120)
    assert server_pid(home) == pid
    second.communicate(timeout=120)
    assert server_pid(home) is None


def test_a_killed_process_does_not_keep_the_server_for_ever(home, use):
    killed = use()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert server_pid(home) is not None
    use().communicate(timeout=120)
    assert server_pid(home) is None


def test_a_server_that_was_killed_itself_starts_again(home, use):
    process = use()
    killed = server_pid(home)
    os.kill(killed, signal.SIGKILL)
    while psutil.pid_exists(killed):
        time.sleep(0.05)
    process.communicate(timeout=120)
    use().communicate(timeout=120)


def test_settings_are_written_once_and_stay_the_users(home):
    path = home / "postgresql" / "postgresql.conf"
    path.write_text(path.read_text() + "work_mem = '6MB'\n")
    url = ensure_server(home, settings={"work_mem": "7MB"})
    with make_engine(url).connect() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("work_mem", "jit", "server_encoding", "timezone", "fsync")
        }
    assert shown == {
        "work_mem": "6MB", "jit": "off", "server_encoding": "UTF8", "timezone": "UTC",
        "fsync": "off",
    }  # fmt: skip
    assert ensure_server(home) == url
    stop_server(home)
    assert server_pid(home) is None


def test_all_who_come_at_once_share_one_server(home):
    log = home / "postgresql" / "log"
    before = log.read_text().count("starting PostgreSQL")
    command = [sys.executable, "-c", USE, str(home)]
    pipe = subprocess.PIPE
    crowd = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(5)]
    assert len({process.stdout.readline() for process in crowd}) == 1
    for process in crowd:
        process.communicate(timeout=120)
    assert log.read_text().count("starting PostgreSQL") == before + 1
    assert server_pid(home) is None


FORKED = USE.replace(
    "sys.stdin.read()",
    """
import os
if os.fork() == 0:
    sys.exit(0)  # with all that is done at an exit
os.wait()
if os.fork() == 0:
    sys.stdin.read()
    sys.exit(0)
os.kill(os.getpid(), 9)
""",
)


def test_a_forked_process_uses_it_as_well_and_does_not_end_it_for_others(home, use):
    with subprocess.Popen(
        [sys.executable, "-c", FORKED, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forked:
        assert forked.stdout.readline()
        forked.wait()
        pid = server_pid(home)
        assert psutil.pid_exists(pid)
        use().communicate(timeout=120)
        assert server_pid(home) == pid  # a child of the killed process is still there
        forked.stdin.close()
    for _ in range(200):
        if server_pid(home) is None:
            break
        time.sleep(0.05)
    assert server_pid(home) is None


@pytest.mark.parametrize(
    "url",
    ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"],
)
def test_urls_of_other_tools_are_taken(url):
    assert driver_url(url).render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize("url", ["", "here", "sqlite:///secret.db", "mysql://u:secret@h/d"])
def test_what_is_no_postgresql_is_refused_without_repeating_it(url):
    with pytest.raises(ServerUnavailable, match="DATABASE_URL") as caught:
        driver_url(url)
    assert "secret" not in str(caught.value)


def test_a_long_statement_is_cancelled(database_url):
    # Also the statements with which a connection begins have to end in that time.
    engine = make_engine(database_url, statement_timeout_ms=500)
    with engine.connect() as connection, pytest.raises(Exception, match="timeout") as caught:
        connection.exec_driver_sql("SELECT pg_sleep(20)")
    assert isinstance(caught.value.orig, psycopg.errors.QueryCanceled)
    engine.dispose()
