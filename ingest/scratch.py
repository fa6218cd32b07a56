"""Folders of this machine for what a load makes on its way, below the home of DeepTracker."""

import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

from db.config import DatabaseSettings

_NAME = "converting"


def make_scratch() -> Path:
    """Return a new folder of this process's own; what ended processes left behind is deleted."""
    for parent in (DatabaseSettings().folder() / _NAME, _of_temporary()):
        try:
            parent.mkdir(parents=True, exist_ok=True)
            clean_scratch(parent)
            made = parent / f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(6)}"
            made.mkdir(mode=0o700)
        except OSError:
            continue
        return made
    return Path(tempfile.mkdtemp(prefix="deeptracker-"))


def clean_scratch(parent: Path | None = None) -> None:
    """Delete the folders of processes of this machine that are over."""
    for folder in _listed(parent or DatabaseSettings().folder() / _NAME):
        host, _, rest = folder.name.rpartition(".")[0].rpartition(".")
        if host == socket.gethostname() and rest.isdigit() and not _lives(int(rest)):
            shutil.rmtree(folder, ignore_errors=True)


def _of_temporary() -> Path:
    return Path(tempfile.gettempdir()) / f"deeptracker-{_NAME}-{os.geteuid()}"


def _listed(parent: Path) -> list[Path]:
    try:
        return [one for one in parent.iterdir() if one.is_dir() and not one.is_symlink()]
    except OSError:
        return []


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
