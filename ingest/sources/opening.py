"""Which kind of source reads a place."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, Ledger, Manifest, Probe, Snapshot
from ingest.locations import ObjectFolder, Place, StoredRunPlace
from ingest.sources import OnBad, Source
from ingest.sources.converted import ConvertedSource, anything_at
from ingest.sources.object_storage import ObjectStorageSource
from ingest.sources.run_directory import RunDirectorySource


def open_source(
    place: Place, *, roots: Sequence[Place] | None = None, live: bool = False
) -> Source:
    """Return the source that reads the log at `place`; what it is shows in what is there.

    `roots`, where given, are the only folders in which the files may really lie. `live`: the
    training may go on. LogError where one of several runs is named of what holds one alone.
    """
    if isinstance(place, ObjectFolder):
        return ObjectStorageSource(place)
    if isinstance(place, StoredRunPlace):
        if os.path.lexists(place.path / MANIFEST):
            raise LogError(place.path, "", f"is the log of one run; leave out the ID {place.run!r}")
        return ConvertedSource(
            place.path, location=str(place), run=place.run, roots=roots, live=live
        )
    return FolderSource(place, roots=roots, live=live)


def is_there(place: Place, *, roots: Sequence[Place] | None = None) -> bool:
    """Return whether there is something at a place that a load would read, without reading it all.

    Raises LogError for what a load could not use either.
    """
    if isinstance(place, ObjectFolder):
        return ObjectStorageSource(place).manifest() is not None
    if isinstance(place, StoredRunPlace):
        return place.path.exists()
    if os.path.lexists(place / MANIFEST):
        return RunDirectorySource(place, roots=roots).manifest() is not None
    return anything_at(place)


class FolderSource:
    """A place on disk, of which shows what it is as soon as there is something.

    A run directory of a Recorder is one whatever else lies in it.
    """

    def __init__(self, path: Path, *, roots: Sequence[Place] | None, live: bool) -> None:
        self.location = str(path)
        self._directory = RunDirectorySource(path, roots=roots)
        self._others = ConvertedSource(path, location=str(path), roots=roots, live=live)
        self._path = path
        self._chosen: Source | None = None
        self.poll_seconds = self._others.poll_seconds

    def manifest(self) -> Manifest | None:
        """Return what the run is, None where nothing is there yet; LogError if it is unusable."""
        if self._chosen is not None:
            return self._chosen.manifest()
        recorded = os.path.lexists(self._path / MANIFEST)
        source: Source = self._directory if recorded else self._others
        manifest = source.manifest()
        if manifest is not None:
            self._chosen, self.poll_seconds = source, source.poll_seconds
        return manifest

    def busy(self) -> bool:
        """Return whether more is coming that is being made of files which are there already."""
        return self._others.busy()

    def close(self) -> None:
        """Give back what was taken to read the log; nothing is read any more."""
        self._others.close()

    @property
    def _source(self) -> Source:
        return self._chosen or self._directory

    def changed(self) -> list[int]:
        """Return the iterations whose snapshot was not read yet in its present form, rising."""
        return self._source.changed()

    def again(self) -> frozenset[int]:
        """Return those of the last `changed` that were read: scalars logged after them came."""
        return self._source.again()

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return which stored snapshots have their values in a later one now."""
        return self._source.moved(stored)

    def size(self, iteration: int) -> int:
        """Return about how many bytes a snapshot has, 0 where it is gone."""
        return self._source.size(iteration)

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the checked snapshots; one that cannot be used goes to `on_bad` instead."""
        return self._source.snapshots(manifest, iterations, on_bad=on_bad)

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Yield the contact sheets (class, WebP) that were not read yet in their present form."""
        return self._source.contact_sheets(manifest, on_bad=on_bad)

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Yield the batch ledgers that were not read yet in their present form."""
        return self._source.ledgers(manifest, on_bad=on_bad)

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Yield the probes that were not read yet in their present form."""
        return self._source.probes(manifest, on_bad=on_bad)
