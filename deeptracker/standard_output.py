"""Standard output of a command: a full disk behind it is told of by its name, not by a number."""

import io
import os
import sys
from typing import Any

from deeptracker import system_errors

NAME = "standard output"


class _Named(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, NAME) from None


def name_it() -> None:
    """Let errors of writing there name it, in this process."""
    was = sys.stdout
    if not isinstance(was, io.TextIOWrapper):  # closed, or somebody's own
        return
    raw = _Named(was.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=was.encoding,
        errors=was.errors,
        line_buffering=was.line_buffering,
        write_through=was.write_through,
    )


def flush() -> None:
    """Write what is not written yet, so that an error of it comes now."""
    if sys.stdout is not None:
        sys.stdout.flush()


def told(error: OSError) -> str:
    """Return what to say of an error, "" where whoever read standard output has seen enough.

    Where it takes no more, nothing more is written to it.
    """
    if error.filename != NAME:
        return system_errors.told(error)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    if isinstance(error, BrokenPipeError):
        return ""
    return (
        f"{NAME}: {error.strerror}. What the command does may be done; what it says is lost. Make "
        "room there, or send it elsewhere."
    )
