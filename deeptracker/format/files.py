"""Files that are there complete or not at all, and reading that refuses absurd sizes."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from deeptracker.errors import LogError


def atomic_write(path: Path, data: bytes) -> None:
    """Write `data` aside, fsync it, rename it to `path`, and fsync the directory.

    Raises OSError where the disk does not take it; then nothing stands at `path` that was not
    there before (only an error of the last step, fsync of the directory, comes too late for that),
    and nothing is left aside.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        if isinstance(error, OSError):
            error.filename = str(path)  # not that aside; of a write the system names none
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_limited(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file.

    LogError where it is none, is a symbolic link (which could lead out of the log), is unreadable
    or larger than `most` bytes.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LogError(path, "", "is not a regular file")
            if status.st_size > most:
                raise LogError(path, "", f"is {status.st_size} bytes long; {most} are allowed")
            # Not read(most): that would reserve as much memory as the largest file may need.
            return file.read(status.st_size)
    except OSError as error:
        reason = "is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise LogError(path, "", f"cannot be read ({reason})") from error
