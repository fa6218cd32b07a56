"""Files that a library has to take apart (pickles, HDF5, stores), read in a process of their own.

One such process is kept for a series of checkpoints, for what it costs to start; every file is read
by a fork of its own. See confined.py for what is taken from it.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.conversion.checkpoints.confined import OUT_OF_MEMORY
from deeptracker.conversion.checkpoints.contents import Array, Contents, Facts
from deeptracker.conversion.checkpoints.kinds import size_on_disk
from deeptracker.errors import LogError

# What one file may take: a minute, and one more for every so many bytes.
SECONDS = 60
_BYTES_A_MINUTE = 2 * 2**30
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
_MODULE = "deeptracker.conversion.checkpoints.confined"
_REMEDY = (
    "it is damaged, or not what it seems; where it was written, load it and save its weights with "
    "safetensors"
)
_ONE_AT_A_TIME = threading.Lock()
_process: subprocess.Popen[bytes] | None = None


def read_apart(path: Path, kind: str, *, arrays: bool = True) -> Contents:
    """Return what a file or folder of a kind holds, or only its facts; see Contents.

    Raises LogError where it cannot be read within its limits of memory and time.
    """
    try:
        size = size_on_disk(path)
    except OSError as error:
        raise LogError(path, "", f"cannot be read ({error.strerror})") from error
    seconds = SECONDS * (1 + size // _BYTES_A_MINUTE)
    request = {
        "path": str(path.resolve()), "kind": kind, "size": size, "seconds": seconds,
        "arrays": arrays,
    }  # fmt: skip
    with _ONE_AT_A_TIME, _within(path, seconds) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        return _answer(path, process)


def _answer(path: Path, process: subprocess.Popen[bytes]) -> Contents:
    assert isinstance(process.stdout, BufferedReader)
    pipe = process.stdout
    head = json.loads(pipe.readline())
    _raise_if_error(path, head)
    found: dict[str, Array] = {}
    for name, shape, wide in head["arrays"]:
        if pipe.read(1) != b"\1":
            _raise_if_error(path, json.loads(pipe.readline()))
        array = np.empty(shape, dtype="<f8" if wide else "<f4")
        if array.size and pipe.readinto(array.data.cast("B")) != array.nbytes:
            raise EOFError
        found[name] = array
    return Contents(found, Facts(**head["facts"]))


def _raise_if_error(path: Path, told: dict[str, Any]) -> None:
    if "error" in told:
        file, field, problem = told["error"]
        # The process was given the whole path; who asked knows the file by theirs.
        with contextlib.suppress(ValueError):
            file = path / Path(file).relative_to(path.resolve())
        raise LogError(file, field, problem)


@contextlib.contextmanager
def _within(path: Path, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """Have the process for a file; it is ended where it takes too long, or answers nonsense."""
    process = _started()
    late = threading.Event()

    def end() -> None:
        late.set()
        _end(process)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield process
    except LogError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        _end(process)
        raise LogError(path, "", f"cannot be read: {_why(process, late.is_set())}") from error
    except BaseException:
        _end(process)  # its answer was not read to the end
        raise
    finally:
        timer.cancel()


def _why(process: subprocess.Popen[bytes], late: bool) -> str:
    code = process.wait()
    if late or code == 128 + signal.SIGXCPU:
        return f"it takes more time than its size allows; {_REMEDY}"
    if code == OUT_OF_MEMORY:
        return f"it needs more memory than its size allows; {_REMEDY}"
    return f"{_REMEDY} (the process that read it ended with {code})"


def _started() -> subprocess.Popen[bytes]:
    global _process
    if _process is None or _process.poll() is not None:
        if _process is not None:
            _let_go(_process)
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        # Not the folder that one stands in, which may be the one with the files.
        paths = os.pathsep.join([*filter(None, sys.path), str(Path(__file__).parents[3])])
        environment = kept | {
            "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "HDF5_USE_FILE_LOCKING": "FALSE",
            "HDF5_PLUGIN_PRELOAD": "::", "MALLOC_ARENA_MAX": "2",
        }  # fmt: skip
        _process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    return _process


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and the fork that reads for it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


@atexit.register
def close() -> None:
    """End the process, where there is one."""
    if _process is not None:
        _end(_process)
        _process.wait()
        _let_go(_process)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes to a process that has ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
