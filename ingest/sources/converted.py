"""What other tools left in a folder or a file as a source: it is read as if it had been recorded.

Scalars alone are read in this process, without writing anything.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from deeptracker.conversion.collected import Collected, merged
from deeptracker.conversion.course import Course, course_of, moved
from deeptracker.conversion.readers import Reader
from deeptracker.conversion.readers.known import find_readers
from deeptracker.conversion.scalar_run import manifest_of
from deeptracker.errors import LogError
from deeptracker.format import Ledger, Manifest, Snapshot
from ingest.locations import Place, check_inside
from ingest.sources import OnBad

# New files are looked for every so often, and then at most for this part of the time.
_LOOK_SECONDS = 1.0
_BUSY_SHARE = 0.1
# A tool that does not say whether its run is over, and wrote nothing for so long, has ended.
QUIET_SECONDS = 6 * 3600.0


def run_uuid(location: str) -> str:
    """Return the UUID of the run that was found at a place, always the same."""
    return uuid5(NAMESPACE_URL, f"deeptracker:{location}").hex


class ScalarsSource:
    """A run of scalars alone: of event files, tables, stores of trackers.

    `run` is the id of one of several in a store. While `live` the training may go on. `roots`,
    where given, are the only folders in which the files may really lie.
    """

    poll_seconds = 0.5

    def __init__(
        self,
        path: Path,
        *,
        location: str,
        run: str | None = None,
        roots: Sequence[Place] | None = None,
        live: bool = False,
    ) -> None:
        self.path, self.location = path, location
        self._run, self._roots, self._live = run, roots, live
        self._readers: dict[tuple[type, Path], Reader] = {}
        self._look_at = 0.0
        self._parts: list[Collected] = []
        self._errors: dict[Path, LogError] = {}
        self._told: set[str] = set()
        self._began: float | None = None
        self._course: Course | None = None
        self._stamps: dict[int, bytes] = {}
        self._manifest: Manifest | None = None
        self._seen: dict[int, bytes] = {}

    def manifest(self) -> Manifest | None:
        """Return what the run is, None where nothing is recognised; LogError if all is unusable."""
        self._find()
        if not self._readers:
            return None
        parts = self._read()
        if all(part.empty for part in parts):
            if self._errors:
                raise next(iter(self._errors.values()))
            return None
        state = self._state(parts)
        same = self._manifest is not None and len(parts) == len(self._parts)
        if same and all(map(_is, parts, self._parts)) and self._manifest.state == state:  # type: ignore[union-attr]
            return self._manifest
        self._parts = parts
        whole = merged(parts)
        course = course_of(whole)
        self._stamps = _stamps(course)
        self._course = course
        changed = self._changed_at()
        self._began = self._began or min(changed)
        self._manifest = manifest_of(
            whole,
            course,
            run=run_uuid(self.location),
            name=self.path.stem if self.path.is_file() else self.path.name,
            path=self.location,
            created_at=self._began,
            ended_at=None if state == "recording" else max(changed),
            state=state,
        )
        return self._manifest

    def _find(self) -> None:
        """Look for files that are new; readers of those that are known go on."""
        begun = time.monotonic()
        if self._readers and (begun < self._look_at or not self._live):
            return
        if not self.path.exists():
            return
        found = {(type(one), one.path): one for one in find_readers(self.path, self._run)}
        if self._roots is not None:
            for _, path in found:
                check_inside(path, roots=self._roots)
        self._readers = {key: self._readers.get(key, one) for key, one in found.items()}
        took = time.monotonic() - begun
        self._look_at = time.monotonic() + max(_LOOK_SECONDS, took / _BUSY_SHARE)

    def _read(self) -> list[Collected]:
        """Return what the readers have; what one cannot read goes on as it was, and is told."""
        found = []
        for reader in self._readers.values():
            try:
                part = reader.read()
                if not part.empty and not part.files:
                    here = self.path.parent if self.path.is_file() else self.path
                    part.files.append(str(reader.path.relative_to(here)))
                found.append(part)
                self._errors.pop(reader.path, None)
            except LogError as error:
                self._errors[reader.path] = error
        return found

    def _state(self, parts: Iterable[Collected]) -> str:
        said = [part.ended for part in parts if part.ended is not None]
        if said and all(said):
            return "complete"
        quiet = time.time() - max(self._changed_at()) > QUIET_SECONDS
        return "recording" if self._live and not (quiet and not said) else "complete"

    def _changed_at(self) -> list[float]:
        times = [_changed_at(reader.path) for reader in self._readers.values()]
        return [at for at in times if at is not None] or [time.time()]

    def changed(self) -> list[int]:
        """Return the iterations whose values were not read yet in their present form, rising."""
        return [at for at, stamp in self._stamps.items() if self._seen.get(at) != stamp]

    def again(self) -> frozenset[int]:
        """Return nothing: a snapshot whose values changed was recorded again."""
        return frozenset()

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return which stored snapshots have their values in a later one now."""
        return [] if self._course is None else moved(stored, self._course)

    def passed(self, iterations: Sequence[int]) -> None:
        """Take snapshots for read that others read, in the form that `changed` saw last."""
        for iteration in iterations:
            if stamp := self._stamps.get(iteration):
                self._seen[iteration] = stamp

    def size(self, iteration: int) -> int:
        """Return about how many bytes a snapshot has."""
        course = self._course
        return 0 if course is None else 16 * course.values // max(len(course.iterations), 1)

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the snapshots of iterations that are there."""
        course, stamps = self._course, self._stamps
        if course is None:
            return
        places = {at: place for place, at in enumerate(course.iterations)}
        for iteration in iterations:
            if iteration in places:
                yield course.snapshot(places[iteration])
                self._seen[iteration] = stamps[iteration]

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Tell of the files that cannot be read; there are no pictures."""
        for error in list(self._errors.values()):
            if str(error) not in self._told:
                self._told.add(str(error))
                on_bad(error)
        return iter(())

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Return nothing: no other tool writes batch ledgers."""
        return iter(())


def _is(one: Collected, other: Collected) -> bool:
    return one is other


def _changed_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _stamps(course: Course) -> dict[int, bytes]:
    """Return what tells one form of each snapshot from another, by iteration."""
    found = {}
    for place, iteration in enumerate(course.iterations):
        snapshot = course.snapshot(place)
        total = hashlib.blake2b(
            f"{snapshot.epoch!r} {snapshot.recorded_at!r}".encode(), digest_size=16
        )
        for name, series in snapshot.scalars.items():
            total.update(f"\n{name} {len(series.values)}\n".encode())
            total.update(series.iterations.tobytes())
            total.update(series.values.tobytes())
        found[iteration] = total.digest()
    return found
