"""The scalars and predictions of other tools as a source, without writing anything."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.course import Course, course_of, moved
from deeptracker.conversion.predictions import (
    Predictions,
    find_predictions,
    read_predictions,
)
from deeptracker.conversion.readers import Reader, gone_note
from deeptracker.conversion.readers.known import find_readers, stores
from deeptracker.conversion.readers.passed_over import passed_over
from deeptracker.conversion.scalar_run import manifest_of
from deeptracker.conversion.told import joined, told
from deeptracker.errors import DeepTrackerError, LogError
from deeptracker.format import Ledger, Manifest, Probe, Snapshot
from ingest.locations import Place, check_inside
from ingest.sources import OnBad

# New files are looked for every so often, and then at most for this part of the time.
_LOOK_SECONDS = 1.0
_BUSY_SHARE = 0.1
# So many runs of a store are named in a message.
_NAMED = 20
# A tool that does not say whether its run is over, and wrote nothing for so long, has ended.
QUIET_SECONDS = 6 * 3600.0


def run_uuid(location: str) -> str:
    """Return the UUID of the run that was found at a place, always the same."""
    return uuid5(NAMESPACE_URL, f"deeptracker:{location}").hex


def only_run(path: Path) -> str | None:
    """Return which run to read: None, the only one of each tool; LogError for several in a store.

    One run of TensorBoard's and one of MLflow's in a folder are of one training.
    """
    stored = stores(path)
    if all(len(runs) < 2 for runs in stored):
        return None
    found = {run.id: run.name for runs in stored for run in runs}
    named = [f"{id} ({name})" if name and name != id else id for id, name in found.items()]
    more = f", and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    raise LogError(
        path,
        "",
        f"holds {len(named):,} runs, of which one has to be named, as {path}#ID or with --run ID: "
        f"{', '.join(named[:_NAMED])}{more}",
    )


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
        self._good: dict[tuple[type, Path], Collected] = {}
        self._gone: frozenset[tuple[type, Path]] = frozenset()
        self._passed: tuple[str, ...] = ()
        self._errors: dict[Path, LogError] = {}
        self._told: set[str] = set()
        self._began: float | None = None
        self._table: tuple[float, Path, Predictions] | None = None
        self.collected = Collected()
        self.course: Course | None = None
        self._stamps: dict[int, bytes] = {}
        self._manifest: Manifest | None = None
        self._known: tuple[object, ...] = ()
        self._seen: dict[int, bytes] = {}

    def manifest(self) -> Manifest | None:
        """Return what the run is, None where nothing is recognised; LogError if all is unusable."""
        self._find()
        parts = self._read()
        said = told(self.path)
        if all(part.empty for _, part in parts) and self._table is None:
            self.collected = joined(said, [])
            if self._errors:
                raise next(iter(self._errors.values()))
            return None
        state = self._state([part for _, part in parts])
        known = (
            said,
            *(id(part) for _, part in parts),
            state,
            self._gone,
            self._passed,
            None if self._table is None else self._table[0],
        )
        if self._manifest is not None and known == self._known:
            return self._manifest
        self._known = known
        whole = joined(said, parts)
        whole.notes += said.unused(path for path, _ in parts)
        whole.notes += self._passed
        whole.notes += [gone_note(path.name) for path in sorted(path for _, path in self._gone)]
        if self._table is not None:
            whole.kinds.append("table of predictions")
            whole.files.append(self._table[1].name)
        course = course_of(whole, predictions=None if self._table is None else self._table[2])
        self._stamps = _stamps(course)
        self.collected, self.course = whole, course
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
        run = self._run or only_run(self.path)
        found = {(type(one), one.path): one for one in find_readers(self.path, run)}
        if self._roots is not None:
            for _, path in found:
                check_inside(path, roots=self._roots)
        # What was read of a file stays, also where the file does not.
        gone = {key: one for key, one in self._readers.items() if self._is_gone(key)}
        if found or not gone:
            known = {key: self._readers.get(key, one) for key, one in found.items()}
            self._readers = gone | known
        self._find_table()
        self._passed = tuple(passed_over(self.path))
        took = time.monotonic() - begun
        self._look_at = time.monotonic() + max(_LOOK_SECONDS, took / _BUSY_SHARE)

    @property
    def table(self) -> Path | None:
        """Return where the predictions are, None where there are none."""
        return None if self._table is None else self._table[1]

    def _find_table(self) -> None:
        path = find_predictions(self.path) if self.path.is_dir() and not self._run else None
        if path is None:
            return
        if self._roots is not None:
            check_inside(path, roots=self._roots)
        changed = _changed_at(path) or 0.0
        if self._table is None or self._table[0] != changed:
            try:
                self._table = (changed, path, read_predictions(path))
                self._errors.pop(path, None)
            except LogError as error:
                self._errors[path] = error

    def _is_gone(self, key: tuple[type, Path]) -> bool:
        """Say whether a file was read and is not there any more."""
        return key in self._good and not os.path.lexists(key[1])

    def _read(self) -> list[tuple[Path, Collected]]:
        """Return what the readers have; what one cannot read stays as it was, and is told."""
        self._gone = frozenset(filter(self._is_gone, self._readers))
        for key, reader in self._readers.items():
            if key in self._gone:
                self._errors.pop(reader.path, None)
                continue
            try:
                part = reader.read()
                if not part.empty and not part.files:
                    here = self.path.parent if self.path.is_file() else self.path
                    part.files.append(os.path.relpath(reader.path, here))
                self._good[key] = part
                self._errors.pop(reader.path, None)
            except DeepTrackerError as error:
                self._errors[reader.path] = (
                    error if isinstance(error, LogError) else LogError(reader.path, "", str(error))
                )
        return [(key[1], self._good[key]) for key in self._readers if key in self._good]

    def _state(self, parts: Iterable[Collected]) -> str:
        said = [part.ended for part in parts if part.ended is not None]
        if said and all(said):
            return "complete"
        quiet = time.time() - max(self._changed_at()) > QUIET_SECONDS
        return "recording" if self._live and not (quiet and not said) else "complete"

    def busy(self) -> bool:
        """Return False: all is read at once."""
        return False

    def close(self) -> None:
        """Do nothing: nothing is kept open."""

    def _changed_at(self) -> list[float]:
        # A folder does not change when a file in it grows.
        here = self.path.parent if self.path.is_file() else self.path
        places = {reader.path for reader in self._readers.values()}
        places |= {here / name for part in self._good.values() for name in part.files}
        times = [_changed_at(path) for path in places]
        return [at for at in times if at is not None] or [time.time()]

    def changed(self) -> list[int]:
        """Return the iterations whose values were not read yet in their present form, rising."""
        return [at for at, stamp in self._stamps.items() if self._seen.get(at) != stamp]

    def again(self) -> frozenset[int]:
        """Return nothing: a snapshot whose values changed was recorded again."""
        return frozenset()

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return which stored snapshots have their values in a later one now."""
        return [] if self.course is None else moved(stored, self.course)

    def size(self, iteration: int) -> int:
        """Return about how many bytes a snapshot has."""
        course = self.course
        return 0 if course is None else 16 * course.values // max(len(course.iterations), 1)

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the snapshots of iterations that are there."""
        course, stamps = self.course, self._stamps
        if course is None:
            return
        places = {at: place for place, at in enumerate(course.iterations)}
        for iteration in iterations:
            if iteration in places:
                yield course.snapshot(places[iteration])
                self._seen[iteration] = stamps[iteration]

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Tell of the files that cannot be read; there are no pictures."""
        self.tell(on_bad)
        return iter(())

    def tell(self, on_bad: OnBad) -> None:
        """Tell of the files that cannot be read, once."""
        for error in list(self._errors.values()):
            if str(error) not in self._told:
                self._told.add(str(error))
                on_bad(error)

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Return nothing: no other tool writes batch ledgers."""
        return iter(())

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Return nothing: no other tool writes probes."""
        return iter(())


def _changed_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _stamps(course: Course) -> dict[int, bytes]:
    """Return what tells one form of each snapshot from another, by iteration."""
    values = course.marks().tolist()
    found = {}
    for place, (iteration, mark) in enumerate(zip(course.iterations, values, strict=True)):
        said = f"{course.epoch(iteration)!r} {course.time(iteration)!r} {mark:x}"
        total = hashlib.blake2b(said.encode(), digest_size=16)
        if course.layers is not None or course.predictions is not None:
            snapshot = course.snapshot(place)
            tables = (*snapshot.statistics.values(), *snapshot.histogram.values())
            for table in (*tables, snapshot.prediction, snapshot.probability):
                total.update(b"" if table is None else table.tobytes())
        found[iteration] = total.digest()
    return found
