"""A source whose log is a copy of another run's: it gives the same snapshots as another run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from deeptracker.format import Ledger, Manifest, Probe, Snapshot
from ingest.sources import OnBad, Source


class CopiedSource:
    """Gives what the source within gives, as the run with the UUID `run`."""

    def __init__(self, within: Source, *, run: str) -> None:
        self._within, self._run = within, run
        self.location, self.poll_seconds = within.location, within.poll_seconds
        self._found: tuple[Manifest, Manifest] | None = None

    def manifest(self) -> Manifest | None:
        """Return the manifest, with the copied run as its parent and the folder's name."""
        found = self._within.manifest()
        if found is None:
            return None
        if self._found is None or self._found[0] is not found:
            own = replace(
                found,
                run=self._run,
                name=self.location.rstrip("/").rpartition("/")[2] or found.name,
                parent=found.run,
                ancestors=(*found.ancestors, found.run),
            )
            self._found = (found, own)
        return self._found[1]

    def changed(self) -> list[int]:
        """Return the iterations whose snapshot was not read yet in its present form, rising."""
        return self._within.changed()

    def again(self) -> frozenset[int]:
        """Return those of the last `changed` that were read: scalars logged after them came."""
        return self._within.again()

    def busy(self) -> bool:
        """Return whether more is coming that is being made of files which are there already."""
        return self._within.busy()

    def close(self) -> None:
        """Give back what was taken to read the log; nothing is read any more."""
        self._within.close()

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return which stored snapshots have their values in a later one now."""
        return self._within.moved(stored)

    def size(self, iteration: int) -> int:
        """Return about how many bytes a snapshot has, 0 where it is gone."""
        return self._within.size(iteration)

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the checked snapshots; one that cannot be used goes to `on_bad` instead."""
        return self._within.snapshots(manifest, iterations, on_bad=on_bad)

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Yield the contact sheets (class, WebP) that were not read yet in their present form."""
        return self._within.contact_sheets(manifest, on_bad=on_bad)

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Yield the batch ledgers that were not read yet in their present form."""
        return self._within.ledgers(manifest, on_bad=on_bad)

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Yield the probes that were not read yet in their present form."""
        return self._within.probes(manifest, on_bad=on_bad)
