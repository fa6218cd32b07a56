"""The processes of the embedded server: whether they answer, run, or are left over."""

import os
import signal
import time
from contextlib import suppress
from enum import Enum
from pathlib import Path

import psutil
import psycopg

PORT = 5432
USER = "postgres"
_CONNECT_SECONDS = 5
_LOOK_SECONDS = 0.05


class State(Enum):
    """What a server says to somebody who wants to connect."""

    READY = "ready"
    STARTING = "starting"
    STOPPING = "stopping"
    SILENT = "silent"


_SAYS = {
    "the database system is shutting down": State.STOPPING,
    "the database system is starting up": State.STARTING,
    "the database system is in recovery mode": State.STARTING,
    "the database system is not yet accepting connections": State.STARTING,
    # It answers, and has something against us: whoever connects next will hear what.
    "FATAL:": State.READY,
}


def connect(socket_directory: str, database: str = "postgres") -> psycopg.Connection:
    """Return a connection to the server behind a socket, in no transaction."""
    return psycopg.connect(
        host=socket_directory,
        port=PORT,
        user=USER,
        dbname=database,
        connect_timeout=_CONNECT_SECONDS,
        # Whatever PG... variables say.
        client_encoding="utf8",
        options="",
        autocommit=True,
    )


def ask(socket_directory: str) -> State:
    """Return what the server behind a socket says; SILENT where nothing answers."""
    try:
        connect(socket_directory).close()
    except psycopg.OperationalError as error:
        return next((state for words, state in _SAYS.items() if words in str(error)), State.SILENT)
    return State.READY


def family(data: Path) -> list[psutil.Process]:
    """Return the processes of servers in `data`, also of one whose folder was deleted.

    Those that ended and that nobody has waited for do not count.
    """
    places = (str(data), f"{data} (deleted)")
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.name() == "postgres" and process.cwd() in places and _runs(process):
                found.append(process)
    return found


def masters(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that are servers; the others are their children, or left by one that died."""
    found = []
    for process in processes:
        with suppress(psutil.Error):
            # Children have a title in place of the arguments: "postgres: checkpointer".
            if "-D" in process.cmdline():
                found.append(process)
    return found


def is_starting(data: Path) -> bool:
    """Return whether a server runs in `data` that noted down itself that it is not ready."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        process = psutil.Process(int(lines[0]))
        return (
            lines[7].strip() == "starting"
            and process.name() == "postgres"
            and process.cwd() == str(data)
            and _runs(process)
        )
    return False


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def tell(processes: list[psutil.Process], number: int) -> None:
    """Send a signal to each of the processes that still runs."""
    for process in processes:
        with suppress(psutil.Error, ProcessLookupError):
            process.send_signal(number)


def end_leftovers(processes: list[psutil.Process]) -> None:
    """End what a killed server left behind; it would write into the data beside the next one."""
    for number, seconds in ((signal.SIGQUIT, 1.0), (signal.SIGKILL, 5.0)):
        tell(processes, number)
        if wait_for_end(processes, seconds):
            return


def wait_for_end(processes: list[psutil.Process], seconds: float) -> bool:
    """Return whether all of the processes ended within this time."""
    end = time.monotonic() + seconds
    while any(_runs(process) for process in processes):
        if time.monotonic() >= end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def remove_traces(data: Path, socket_directory: Path) -> None:
    """Remove what says that a server runs, once none does: numbers of processes are used again."""
    socket = f".s.PGSQL.{PORT}"
    for path in (
        data / "postmaster.pid",
        data / socket,
        data / f"{socket}.lock",
        socket_directory / socket,
        socket_directory / f"{socket}.lock",
    ):
        with suppress(FileNotFoundError):
            os.unlink(path)
