"""The process in which files are read that a library has to take apart: it can do little else.

Started by apart.py as `python -m`. Requests come as lines of JSON; each is served by a fork of its
own, which reads one file and ends. What is taken from it:

* address space, processor time, open files, files that it could write: limits of the system;
* the environment: the parent passes none on;
* the network: a network of its own without an interface, where the system lets it; and, as a second
  guard on every system, a hook that refuses sockets, other programs and writing to Python itself.
"""

import contextlib
import ctypes
import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from deeptracker.conversion.checkpoints.contents import Stored
from deeptracker.errors import LogError, MissingExtra

_MEGABYTE = 2**20
# Beside what the file itself may become.
_MEMORY = 768 * _MEGABYTE
_TIMES = 6
_OPEN_FILES = 128
OUT_OF_MEMORY = 3
_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_PACKAGE = "deeptracker.conversion.checkpoints"
READERS = {
    "torch": ("torch_file", "read"),
    "dcp": ("torch_folder", "read"),
    "keras": ("keras_file", "read_zip"),
    "hdf5": ("keras_file", "read_hdf5"),
    "orbax": ("orbax_folder", "read"),
}
_REFUSED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "os.fork",
    "os.spawn",
)
_CHANGES = (
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod",
    "os.chown", "os.truncate", "shutil.",
)  # fmt: skip


def main() -> None:
    """Serve requests until the parent closes its end."""
    _leave_network()
    sys.dont_write_bytecode = True
    answers = os.fdopen(os.dup(1), "wb", buffering=_MEGABYTE)
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        request = json.loads(line)
        with contextlib.suppress(MissingExtra):  # which the fork says
            _reader(request["kind"])
        process = os.fork()
        if process == 0:
            _serve(request, answers)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if status:
            # What it wrote may end in the middle: nothing after it could be understood.
            os._exit(status if status > 0 else 128 - status)


def _reader(kind: str) -> Callable[[Path], Stored]:
    module, function = READERS[kind]
    found: Callable[[Path], Stored] = getattr(import_module(f"{_PACKAGE}.{module}"), function)
    return found


def _serve(request: Mapping[str, Any], answers: BinaryIO) -> None:
    """Answer a request and end the process."""
    code = 1
    try:
        answer(request, answers)
        answers.flush()
        code = 0
    except BrokenPipeError:
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def answer(request: Mapping[str, Any], into: BinaryIO) -> None:
    """Write what a file holds: a line of facts, and for each array a byte 1 and its numbers.

    An error is a line of its own, after a byte 0 where it comes among the arrays.
    """
    begun = b""
    path = Path(request["path"])
    try:
        read = _reader(request["kind"])
        confine(request["size"], request["seconds"])
        stored = read(path)
        pieces = stored.pieces if request["arrays"] else {}
        shapes = [(name, piece.shape, piece.wide) for name, piece in pieces.items()]
        into.write(_line({"facts": vars(stored.facts), "arrays": shapes}))
        for piece in pieces.values():
            begun = b"\0"
            numbers = piece.read()
            if numbers.shape != piece.shape or numbers.dtype != piece.dtype:
                raise ValueError("an array is another than it was said to be")
            into.write(b"\1")
            into.write(numbers.data.cast("B") if numbers.size else b"")
    except (MemoryError, BrokenPipeError):
        raise
    except LogError as error:
        into.write(begun + _line({"error": [str(error.file), error.field, error.problem]}))
    except MissingExtra as error:
        into.write(begun + _line({"error": [str(path), "", f"cannot be read here: {error}"]}))
    except Exception as error:  # whatever a damaged file leads a library to
        problem = f"is damaged, or not what it seems ({type(error).__name__}: {error!s:.200})"
        into.write(begun + _line({"error": [str(path), "", problem]}))


def _line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode() + b"\n"


def confine(size: int, seconds: int) -> None:
    """Take from this process, for good, what reading a file of so many bytes does not need."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    memory = _address_space()
    if memory:
        most = memory + _MEMORY + _TIMES * size
        _limit(resource.RLIMIT_AS, most)
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    os.chdir("/")
    sys.addaudithook(_refuse)


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _address_space() -> int:
    """Return the bytes of address space in use; 0 where the system does not say (not Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    writes = (
        event == "open"
        and isinstance(arguments[2], int)
        and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    )
    if writes or event.startswith(_REFUSED + _CHANGES):
        raise PermissionError(f"{event} is not for a process that reads a checkpoint")


def _leave_network() -> None:
    """Move into an empty network, where that is possible: as root, or where users may."""
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    if unshare is not None and unshare(_CLONE_NEWNET) and os.geteuid():
        unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    main()
