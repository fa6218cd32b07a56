"""A run directory in object storage as a source of checked snapshots."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from deeptracker.errors import LogError
from deeptracker.format import (
    LEDGERS,
    MANIFEST,
    MAX_BYTES,
    MAX_CONTACT_SHEET,
    MAX_LEDGER,
    MAX_PROBE,
    MAX_TAIL,
    PROBES,
    SCALARS,
    SNAPSHOTS,
    THUMBNAILS,
    Ledger,
    Manifest,
    Probe,
    Snapshot,
    check_iteration,
    contact_sheet_path,
    most_bytes,
    parse_ledger,
    parse_manifest,
    parse_probe,
    parse_snapshot,
    parse_tail,
    snapshot_iterations,
    snapshot_path,
    with_tail,
)
from ingest.locations import ObjectFolder
from ingest.object_store import Entry, ObjectStore
from ingest.sources import OnBad
from ingest.sources.pictures import check_sheet

# What is fetched side by side: enough to hide the way there, little enough to hold.
_FILES_AT_ONCE = 16
_BYTES_AT_ONCE = 32 * 2**20

_Found = TypeVar("_Found", Ledger, Probe)

Stamp = tuple[str, int]


class ObjectStorageSource:
    """Remembers which objects it has read, and in which form, so that asking again is cheap."""

    poll_seconds = 5.0

    def __init__(self, folder: ObjectFolder, *, store: ObjectStore | None = None) -> None:
        self.folder = folder
        self.location = str(folder)
        self._store = store or ObjectStore()
        self._seen: dict[int, Stamp] = {}
        self._sheets: dict[str, Stamp] = {}
        # Of what was read of the files beside the snapshots, by folder and name.
        self._beside: dict[tuple[str, str], Stamp] = {}
        self._there: dict[str, Entry] = {}
        self._manifest: tuple[Stamp, Manifest] | None = None
        self._tail: Entry | None = None
        self._tail_read: Stamp | None = None
        self._again: frozenset[int] = frozenset()

    def manifest(self) -> Manifest | None:
        """Return run.json, checked; None where there is none yet. LogError if it is unusable."""
        there = self._store.entries(self.folder)
        entry = there.get(MANIFEST)
        if entry is None or entry.size is None:
            return None
        if self._manifest is None or self._manifest[0] != entry.stamp:
            place = self.folder / MANIFEST
            data = self._fetch(self.folder, {MANIFEST: entry}, most=MAX_BYTES)[MANIFEST]
            with _about(place):
                self._manifest = (entry.stamp, parse_manifest(Path(MANIFEST), _bytes(data)))
        # While a snapshot may still come it will bring them; no writer's lock is to be seen here.
        over = self._manifest[1].state != "recording"
        tail = there.get(SCALARS) if over else None
        self._tail = tail if tail is not None and tail.size else None
        return self._manifest[1]

    def changed(self) -> list[int]:
        """Return the iterations whose object was not read yet in its present form, rising."""
        self._there = self._store.entries(self.folder / SNAPSHOTS)
        files = [name for name, entry in self._there.items() if entry.size is not None]
        there = snapshot_iterations(files)
        found = [i for i in there if self._seen.get(i) != self._there[_name(i)].stamp]
        last = there[-1:] if self._tail and self._tail.stamp != self._tail_read else []
        self._again = frozenset(last).difference(found)
        return [*found, *self._again]

    def again(self) -> frozenset[int]:
        """Return those of the last `changed` that were read: scalars logged after them came."""
        return self._again

    def busy(self) -> bool:
        """Return False: what is there can be read."""
        return False

    def close(self) -> None:
        """Do nothing: nothing is kept open."""

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return nothing: a snapshot of a Recorder stays one."""
        return []

    def size(self, iteration: int) -> int:
        """Return the size of a snapshot's object in bytes, 0 where it is gone."""
        entry = self._there.get(_name(iteration))
        return (entry.size or 0) if entry else 0

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the checked snapshots; one that cannot be used goes to `on_bad` instead.

        A bad object counts as read: it is looked at again only when it changes.
        """
        folder = self.folder / SNAPSHOTS
        last = max(snapshot_iterations(self._there), default=None)
        for part in self._parts(iterations):
            entries = {_name(i): self._there[_name(i)] for i in part}
            found = self._fetch(folder, entries, most=most_bytes(manifest))
            for iteration in part:
                name = _name(iteration)
                try:
                    with _about(folder / name):
                        snapshot = parse_snapshot(Path(name), _bytes(found.pop(name)), manifest)
                        check_iteration(Path(name), snapshot, iteration)
                except LogError as error:
                    on_bad(error)
                else:
                    yield self._with_tail(snapshot, on_bad) if iteration == last else snapshot
                self._seen[iteration] = entries[name].stamp

    def _with_tail(self, snapshot: Snapshot, on_bad: OnBad) -> Snapshot:
        """Return the last snapshot with the scalars that were logged after it, if they are fit."""
        if self._tail is None:
            return snapshot
        self._tail_read = self._tail.stamp
        found = self._fetch(self.folder, {SCALARS: self._tail}, most=MAX_TAIL)
        try:
            with _about(self.folder / SCALARS):
                tail = parse_tail(Path(SCALARS), _bytes(found[SCALARS]))
        except LogError as error:
            on_bad(error)
            return snapshot
        scalars = with_tail(snapshot.scalars, tail, after=snapshot.iteration)
        return replace(snapshot, scalars=scalars)

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Yield the contact sheets (class, WebP) that were not read yet in their present form."""
        if manifest.thumbnail is None:
            return
        folder = self.folder / THUMBNAILS
        there = self._store.entries(folder)
        for class_id in range(len(manifest.classes)):
            name = contact_sheet_path(Path(), class_id).name
            entry = there.get(name)
            if entry is None or self._sheets.get(name) == entry.stamp:
                continue
            self._sheets[name] = entry.stamp
            found = self._fetch(folder, {name: entry}, most=MAX_CONTACT_SHEET)
            try:
                with _about(folder / name):
                    sheet = _bytes(found[name])
                    check_sheet(Path(name), sheet, manifest=manifest, class_id=class_id)
            except LogError as error:
                on_bad(error)
            else:
                yield class_id, sheet

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Yield the batch ledgers that were not read yet in their present form."""
        return self._new(LEDGERS, MAX_LEDGER, lambda p, d: parse_ledger(p, d, manifest), on_bad)

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Yield the probes that were not read yet in their present form."""
        return self._new(PROBES, MAX_PROBE, lambda p, d: parse_probe(p, d, manifest), on_bad)

    def _new(
        self, within: str, most: int, parse: Callable[[Path, bytes], _Found], on_bad: OnBad
    ) -> Iterator[_Found]:
        """Yield what `parse` gives of the objects of a folder that changed, of at most so many
        bytes; what cannot be used goes to on_bad."""
        folder = self.folder / within
        there = self._store.entries(folder)
        files = [name for name, entry in there.items() if entry.size is not None]
        for iteration in snapshot_iterations(files):
            name = snapshot_path(Path(), iteration).name
            entry = there[name]
            if self._beside.get((within, name)) == entry.stamp:
                continue
            self._beside[within, name] = entry.stamp
            found = self._fetch(folder, {name: entry}, most=most)
            try:
                with _about(folder / name):
                    one = parse(Path(name), _bytes(found[name]))
                    check_iteration(Path(name), one, iteration)
            except LogError as error:
                on_bad(error)
            else:
                yield one

    def _parts(self, iterations: Sequence[int]) -> Iterator[list[int]]:
        part: list[int] = []
        for iteration in iterations:
            part.append(iteration)
            size = sum(map(self.size, part))
            if len(part) == _FILES_AT_ONCE or size >= _BYTES_AT_ONCE:
                yield part
                part = []
        if part:
            yield part

    def _fetch(
        self, folder: ObjectFolder, entries: dict[str, Entry], *, most: int
    ) -> dict[str, bytes | LogError]:
        """Return the objects' bytes as long as they were listed; what is too large is an error."""
        sizes = {name: entry.size or 0 for name, entry in entries.items()}
        large = {name for name, size in sizes.items() if size > most}
        found = self._store.read(folder, {n: s for n, s in sizes.items() if n not in large})
        for name in large:
            problem = f"is {sizes[name]} bytes long; {most} are allowed"
            found[name] = LogError(str(folder / name), "", problem)
        return found


def _name(iteration: int) -> str:
    return snapshot_path(Path(), iteration).name


def _bytes(found: bytes | LogError) -> bytes:
    if isinstance(found, LogError):
        raise found
    return found


@contextmanager
def _about(place: ObjectFolder) -> Iterator[None]:
    """Let errors of the format name the object's whole address."""
    try:
        yield
    except LogError as error:
        raise type(error)(str(place), error.field, error.problem) from None
