"""The one server of a home: made, started, kept by all who use it, ended by the last of them."""

import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from db.embedded import processes
from db.embedded.account import Account, programs, server_account
from db.embedded.causes import CannotStart, Ended
from db.embedded.cluster import make_cluster, shorten_log, socket_directory, version_of
from db.embedded.processes import State, family, masters
from db.file_lock import FileLock, is_locked

# A server that was killed reads what it had been writing before it answers.
RECOVERY_SECONDS = 120.0
SILENT_SECONDS = 15.0
# A stop that waits for everybody to leave is made one that does not.
STOPPING_SECONDS = 1.0
_LOOK_SECONDS = 0.03
# After it was killed, one call for the whole file system, not one for each of very many files.
_RECOVERY = ["-c", "recovery_init_sync_method=syncfs"] if sys.platform == "linux" else []
_START = '"$@" </dev/null >>"$LOG" 2>&1 &'


class Server:
    """The server of one home; who calls holds the home's lock."""

    def __init__(self, home: Path) -> None:
        self.home, self.data = home, home / "postgresql"
        # Every process of the server inherits it. So it says whether one is left, also where their
        # numbers say nothing: in another container, or used again.
        self._running = home / ".running.lock"

    def run(self, settings: Mapping[str, str]) -> str:
        """Return the directory of its socket, where it answers; started and made as needed.

        Raises one of FAILURES.
        """
        account = server_account(self.home)
        if version_of(self.data) is None:
            # What still runs there has lost its data: somebody deleted them.
            processes.end_leftovers(family(self.data))
            there = False
        else:
            there = self._answers(account)
        if not there:
            make_cluster(self.home, account, settings)
            self._start(account)
        return str(socket_directory(self.data, account))

    def stop(self) -> None:
        """End it, whoever is connected."""
        found = family(self.data)
        for number, seconds in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0)):
            processes.tell(masters(found), number)
            if processes.wait_for_end(found, seconds):
                break
        else:
            processes.end_leftovers(family(self.data))
        where = socket_directory(self.data, server_account(self.home))
        if where != self.data:
            with suppress(OSError):
                where.rmdir()

    def _answers(self, account: Account) -> bool:
        """Return whether the server answers, once it is up; False when none runs any more."""
        where = str(socket_directory(self.data, account))
        begun = time.monotonic()
        while True:
            starting = processes.is_starting(self.data)
            # Each question to a server that starts would be a line of its log.
            state = State.STARTING if starting else processes.ask(where)
            if state is State.READY:
                return True
            found = [] if starting else family(self.data)
            if not found and not starting and not is_locked(self._running):
                return False
            if found and not masters(found):
                processes.end_leftovers(found)
            elif state is State.STOPPING and time.monotonic() - begun > STOPPING_SECONDS:
                self.stop()
            self._check_patience(state, time.monotonic() - begun)
            time.sleep(_LOOK_SECONDS)

    def _check_patience(self, state: State, waited: float) -> None:
        if state is State.SILENT and waited > SILENT_SECONDS:
            raise _silent(waited)
        if waited > RECOVERY_SECONDS:
            raise CannotStart(
                f"the server has been recovering its data for {waited:.0f} s",
                f"Let it: try again in a few minutes. What it does is in {self.data / 'log'}",
            )

    def _start(self, account: Account) -> None:
        where = socket_directory(self.data, account)
        processes.remove_traces(self.data, where)
        shorten_log(self.data)
        log = self.data / "log"
        before = log.stat().st_size if log.exists() else 0
        folder = programs(self.home, account, version=version_of(self.data))
        quoted = str(where).replace('"', '""')
        command = [
            str(folder / "postgres"), "-D", str(self.data), "-p", str(processes.PORT),
            "-c", "listen_addresses=",
            "-c", f'unix_socket_directories="{quoted}"',
            "-c", "unix_socket_permissions=0700",
            "-c", "lc_messages=C",
            *_RECOVERY,
        ]  # fmt: skip
        lock = FileLock(self._running)
        try:
            if not lock.take(seconds=SILENT_SECONDS):
                raise _silent(SILENT_SECONDS)
            done = account.run(
                ["/bin/sh", "-c", _START, "sh", *command], inherits=lock.file, LOG=str(log)
            )
        finally:
            lock.lift()
        if done.returncode:
            raise Ended(done.stdout)
        if not self._answers(account):
            raise Ended(_words(log, before))


def _silent(seconds: float) -> CannotStart:
    return CannotStart(
        f"a server runs there, but has not answered for {seconds:.0f} s",
        "End its processes (here or in another container), and try again.",
    )


def _words(log: Path, before: int) -> str:
    """Return what was written into the log since it had `before` bytes."""
    with log.open("rb") as file:
        file.seek(before)
        return file.read(100_000).decode(errors="replace")
