"""A memory of a bounded number of bytes: what was made once is there for all who ask for it."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")
MEGABYTE = 2**20


def bytes_of(thing: object) -> int:
    """Return how many bytes a thing takes: arrays exactly, others about, by their parts."""
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if is_dataclass(thing):
        return sum(bytes_of(getattr(thing, field.name)) for field in fields(thing))
    if isinstance(thing, Mapping):
        return sys.getsizeof(thing) + sum(map(bytes_of, thing.values()))
    if isinstance(thing, (list, tuple)):
        return sys.getsizeof(thing) + sum(map(bytes_of, thing))
    return sys.getsizeof(thing)


class _Turn:
    """The lock of those who want the same thing that is not there yet, and how many they are."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting = 0


class ByteCache(Generic[T]):
    """Things by key, the least recently used dropped beyond `limit` bytes; safe for threads.

    `size` tells the bytes of a thing; it is asked once, when the thing is kept. `one_larger`: of
    the things that are larger than all of the limit, the last one asked for is kept beside it.
    """

    def __init__(
        self, limit: int, *, size: Callable[[Any], int] = len, one_larger: bool = False
    ) -> None:
        self.limit = limit
        self._one_larger = one_larger
        self._larger: tuple[object, T] | None = None
        self._size_of = size
        self._kept: OrderedDict[object, tuple[T, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._making: dict[object, _Turn] = {}

    @property
    def kept_bytes(self) -> int:
        """Return how many bytes are kept within the limit, and so never more than that."""
        return self._bytes

    def get(self, key: object, make: Callable[[], T]) -> T:
        """Return the kept thing, or make it: once, while others who ask for the same wait.

        Where making fails, that is raised to who made, and the next of those who wait tries.
        """
        with self._lock:
            if (there := self._found(key)) is not None:
                return there[0]
            turn = self._making.setdefault(key, _Turn())
            turn.waiting += 1
        try:
            with turn.lock:
                with self._lock:
                    if (there := self._found(key)) is not None:
                        return there[0]
                made = make()
                self._keep(key, made)
                return made
        finally:
            with self._lock:
                turn.waiting -= 1
                # Not while others wait: whoever comes then would not find them, and make it again.
                if not turn.waiting:
                    self._making.pop(key, None)

    def find(self, key: object) -> T | None:
        """Return the kept thing; None where it is not there."""
        with self._lock:
            there = self._found(key)
        return None if there is None else there[0]

    def _found(self, key: object) -> tuple[T] | None:
        if key in self._kept:
            self._kept.move_to_end(key)
            return (self._kept[key][0],)
        if self._larger is not None and self._larger[0] == key:
            return (self._larger[1],)
        return None

    def drop(self, of: Callable[[Any], bool]) -> None:
        """Forget what is kept under the keys for which `of` is true."""
        with self._lock:
            for key in [key for key in self._kept if of(key)]:
                self._bytes -= self._kept.pop(key)[1]
            if self._larger is not None and of(self._larger[0]):
                self._larger = None

    def _keep(self, key: object, made: T) -> None:
        size = self._size_of(made)
        if size > self.limit:
            if self._one_larger:
                self._larger = key, made
            return
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = (made, size)
            self._bytes += size - before
            while self._bytes > self.limit:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped


# What a process keeps of what it has worked out, under one bound: answers, series, what is known of
# runs. Keys begin with whose it is, a run's version or a token of it. A run whose parts alone are
# larger, as at ten times paper scale, has at least its largest one kept.
kept: ByteCache[Any] = ByteCache(96 * MEGABYTE, size=bytes_of, one_larger=True)
