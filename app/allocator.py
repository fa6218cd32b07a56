"""How a process that lives for weeks gives memory back: a few settings of the C library's malloc.

glibc keeps an arena of its own for nearly every thread, and raises the size from which memory goes
back at once when it is freed up to 32 MB. Both suit short programs; here they leave holes where
arrays of large runs were, and processes that seem to grow.
"""

import ctypes
import platform

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Bytes; arrays from this size on have a mapping of their own.
LARGE = 4 * 2**20
# Free bytes of an arena that are kept: each answer about a long run would ask for them again.
KEPT = 64 * 2**20
ARENAS = 2


def give_back() -> bool:
    """Let this process, and those forked from it, give back large memory; False: no glibc."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, KEPT))
    return all(mallopt(name, value) for name, value in settings)
