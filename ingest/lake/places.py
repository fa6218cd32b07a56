"""Where a lake is written: a folder, or a place in object storage; the same acts on both.

One worker at a time writes the sets of a run (see keeping.py). Only files of sets are ever deleted,
by name: what else is in the folder stays.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import fsspec

from deeptracker.format.files import atomic_write
from deeptracker.lake.layout import ENVIRONMENT, FILES, MARKER, RUN, LakeError, RunSet, sets_of
from deeptracker.system_errors import remedies
from ingest.locations import LocationSettings, ObjectFolder
from ingest.object_store import CONFIG

_ASIDE = ".being-written"


class LakePlace(Protocol):
    """A place for the files of a lake; LakeError where it cannot be reached."""

    def marker(self) -> bytes | None:
        """Return what its marker says; None where there is none."""

    def write_marker(self, content: bytes) -> None:
        """Make it the lake of a store."""

    def sets(self, run_id: int | None = None) -> dict[RunSet, set[str]]:
        """Return the sets that are there, also torn ones, and their files; of one run, or all."""

    def written_at(self, one: RunSet) -> float:
        """Return when a whole set was written, in seconds since 1970."""

    def add(self, run_id: int, number: int, mark: str, write: Callable[[Path], None]) -> None:
        """Add a set, whole or not at all, whose files `write` puts into the folder it is given."""

    def remove(self, one: RunSet, files: set[str]) -> None:
        """Remove the files of a set; that it is gone already is as good."""


class Folder:
    """A lake in a folder of this machine, or one that it has mounted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def marker(self) -> bytes | None:
        """Return what the marker says."""
        with _told(self), suppress(FileNotFoundError):
            return (self.path / MARKER).read_bytes()
        return None

    def write_marker(self, content: bytes) -> None:
        """Make the folder where it is missing, and the marker in it."""
        with _told(self):
            self.path.mkdir(parents=True, exist_ok=True)
            atomic_write(self.path / MARKER, content)

    def sets(self, run_id: int | None = None) -> dict[RunSet, set[str]]:
        """Return the sets in the folder."""
        run = "*" if run_id is None else run_id
        with _told(self):
            found = self.path.glob(f"run_id={run}/*/*.parquet")
            return sets_of(path.relative_to(self.path).as_posix() for path in found)

    def written_at(self, one: RunSet) -> float:
        """Return when the last file of a set was written."""
        with _told(self):
            return (self.path / one.path / f"{RUN}.parquet").stat().st_mtime

    def add(self, run_id: int, number: int, mark: str, write: Callable[[Path], None]) -> None:
        """Write a set aside, and rename its folder when all of it is on the disk."""
        aside = self.path / f"run_id={run_id}" / _ASIDE
        with _told(self):
            _clear(aside)  # what a worker left that was killed
            aside.mkdir(parents=True)
            try:
                write(aside)
                files = list(aside.iterdir())
                for path in files:
                    _settle(path, mode=0o444)
                final = self.path / RunSet(run_id, number, mark, len(files)).path
                while final.exists():  # something else is left in the folder of a set that is gone
                    number += 1
                    final = self.path / RunSet(run_id, number, mark, len(files)).path
                aside.rename(final)
                _settle(aside.parent)
            except BaseException:
                _clear(aside)
                raise

    def remove(self, one: RunSet, files: set[str]) -> None:
        """Remove the files of a set, and its folders where nothing else is in them."""
        folder = self.path / one.path
        with _told(self):
            for name in files:
                (folder / f"{name}.parquet").unlink(missing_ok=True)
            for empty in (folder, folder.parent):
                with suppress(OSError):
                    empty.rmdir()


def _clear(folder: Path) -> None:
    for name in FILES.values():
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        folder.rmdir()


def _settle(path: Path, mode: int | None = None) -> None:
    """Bring a file or folder to the disk; a file that is never changed needs no right to write."""
    at = os.open(path, os.O_RDONLY)
    try:
        if mode is not None:
            os.fchmod(at, mode)
        os.fsync(at)
    finally:
        os.close(at)


class Bucket:
    """A lake in object storage: there is no renaming, but a set that lacks files does not count."""

    def __init__(self, place: ObjectFolder) -> None:
        self.place = place
        endpoint = LocationSettings().s3_endpoint
        self._files: Any = fsspec.filesystem(
            "s3",
            client_kwargs={"endpoint_url": endpoint} if endpoint else {},
            config_kwargs=CONFIG,
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def __str__(self) -> str:
        return str(self.place)

    def _key(self, one: RunSet, name: str) -> str:
        return f"{self.place.key}/{one.path}/{name}.parquet"

    def marker(self) -> bytes | None:
        """Return what the marker says."""
        with _told(self), suppress(FileNotFoundError):
            found: bytes = self._files.cat_file(f"{self.place.key}/{MARKER}")
            return found
        return None

    def write_marker(self, content: bytes) -> None:
        """Write the marker."""
        with _told(self):
            self._files.pipe_file(f"{self.place.key}/{MARKER}", content)

    def sets(self, run_id: int | None = None) -> dict[RunSet, set[str]]:
        """Return the sets in the bucket."""
        below = self.place.key if run_id is None else f"{self.place.key}/run_id={run_id}"
        with _told(self):
            found = self._files.find(below)
        return sets_of(path.removeprefix(f"{self.place.key}/") for path in found)

    def written_at(self, one: RunSet) -> float:
        """Return when the last file of a set was written."""
        with _told(self):
            changed: datetime = self._files.info(self._key(one, RUN))["LastModified"]
        return changed.timestamp()

    def add(self, run_id: int, number: int, mark: str, write: Callable[[Path], None]) -> None:
        """Write a set into a folder of this machine, and send it."""
        with tempfile.TemporaryDirectory(prefix="deeptracker-lake-") as folder:
            write(Path(folder))
            files = sorted(Path(folder).iterdir())
            one = RunSet(run_id, number, mark, len(files))
            with _told(self):
                for path in files:
                    self._files.put_file(str(path), self._key(one, path.stem))

    def remove(self, one: RunSet, files: set[str]) -> None:
        """Remove the files of a set."""
        with _told(self):
            for name in files:
                self._files.rm_file(self._key(one, name))


@contextmanager
def _told(place: LakePlace) -> Iterator[None]:
    """Say of what goes wrong in which lake it did, without the words of the storage's client."""
    try:
        yield
    except (LakeError, FileNotFoundError):
        raise
    except OSError as error:
        why = f"The lake {place} cannot be used: {error.strerror or error}."
        elsewhere = remedies(error, where=f"another place for it ({ENVIRONMENT})")
        raise LakeError(" ".join([why, *elsewhere])) from error
    except Exception as error:
        if not type(error).__module__.startswith(("botocore", "aiobotocore", "aiohttp")):
            raise
        raise LakeError(
            f"The lake {place} cannot be used ({type(error).__name__}): check "
            "DEEPTRACKER_S3_ENDPOINT and the credentials in the environment."
        ) from error
