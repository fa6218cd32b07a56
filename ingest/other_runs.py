"""The runs of other tools in a folder that is watched, and when their files last changed."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deeptracker.conversion.checkpoints.finding import find_checkpoints
from deeptracker.conversion.readers import Reader
from deeptracker.conversion.readers.known import find_readers, stored_runs
from deeptracker.errors import DeepTrackerError

# To look into a folder takes time where it holds much: at most this part of it.
_BUSY_SHARE = 0.05
_LEAST_SECONDS = 2.0


@dataclass
class OtherRuns:
    """Looks into folders now and then, and remembers meanwhile what was in them."""

    _kept: dict[Path, tuple[float, list[tuple[str, float]]]] = field(default_factory=dict)

    def look(self, folder: Path) -> list[tuple[str, float]]:
        """Return the runs in a folder by location, each with when it last changed; often none.

        A folder that cannot be read, or holds too much, has none: whoever loads it is told why.
        """
        begun = time.monotonic()
        due, found = self._kept.get(folder, (0.0, []))
        if begun < due:
            return found
        try:
            found = list(_runs_in(folder))
        except (DeepTrackerError, OSError):
            found = []
        ended = time.monotonic()
        rest = max(_LEAST_SECONDS, (ended - begun) / _BUSY_SHARE)
        self._kept[folder] = (ended + rest, found)
        return found


def _runs_in(folder: Path) -> Iterator[tuple[str, float]]:
    several = stored_runs(folder)
    if len(several) > 1:
        for run in several:
            if run.id.isprintable() and (times := _times(find_readers(folder, run.id))):
                yield f"{folder}#{run.id}", max(times)
        return
    readers = find_readers(folder, several[0].id if several else None)
    checkpoints = find_checkpoints(folder).checkpoints
    files = [path for one in checkpoints for path in one.files]
    times = [*_times(readers), *(os.lstat(path).st_mtime for path in files)]
    if times:
        yield str(folder), max(times)


def _times(readers: list[Reader]) -> list[float]:
    return [os.lstat(reader.path).st_mtime for reader in readers]
