"""Names of series that are nested in files, so that no two of them become one."""

from collections.abc import Iterable

_Path = tuple[str, ...]
# How the parts of a path are joined; the next one where a name is taken.
_JOINTS = (".", "/", " > ")


class SeriesNames:
    """The name of each path that was seen; whatever comes later, a path keeps its name."""

    def __init__(self) -> None:
        self._names: dict[_Path, str] = {}
        self._taken: set[str] = set()
        self._ending: dict[str, tuple[_Path, ...]] = {}

    def learn(self, paths: Iterable[_Path]) -> None:
        """Name the paths that are new, those of one part before others, whatever their order."""
        new = [path for path in paths if path not in self._names]
        for path in sorted(new, key=lambda path: (len(path), path)):
            self[path]

    def __contains__(self, path: _Path) -> bool:
        return path in self._names

    def __getitem__(self, path: _Path) -> str:
        if path not in self._names:
            name = self._free(path)
            self._names[path] = name
            self._taken.add(name)
            end = path[-1].rsplit("/", 1)[-1]
            self._ending[end] = (*self._ending.get(end, ()), path)
        return self._names[path]

    def ending(self, word: str) -> tuple[_Path, ...]:
        """Return the paths whose last part is a word, or ends with it behind a slash."""
        return self._ending.get(word, ())

    def _free(self, path: _Path) -> str:
        for joint in _JOINTS:
            if (name := joint.join(path)) not in self._taken:
                return name
        name, number = ".".join(path), 2
        while f"{name} ({number})" in self._taken:
            number += 1
        return f"{name} ({number})"
