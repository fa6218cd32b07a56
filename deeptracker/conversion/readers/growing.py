"""Files of lines that may still grow, or be rewritten."""

import time
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path

from deeptracker.conversion.collected import Collected
from deeptracker.errors import LogError

_MOST_BYTES = 2**20
# So much of the beginning and of the last line that was read tells whether a file only grew.
_MARK = 64
# Whoever stops in the middle of a line for so long has ended.
_QUIET_SECONDS = 10.0


class GrowingLines:
    """A file whose lines are read once each, as long as it only grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] = ()
        self._restart()
        self._answer = self.found

    def _restart(self) -> None:
        self.found = Collected()
        self._next, self._waiting, self._took_end = 0, 0, False
        self._head = self._tail = b""
        self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Forget what was read: the file is read from its beginning."""

    @abstractmethod
    def line(self, text: str) -> None:
        """Take a line, without its end; ValueError where it cannot be used."""

    def whole(self, text: str) -> bool:
        """Say whether a last line without an end is whole."""
        return False

    def finish(self) -> None:
        """Do what is to be done after the last line that there is now."""

    def read(self) -> Collected:
        """Return all that the file holds now; see Reader."""
        try:
            stat = self.path.stat()
            now = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            quiet = time.time() - stat.st_mtime > _QUIET_SECONDS
            if now == self._seen and not (quiet and self._waiting and not self._took_end):
                return self._answer
            if stat.st_size < self._next or self._took_end or not self._only_grew():
                self._restart()
            self._go_on(quiet)
        except OSError as error:
            raise LogError(self.path, "", f"cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise LogError(self.path, "", f"cannot be read ({error})") from error
        self.finish()
        self._seen = now
        dropped = dict(self.found.dropped)
        if self._waiting and not self._took_end:
            dropped["a last line that is not complete, or not yet"] = 1
        self._answer = replace(self.found, dropped=dropped)
        return self._answer

    def _only_grew(self) -> bool:
        """Say whether what was read before still stands in the file."""
        with self.path.open("rb") as file:
            if file.read(len(self._head)) != self._head:
                return False
            file.seek(self._next - len(self._tail))
            return file.read(len(self._tail)) == self._tail

    def _go_on(self, quiet: bool) -> None:
        with self.path.open("rb") as file:
            file.seek(self._next)
            self._waiting = 0
            while data := file.readline(_MOST_BYTES + 1):
                if len(data) > _MOST_BYTES:
                    raise ValueError(f"a line of more than {_MOST_BYTES >> 20} MiB")
                text = data.decode("utf-8-sig" if self._next == 0 else "utf-8", "strict")
                if not data.endswith(b"\n"):
                    self._waiting = len(data)
                    self._took_end = quiet or self.whole(text)
                    if not self._took_end:
                        return
                self.line(text.rstrip("\r\n"))
                self._next += len(data)
                self._head = self._head or data[:_MARK]
                self._tail = data[-_MARK:]
