"""Which web servers of this machine serve a store, and where: so that commands print true links.

Each server keeps a file in `DEEPTRACKER_HOME/servers`, locked for as long as it lives: that of one
that was killed is free, and counts for nothing.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from app.config import AppSettings
from db.config import DatabaseSettings
from db.file_lock import FileLock, is_locked


@contextmanager
def told(settings: AppSettings) -> Iterator[None]:
    """Tell other commands within the block that a server answers at the address of its settings.

    A home that cannot be written to keeps no server from serving.
    """
    folder, store = _place()
    lock = FileLock(folder / f"{settings.port}.json")
    try:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if lock.take(seconds=0):
                said = {"address": settings.address, "port": settings.port, "store": store}
                lock.path.write_text(json.dumps(said))
        yield
    finally:
        if lock.held:
            lock.path.unlink(missing_ok=True)
            lock.lift()


def address(settings: AppSettings) -> str:
    """Return where people open a link: as the settings say, else where a server answers now.

    Of several servers of the store it is that of the default port, else of the lowest one.
    """
    chosen = {"public_url", "port", "host"} & settings.model_fields_set
    running = [] if chosen else sorted(_running(), key=lambda one: one["port"])
    if not running or any(one["port"] == settings.port for one in running):
        return settings.address
    return str(running[0]["address"])


def _running() -> Iterator[dict[str, Any]]:
    folder, store = _place()
    for path in folder.glob("*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads(path.read_text())
            if said["store"] == store and isinstance(said["port"], int) and is_locked(path):
                yield said


def _place() -> tuple[Path, str]:
    """Return the folder of these files, and what names the store that the environment means."""
    found = DatabaseSettings()
    url = found.database_url or ""
    return (
        found.folder() / "servers",
        hashlib.sha256(url.encode()).hexdigest()[:16] if url else "",
    )
