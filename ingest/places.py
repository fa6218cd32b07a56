"""The folders that a worker sees under its roots, as the path fields of the jobs page offer them.

The web server may be on another host and sees no log; so each worker tells what it sees. The work
is bounded: so many folders, so deep, for so long. What is beyond is not offered, and can be typed.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from deeptracker.errors import LogError
from deeptracker.format import MANIFEST
from ingest.locations import ObjectFolder, Place
from ingest.object_store import ObjectStore

MOST = 2_000
# Of one folder; those that changed last.
MOST_OF_ONE = 500
DEEPEST = 4
SECONDS = 2.0
# Every folder in object storage is a request.
MOST_REQUESTS = 40
DEEPEST_OBJECTS = 2
OBJECTS_SECONDS = 300.0


# A look may take this part of the time since the one before.
BUSY_SHARE = 0.05
_OF_OTHER_TOOLS = (
    ".csv", ".jsonl", ".safetensors", ".pt", ".pth", ".pth.tar", ".ckpt", ".keras", ".wandb",
    "mlflow.db",
)  # fmt: skip


class Lookout:
    """Looks at the roots again and again; object storage only every OBJECTS_SECONDS."""

    def __init__(self, roots: Sequence[Place]) -> None:
        self._folders = [root for root in roots if isinstance(root, Path)]
        self._stores = [root for root in roots if isinstance(root, ObjectFolder)]
        self._seen: dict[str, bool] = {}
        self._objects: dict[str, bool] = {}
        self._next_files = self._next_objects = 0.0

    def look(self) -> dict[str, bool]:
        """Return the folders by location, and whether each is that of a run."""
        begun = time.monotonic()
        if self._stores and begun >= self._next_objects:
            self._objects = dict(_objects(self._stores))
            self._next_objects = time.monotonic() + OBJECTS_SECONDS
        begun = time.monotonic()
        if begun >= self._next_files:
            self._seen = dict(_files(self._folders))
            ended = time.monotonic()
            self._next_files = ended + (ended - begun) / BUSY_SHARE
        rest = max(0, MOST - len(self._seen))
        return self._seen | dict(islice(self._objects.items(), rest))


def _files(roots: Sequence[Path]) -> Iterator[tuple[str, bool]]:
    """Yield folders, those nearest to the roots first; a run's own are not looked into."""
    end = time.monotonic() + SECONDS
    waiting = deque((str(root), 0) for root in roots)
    number = 0
    while waiting and number < MOST and time.monotonic() < end:
        folder, depth = waiting.popleft()
        is_run = _looks_like_run(folder)
        if folder.isprintable() and (depth or os.path.isdir(folder)):
            yield folder, is_run
            number += 1
        if not is_run and depth < DEEPEST:
            waiting.extend((path, depth + 1) for path in _folders_in(folder))


def _looks_like_run(folder: str) -> bool:
    """Return whether a folder is a run's, by the names in it: this is an offer, no check."""
    if os.path.lexists(os.path.join(folder, MANIFEST)):
        return True
    try:
        with os.scandir(folder) as entries:
            return any(_of_other_tool(entry.name) for entry in islice(entries, MOST_OF_ONE))
    except OSError:
        return False


def _of_other_tool(name: str) -> bool:
    lower = name.lower()
    return "tfevents" in lower or lower.endswith(_OF_OTHER_TOOLS)


def _folders_in(folder: str) -> list[str]:
    """Return the folders directly in one, by name; no links, and none that is hidden.

    Nothing where it cannot be read: this is an offer, no check.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                shown = entry.name.isprintable() and not entry.name.startswith(".")
                if shown and entry.is_dir(follow_symlinks=False):
                    found.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
    except OSError:
        return []
    return sorted(path for _, path in sorted(found)[-MOST_OF_ONE:])


def _objects(roots: Sequence[ObjectFolder]) -> Iterator[tuple[str, bool]]:
    store = ObjectStore()
    waiting = deque((root, 0) for root in roots)
    for _ in range(MOST_REQUESTS):
        if not waiting:
            return
        folder, depth = waiting.popleft()
        try:
            entries = store.entries(folder)
        except LogError:
            continue
        is_run = MANIFEST in entries
        if entries:
            yield str(folder), is_run
        if not is_run and depth < DEEPEST_OBJECTS:
            names = sorted(n for n, e in entries.items() if e.size is None and n.isprintable())
            waiting.extend((folder / name, depth + 1) for name in names[:MOST_OF_ONE])
