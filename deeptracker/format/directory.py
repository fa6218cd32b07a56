"""A run directory: where its files are, and which snapshots it holds."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from deeptracker.errors import LogError
from deeptracker.format.files import read_limited
from deeptracker.format.ledger import Ledger, read_ledger
from deeptracker.format.manifest import Manifest
from deeptracker.format.manifest_file import read_manifest
from deeptracker.format.names import (
    LEDGERS,
    MANIFEST,
    PROBES,
    SCALARS,
    SNAPSHOTS,
    THUMBNAILS,
)
from deeptracker.format.probe import Probe, read_probe
from deeptracker.format.scalar_tail import read_tail, with_tail
from deeptracker.format.snapshot import MAX_ITERATION, Snapshot
from deeptracker.format.snapshot_file import read_snapshot

_NAME = re.compile(r"([0-9]{9}|[1-9][0-9]{9})\.safetensors", re.ASCII)
MAX_CONTACT_SHEET = 32 * 2**20

_Found = TypeVar("_Found", Snapshot, Ledger, Probe)


def snapshot_path(run_dir: Path, iteration: int) -> Path:
    """Return where the snapshot of an iteration stands."""
    return run_dir / SNAPSHOTS / f"{iteration:09d}.safetensors"


def ledger_path(run_dir: Path, iteration: int) -> Path:
    """Return where the batch ledger of an iteration stands."""
    return run_dir / LEDGERS / f"{iteration:09d}.safetensors"


def probe_path(run_dir: Path, iteration: int) -> Path:
    """Return where what the network saw of the probes at an iteration stands."""
    return run_dir / PROBES / f"{iteration:09d}.safetensors"


def snapshot_iterations(names: Iterable[str]) -> list[int]:
    """Return the iterations that names of snapshots, ledgers or probes say, rising."""
    found = (_NAME.fullmatch(name) for name in names)
    numbers = (int(match[1]) for match in found if match)
    return sorted(number for number in numbers if number <= MAX_ITERATION)


def contact_sheet_path(run_dir: Path, class_id: int) -> Path:
    """Return where the contact sheet of a class stands; named by number, never by the user."""
    return run_dir / THUMBNAILS / f"{class_id:06d}.webp"


def check_iteration(path: Path, found: _Found, iteration: int) -> _Found:
    """Return what a file holds; LogError where it is named after another iteration."""
    if found.iteration != iteration:
        raise LogError(
            path, "iteration", f"is {found.iteration}, but the file's name says {iteration}"
        )
    return found


@dataclass(frozen=True)
class RunDirectory:
    """A log on disk, read a piece at a time; nothing is kept open between two calls."""

    path: Path

    def manifest(self) -> Manifest:
        """Read run.json; LogError where it cannot be used."""
        return read_manifest(self.path / MANIFEST)

    def iterations(self) -> list[int]:
        """Return the iterations that have a snapshot file, rising.

        Files of other names, such as those being written, are passed over.
        """
        return _iterations_in(self.path / SNAPSHOTS)

    def ledger_iterations(self) -> list[int]:
        """Return the iterations that have a file of the batch ledger, rising; often none."""
        return _iterations_in(self.path / LEDGERS)

    def ledger(self, manifest: Manifest, iteration: int) -> Ledger:
        """Read the batch ledger of an iteration; LogError also where it says another iteration."""
        path = ledger_path(self.path, iteration)
        return check_iteration(path, read_ledger(path, manifest), iteration)

    def probe_iterations(self) -> list[int]:
        """Return the iterations that have a file of probes, rising; often none."""
        return _iterations_in(self.path / PROBES)

    def probe(self, manifest: Manifest, iteration: int) -> Probe:
        """Read the probes of an iteration; LogError also where it says another iteration."""
        path = probe_path(self.path, iteration)
        return check_iteration(path, read_probe(path, manifest), iteration)

    def snapshot(self, manifest: Manifest, iteration: int, *, tail: bool = True) -> Snapshot:
        """Read the snapshot of an iteration; LogError also where it says another iteration.

        With `tail`, the last snapshot brings the scalars that were logged after it, too.
        """
        path = snapshot_path(self.path, iteration)
        found = check_iteration(path, read_snapshot(path, manifest), iteration)
        if not tail or not os.path.lexists(self.path / SCALARS):
            return found
        if iteration != max(self.iterations(), default=iteration):
            return found
        return replace(found, scalars=with_tail(found.scalars, self.tail(), after=iteration))

    def tail(self) -> dict[str, dict[int, float]]:
        """Return the scalars that stand outside of snapshots, by name and iteration.

        They were logged since the last snapshot; a few may stand in it already.
        """
        return read_tail(self.path)

    def contact_sheet(self, class_id: int) -> bytes | None:
        """Return the contact sheet of a class (WebP, not looked into), None where there is none."""
        path = contact_sheet_path(self.path, class_id)
        return read_limited(path, MAX_CONTACT_SHEET) if os.path.lexists(path) else None


def _iterations_in(folder: Path) -> list[int]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        names = []  # the writer has not come to its first file yet
    except OSError as error:
        raise LogError(folder, "", f"cannot be read ({error.strerror})") from error
    return snapshot_iterations(names)
