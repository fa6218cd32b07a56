"""One thread for small linear algebra: where other work has the cores, several wait in turn."""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    # Finding the libraries takes 10 ms; they are loaded by whoever asks.
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS and OpenMP use one thread."""
    found: AbstractContextManager[Any] = _controller().limit(limits=1)
    return found
