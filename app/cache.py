"""A memory of a bounded number of bytes: what was made once is there for all who ask for it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class ByteCache(Generic[T]):
    """Things by key, the least recently used dropped beyond `limit` bytes; safe for threads.

    `size` tells the bytes of a thing.
    """

    def __init__(self, limit: int, *, size: Callable[[Any], int] = len) -> None:
        self.limit = limit
        self._size_of = size
        self._kept: OrderedDict[object, T] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._making: dict[object, threading.Lock] = {}

    def get(self, key: object, make: Callable[[], T]) -> T:
        """Return the kept thing, or make it: once, while others who ask for the same wait."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key]
                made = make()
                self._keep(key, made)
                return made
        finally:
            with self._lock:
                self._making.pop(key, None)

    def _keep(self, key: object, made: T) -> None:
        size = self._size_of(made)
        if size > self.limit:
            return
        with self._lock:
            self._kept[key] = made
            self._size += size
            while self._size > self.limit:
                _, dropped = self._kept.popitem(last=False)
                self._size -= self._size_of(dropped)
