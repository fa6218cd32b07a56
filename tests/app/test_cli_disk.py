"""Commands on a full disk: one line that names what cannot be written; nothing is half-written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import run
from deeptracker import standard_output
from tests.deeptracker import small_logs
from tests.full_disk import full_disk
from tests.ports import free_port

_ELSEWHERE = "Make room on its disk, or choose another place"


@pytest.fixture
def folder(database_url, tmp_path, monkeypatch) -> Path:
    """The folder that commands are to write into, home included."""
    for name in list(os.environ):
        if name.startswith("DEEPTRACKER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DEEPTRACKER_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("DEEPTRACKER_LAKE", str(tmp_path / "new" / "lake"))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    (tmp_path / "metrics.csv").write_text("step,loss\n1,0.5\n2,0.4\n")
    (tmp_path / "new").mkdir()
    return tmp_path / "new"


def in_one_line(capsys) -> str:
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["serve", "--port", str(free_port())],
            "{new}/secret_key cannot be written (File too large). Mend that, set DEEPTRACKER_HOME "
            "to another folder, or set DEEPTRACKER_SECRET_KEY.",
        ),
        (["db", "backup", "{new}/a.dump"], "{new}/a.dump was not written: "),
        (
            ["lake", "sync"],
            f"The lake {{new}}/lake cannot be used: File too large. {_ELSEWHERE} for it "
            "(DEEPTRACKER_LAKE).",
        ),
        (
            ["convert", "{new}/../metrics.csv", "{new}/log"],
            "{new}/log cannot be written (File too large); choose another folder",
        ),
    ],
    ids=lambda one: " ".join(one[:2]) if isinstance(one, list) else "",
)
def test_what_cannot_be_written_is_named_and_not_there(folder, capsys, arguments, said):
    with full_disk():
        assert run([word.format(new=folder) for word in arguments]) == 1
    assert in_one_line(capsys).startswith("Error: " + said.format(new=folder))
    assert [path for path in folder.rglob("*") if not path.is_dir()] == []


def test_a_backup_that_is_none_is_named(folder, empty_database_url, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    broken = folder / "broken.dump"
    broken.write_bytes(b"PGDMP")
    assert run(["db", "restore", str(broken)]) == 1
    assert in_one_line(capsys).startswith(f"Error: {broken} was not restored: ")


def test_standard_output_is_named(folder, monkeypatch, capsys):
    """An account was made, but nobody has seen its link."""
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        standard_output.name_it()
        assert run(["user", "add", "ann@example.org"]) == 1
        assert in_one_line(capsys).startswith("Error: standard output: No space left on device. ")


@pytest.mark.parametrize(
    ("into", "said"), [("/dev/full", "Error: standard output: No space left"), (None, "")]
)
def test_so_it_is_by_what_works_without_a_server(tmp_path, into, said):
    """With a reader that has seen enough, too: that is no error to speak of."""
    small_logs.write_small_log(tmp_path)
    read, write = os.pipe()
    os.close(read)
    command = "from deeptracker.command import main; main()"
    with open(into, "w") if into else os.fdopen(write, "w") as output:
        done = subprocess.run(
            [sys.executable, "-c", command, "show", str(tmp_path), "--json"],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == bool(said)
