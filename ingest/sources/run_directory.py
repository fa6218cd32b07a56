"""A run directory of the Recorder as a source of checked snapshots."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from deeptracker.errors import LogError
from deeptracker.format import (
    LEDGERS,
    MANIFEST,
    PROBES,
    SCALARS,
    SNAPSHOTS,
    THUMBNAILS,
    Ledger,
    Manifest,
    Probe,
    RunDirectory,
    Snapshot,
    contact_sheet_path,
    ledger_path,
    probe_path,
    snapshot_path,
    with_tail,
)
from deeptracker.run_lock import is_alive
from ingest.locations import Place, check_inside
from ingest.sources import OnBad
from ingest.sources.pictures import check_sheet

# A directory's time of change is only as fine as the file system's clock: within this many seconds
# of it, another change may have left it as it was.
_CLOCK = 2.0

Stamp = tuple[int, int, int]
_Found = TypeVar("_Found")


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class RunDirectorySource:
    """Remembers which files it has read, and in which form, so that asking again is cheap.

    `roots`, where given, are the only folders in which the log's files may really lie: a symbolic
    link out of them is refused. Without them the reader is the user's own process.
    """

    poll_seconds = 0.05

    def __init__(self, path: Path, *, roots: Sequence[Place] | None = None) -> None:
        self.path = path
        self.location = str(path)
        self._roots = roots
        self._directory = RunDirectory(path)
        self._seen: dict[int, Stamp] = {}
        self._sheets: dict[int, Stamp] = {}
        # Of what was read of the files beside the snapshots.
        self._beside: dict[Path, Stamp] = {}
        self._manifest: tuple[Stamp, Manifest] | None = None
        self._listed: Stamp | None = None
        self._tail_read: Stamp | None = None
        self._again: frozenset[int] = frozenset()

    def manifest(self) -> Manifest | None:
        """Return run.json, checked; None where there is none yet. LogError if it is unusable."""
        self._check_place()
        stamp = _stamp(self.path / MANIFEST)
        if stamp is None:
            return None
        if self._manifest is None or self._manifest[0] != stamp:
            self._manifest = (stamp, self._directory.manifest())
        return self._manifest[1]

    def iterations(self) -> list[int]:
        """Return the iterations that have a snapshot, rising."""
        return self._directory.iterations()

    def changed(self) -> list[int]:
        """Return the iterations whose file was not read yet in its present form, rising."""
        found = self._changed_files()
        self._again = frozenset()
        tail = self._tail()
        if tail is not None and tail != self._tail_read:
            last = max(self._directory.iterations(), default=None)
            if last is not None and last not in found:
                self._again = frozenset([last])
                found.append(last)
        return found

    def again(self) -> frozenset[int]:
        """Return those of the last `changed` that were read: scalars logged after them came."""
        return self._again

    def _tail(self) -> Stamp | None:
        """Return the stamp of the scalars that no snapshot has; None while one may still come."""
        path = self.path / SCALARS
        stamp = _stamp(path)
        # What is no file is read as well: then it is said that it is none.
        if stamp is None or (stamp[1] == 0 and path.is_file()):
            return None
        over = self._manifest is not None and self._manifest[1].state != "recording"
        return stamp if over or not is_alive(self.path) else None

    def _changed_files(self) -> list[int]:
        listed = _stamp(self.path / SNAPSHOTS)
        if listed is not None and listed == self._listed:
            return []
        # Files are renamed into place, which changes the directory; but see _CLOCK.
        settled = listed is not None and time.time() - listed[0] / 1e9 > _CLOCK
        stamps = {i: _stamp(snapshot_path(self.path, i)) for i in self._directory.iterations()}
        changed = [i for i, stamp in stamps.items() if self._seen.get(i) != stamp]
        self._listed = listed if settled and not changed else None
        return changed

    def busy(self) -> bool:
        """Return False: what is there can be read."""
        return False

    def close(self) -> None:
        """Do nothing: nothing is kept open."""

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return nothing: a snapshot of a Recorder stays one."""
        return []

    def size(self, iteration: int) -> int:
        """Return the size of a snapshot's file in bytes, 0 where it is gone."""
        stamp = _stamp(snapshot_path(self.path, iteration))
        return 0 if stamp is None else stamp[1]

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the checked snapshots; one that cannot be used goes to `on_bad` instead.

        A bad file counts as read: it is looked at again only when it changes.
        """
        for iteration in iterations:
            stamp = _stamp(snapshot_path(self.path, iteration))
            if stamp is None:
                continue  # removed since it was listed: a gap
            tail = self._tail()
            try:
                snapshot = self._directory.snapshot(manifest, iteration, tail=False)
                yield self._with_tail(snapshot, on_bad) if tail else snapshot
            except LogError as error:
                on_bad(error)
            self._seen[iteration] = stamp
            self._tail_read = tail

    def _with_tail(self, snapshot: Snapshot, on_bad: OnBad) -> Snapshot:
        """Return the last snapshot with the scalars that were logged after it, if they are fit."""
        if snapshot.iteration != max(self._directory.iterations(), default=snapshot.iteration):
            return snapshot
        try:
            tail = self._directory.tail()
        except LogError as error:
            on_bad(error)
            return snapshot
        scalars = with_tail(snapshot.scalars, tail, after=snapshot.iteration)
        return replace(snapshot, scalars=scalars)

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Yield the contact sheets (class, WebP) that were not read yet in their present form."""
        if manifest.thumbnail is None or not (self.path / THUMBNAILS).is_dir():
            return
        for class_id in range(len(manifest.classes)):
            path = contact_sheet_path(self.path, class_id)
            stamp = _stamp(path)
            if stamp is None or self._sheets.get(class_id) == stamp:
                continue
            self._sheets[class_id] = stamp
            try:
                sheet = self._directory.contact_sheet(class_id)
                if sheet is not None:
                    check_sheet(path, sheet, manifest=manifest, class_id=class_id)
            except LogError as error:
                on_bad(error)
                continue
            if sheet is not None:
                yield class_id, sheet

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Yield the batch ledgers that were not read yet in their present form."""
        there = self._listed_beside(LEDGERS, self._directory.ledger_iterations, on_bad)
        paths = {i: ledger_path(self.path, i) for i in there}
        return self._new(paths, lambda i: self._directory.ledger(manifest, i), on_bad)

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Yield the probes that were not read yet in their present form."""
        there = self._listed_beside(PROBES, self._directory.probe_iterations, on_bad)
        paths = {i: probe_path(self.path, i) for i in there}
        return self._new(paths, lambda i: self._directory.probe(manifest, i), on_bad)

    def _listed_beside(
        self, folder: str, listed: Callable[[], list[int]], on_bad: OnBad
    ) -> list[int]:
        """Return the iterations of files beside the snapshots; a folder that cannot be read is bad.

        It is told once in each of its forms.
        """
        try:
            return listed()
        except LogError as error:
            path = self.path / folder
            stamp = _stamp(path)
            if stamp is not None and self._beside.get(path) != stamp:
                self._beside[path] = stamp
                on_bad(error)
            return []

    def _new(
        self, paths: Mapping[int, Path], read: Callable[[int], _Found], on_bad: OnBad
    ) -> Iterator[_Found]:
        """Yield what `read` gives of the files that changed; what cannot be used goes to on_bad."""
        for iteration, path in paths.items():
            stamp = _stamp(path)
            if stamp is None or self._beside.get(path) == stamp:
                continue
            self._beside[path] = stamp
            try:
                found = read(iteration)
            except LogError as error:
                on_bad(error)
                continue
            yield found

    def _check_place(self) -> None:
        if self._roots is None:
            return
        folders = (SNAPSHOTS, THUMBNAILS, LEDGERS, PROBES)
        for part in (self.path, *(self.path / folder for folder in folders)):
            check_inside(part, roots=self._roots)
