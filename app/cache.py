"""A memory of a bounded number of bytes: what was made once is there for all who ask for it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Turn:
    """The lock of those who want the same thing that is not there yet, and how many they are."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting = 0


class ByteCache(Generic[T]):
    """Things by key, the least recently used dropped beyond `limit` bytes; safe for threads.

    `size` tells the bytes of a thing; it is asked once, when the thing is kept.
    """

    def __init__(self, limit: int, *, size: Callable[[Any], int] = len) -> None:
        self.limit = limit
        self._size_of = size
        self._kept: OrderedDict[object, tuple[T, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._making: dict[object, _Turn] = {}

    @property
    def kept_bytes(self) -> int:
        """Return how many bytes are kept: never more than the limit."""
        return self._bytes

    def get(self, key: object, make: Callable[[], T]) -> T:
        """Return the kept thing, or make it: once, while others who ask for the same wait.

        Where making fails, that is raised to who made, and the next of those who wait tries.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
            turn = self._making.setdefault(key, _Turn())
            turn.waiting += 1
        try:
            with turn.lock:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key][0]
                made = make()
                self._keep(key, made)
                return made
        finally:
            with self._lock:
                turn.waiting -= 1
                # Not while others wait: whoever comes then would not find them, and make it again.
                if not turn.waiting:
                    self._making.pop(key, None)

    def drop(self, of: Callable[[Any], bool]) -> None:
        """Forget what is kept under the keys for which `of` is true."""
        with self._lock:
            for key in [key for key in self._kept if of(key)]:
                self._bytes -= self._kept.pop(key)[1]

    def _keep(self, key: object, made: T) -> None:
        size = self._size_of(made)
        if size > self.limit:
            return
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = (made, size)
            self._bytes += size - before
            while self._bytes > self.limit:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped
