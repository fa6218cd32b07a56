"""Modules that a server process does not load, though a library would if it found them."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


def keep_out(*names: str) -> None:
    """Let modules be as good as not installed for this process, and those forked from it.

    pyarrow loads pandas with its first array, to know whether that is one of pandas: 40 MB and a
    third of a second of each web process, which has no use for it.
    """
    sys.meta_path.insert(0, _Nowhere(names))


class _Nowhere(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Raise ModuleNotFoundError for what is kept out; others may be found elsewhere."""
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is kept out of this process", name=fullname)
