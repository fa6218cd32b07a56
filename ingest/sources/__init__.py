"""Kinds of log, one file each; every source answers the same few questions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from deeptracker.errors import LogError
from deeptracker.format import Ledger, Manifest, Probe, Snapshot

OnBad = Callable[[LogError], None]


class Source(Protocol):
    """A log that may still grow. Nothing is kept open between two calls.

    `location` is where it is, as text; `poll_seconds` how long to wait between two looks.
    """

    location: str
    poll_seconds: float

    def busy(self) -> bool:
        """Return whether more is coming that is being made of files which are there already."""

    def close(self) -> None:
        """Give back what was taken to read the log; nothing is read any more."""

    def manifest(self) -> Manifest | None:
        """Return what the run is, None where there is no log yet; LogError if it is unusable."""

    def changed(self) -> list[int]:
        """Return the iterations whose snapshot was not read yet in its present form, rising."""

    def again(self) -> frozenset[int]:
        """Return those of the last `changed` that were read: scalars logged after them came."""

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return which stored snapshots are none any more: their values came in a later one."""

    def size(self, iteration: int) -> int:
        """Return about how many bytes a snapshot has, 0 where it is gone."""

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the checked snapshots; one that cannot be used goes to `on_bad` instead."""

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Yield the contact sheets (class, WebP) that were not read yet in their present form."""

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Yield the batch ledgers that were not read yet in their present form."""

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Yield the probes that were not read yet in their present form."""
