"""The commands in a folder with a user's own `app`, `db` and the like: none of it is run.

For the demo and all that it starts, tests/faults/test_demo.py says so.
"""

import os
import signal

import pytest
import requests

from app.config import AppSettings
from app.demo import _environment
from benchmarks.make_log import write_log
from tests.commands import answers, new_home, wait_until
from tests.foreign_code import expect_nothing_foreign, write_foreign_code
from tests.ports import free_port


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Commands that are started in such a folder; `marks` has what was run of it."""
    folder = tmp_path_factory.mktemp("theirs")
    with new_home(DEEPTRACKER_WEB_WORKERS="1") as home:
        home.folder, home.marks = folder, write_foreign_code(folder)
        yield home


@pytest.fixture(autouse=True)
def nothing_foreign(home):
    yield
    expect_nothing_foreign(home.marks)


def test_that_such_a_folder_would_be_run(home):
    """The test of the test: as a module in that folder, Python takes what is there."""
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "app.cli"], cwd=home.folder, capture_output=True)
    assert done.returncode != 0
    assert "app/__init__.py" in home.marks.read_text()
    home.marks.unlink()


def test_short_commands(home, tmp_path):
    write_log(tmp_path / "log", scale=0.01, snapshots=12 / 0.01)
    assert "up to date" in home.run("db", "upgrade")
    assert "12 new snapshots" in home.run("ingest", str(tmp_path / "log"))


def test_serve_and_worker(home):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    commands = [home.start("serve", "--port", str(port)), home.start("worker")]
    answers(address)
    wait_until(lambda: requests.get(f"{address}/ready", timeout=30).json()["worker"] == "alive")
    for command in commands:
        command.send_signal(signal.SIGTERM)
        assert command.wait(60) == 0, home.said(command)


def test_an_empty_entry_of_pythonpath_is_not_passed_on(home, monkeypatch):
    """It means the folder that a process is started in, and stands there by mistake."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/some/folder", ".", "src"]))
    assert _environment(home.path, AppSettings())["PYTHONPATH"] == "/some/folder"
