"""Uploads on disk: pieces into numbered files, then a folder that is whole or not there."""

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from app.uploads.names import safe_names
from db.errors import Conflict
from db.queries.jobs.uploads import UploadRow

# So much is written at a time, whatever the size of a piece.
_BUFFER = 2**18


class WrongPlace(Conflict):
    """A piece does not begin where the file ends; `here` is where that is."""

    def __init__(self, here: int) -> None:
        super().__init__(f"The file has {here:,} bytes; go on from there.")
        self.here = here


@dataclass(frozen=True)
class Receiver:
    """The folder of all uploads; `root` need not be there yet."""

    root: Path

    def begin(self, upload: UploadRow) -> None:
        """Make the folder for an upload's parts."""
        self._parts(upload).mkdir(parents=True)

    def take(self, upload: UploadRow, *, number: int, at: int, piece: IO[bytes]) -> int:
        """Write a piece of the file `number` from byte `at`, and return how many it has then.

        What was written before is not written again. Conflict for a number that was not announced,
        and for more bytes than were; WrongPlace where something between would be missing.
        """
        if not 0 <= number < len(upload.files):
            raise Conflict("The upload has no such file.")
        size = upload.files[number][1]
        path = self._parts(upload) / f"{number:06d}"
        try:
            # No file of another's, whatever was put there.
            into = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        except FileNotFoundError as error:
            raise Conflict("The upload was completed, or given up; begin again.") from error
        with os.fdopen(into, "r+b") as file:
            here = file.seek(0, os.SEEK_END)
            if at != here:
                raise WrongPlace(here)
            for part in _read(piece):
                if here + len(part) > size:
                    file.truncate(at)
                    raise Conflict(f"The file has more than the {size:,} bytes announced.")
                file.write(part)
                here += len(part)
        return here

    def complete(self, upload: UploadRow) -> Path:
        """Put the files where their names say, and return the folder, which appears at once.

        Conflict where something is missing.
        """
        parts, whole = self._parts(upload), self.root / upload.folder
        if whole.is_dir():
            return whole  # asked twice
        for number, (name, size) in enumerate(upload.files):
            path = parts / f"{number:06d}"
            there = path.stat().st_size if path.exists() else 0 if size == 0 else -1
            if there != size:
                if whole.is_dir():
                    return whole
                raise Conflict(f"The file {name!r} has not arrived whole; send it again.")
        # Of this request's own: where the answer takes long, the browser asks again meanwhile.
        tree = self.root / f"{_tree(upload)}.{secrets.token_hex(4)}"
        try:
            self._fill(tree, upload)
            tree.rename(whole)
        except OSError:
            if not whole.is_dir():
                raise  # else the other one was faster
        finally:
            shutil.rmtree(tree, ignore_errors=True)
        shutil.rmtree(parts, ignore_errors=True)
        return whole

    def _fill(self, tree: Path, upload: UploadRow) -> None:
        """Make the files of an upload in a new folder, of the parts that have arrived."""
        parts = self._parts(upload)
        tree.mkdir()
        names = safe_names([name for name, _ in upload.files])
        for number, (at, (_, size)) in enumerate(zip(names, upload.files, strict=True)):
            into = tree / PurePosixPath(at)
            into.parent.mkdir(parents=True, exist_ok=True)
            if size:
                _same_file(parts / f"{number:06d}", into)
            else:
                into.touch(0o640)

    def remove(self, upload: UploadRow) -> None:
        """Remove all that is there of an upload."""
        trees = self.root.glob(f"{_tree(upload)}*")
        for path in (self._parts(upload), *trees, self.root / upload.folder):
            if path.exists():
                shutil.rmtree(path)

    def _parts(self, upload: UploadRow) -> Path:
        # Hidden: no worker offers it, and a watched folder passes it over.
        return self.root / f".{upload.folder}.parts"


def _tree(upload: UploadRow) -> str:
    """Return how the folders begin in which the files of an upload are put together."""
    return f".{upload.folder}.tree"


def _same_file(path: Path, into: Path) -> None:
    try:
        os.link(path, into)
    except OSError:  # a file system without links
        shutil.copyfile(path, into)


def _read(piece: IO[bytes]) -> Iterator[bytes]:
    while part := piece.read(_BUFFER):
        yield part
