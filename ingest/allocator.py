"""How a process that lives for weeks gives memory back: what it asks of the C library's malloc.

glibc keeps an arena of its own for nearly every thread, and raises the size from which memory goes
back at once when it is freed up to 32 MB. Both suit short programs; here they leave holes where
arrays of large runs were, and processes that seem to grow.
"""

import ctypes
import gc
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from db.repeating import start_repeating

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Bytes; arrays from this size on have a mapping of their own.
LARGE = 4 * 2**20
# Free bytes of an arena that are kept: each answer about a long run would ask for them again.
KEPT = 64 * 2**20
ARENAS = 2
# Between two times at which a server gives back what lies free between what is in use.
TRIM_SECONDS = 20.0


def give_back() -> bool:
    """Let this process, and those forked from it, give back large memory; False: no glibc."""
    if not _is_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, KEPT))
    return all(mallopt(name, value) for name, value in settings)


@contextmanager
def trimmed() -> Iterator[None]:
    """Give back all free memory at the end of the block, between what is in use too.

    For a large task alone: a load of 1.3 million iterations leaves 200 MB in such holes, more of
    them after some loads than after others; and what objects hold that refer to each other, Python
    frees when it comes to it.
    """
    try:
        yield
    finally:
        gc.collect()
        _trim()


def start_trimming(*, seconds: float = TRIM_SECONDS) -> None:
    """Give back all free memory every so many seconds, in a thread that ends with the process.

    For a server, whose answers about large runs leave holes at any time: a web process that had
    made every answer about a run of paper scale held a quarter of a gigabyte so.
    """
    start_repeating(_trim, name="the trimming of memory", seconds=seconds, at_once=False)


def _trim() -> None:
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
