"""What `deeptracker.toml` beside the files of a training says of them: clocks, a name, settings."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from deeptracker.conversion.collected import Collected, merged
from deeptracker.errors import LogError

FILE = "deeptracker.toml"
_KNOWN = ("name", "tags", "files", "hyperparameters", "clock")
_CLOCKS = ("epoch", "steps")
_MOST_BYTES, _MOST_TEXTS, _MOST_ITERATIONS = 2**20, 1_000, 2**31 - 1

_T = TypeVar("_T")


@dataclass(frozen=True)
class Told:
    """What a person said of the files in `folder`; empty and None: nothing.

    `files` are patterns of those that belong to the run, all where there is none. `per_epoch`:
    iterations of an epoch; `steps`: iterations of one step of the files by pattern. A pattern is a
    path from the folder in which `*` stands for anything; that of a folder means all in it.
    """

    folder: Path
    name: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    per_epoch: int | None = None
    steps: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        return self != Told(self.folder)

    def belongs(self, path: Path) -> bool:
        """Say whether a file or folder belongs to the run."""
        return not self.files or any(self._means(pattern, path) for pattern in self.files)

    def step(self, path: Path) -> int:
        """Return how many iterations one step of a file has."""
        return next((many for pattern, many in self.steps if self._means(pattern, path)), 1)

    def _means(self, pattern: str, path: Path) -> bool:
        try:
            short = path.relative_to(self.folder)
        except ValueError:
            return True  # of elsewhere nothing is said
        return any(
            fnmatchcase(one.as_posix(), pattern.rstrip("/"))
            for one in (short, *short.parents)
            if one.parts or one == short
        )

    def unused(self, paths: Iterable[Path]) -> list[str]:
        """Return the patterns of steps that mean none of these, nor a checkpoint, as sentences."""
        there = [*paths, *self.folder.iterdir()] if self.steps else []
        return [
            f"{FILE}: clock.steps: no file that was read is called {pattern}"
            for pattern, _ in self.steps
            if not any(self._means(pattern, path) for path in there)
        ]


def told(place: Path) -> Told:
    """Return what is said of a folder, or of the folder of a file; LogError where it is wrong."""
    folder = place.parent if place.is_file() else place
    path = folder / FILE
    try:
        stat = path.stat()
    except OSError:
        return Told(folder)
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(1_000)
def _read(path: Path, _changed: int, size: int) -> Told:
    if size > _MOST_BYTES:
        raise LogError(path, "", "is larger than such a file can be (1 MiB)")
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LogError(path, "", f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise LogError(path, "", f"is no TOML ({error})") from error
    _known(path, "", found, _KNOWN)
    clock = _table(path, "clock", found.get("clock", {}))
    _known(path, "clock.", clock, _CLOCKS)
    steps = _table(path, "clock.steps", clock.get("steps", {}))
    epoch = clock.get("epoch")
    return Told(
        path.parent,
        name=_text(path, "name", found.get("name", "")),
        tags=_texts(path, "tags", found.get("tags", [])),
        files=_texts(path, "files", found.get("files", [])),
        hyperparameters=_table(path, "hyperparameters", found.get("hyperparameters", {})),
        per_epoch=None if epoch is None else _number(path, "clock.epoch", epoch),
        steps=tuple(
            (pattern, _number(path, f"clock.steps.{pattern}", many))
            for pattern, many in steps.items()
        ),
    )


def _known(path: Path, at: str, found: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in found:
        if name not in known:
            raise LogError(path, f"{at}{name}", f"is not known; known are {', '.join(known)}")


def _table(path: Path, name: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise LogError(path, name, f"must be a table: [{name}] on a line of its own")
    return found


def _text(path: Path, name: str, found: Any) -> str:
    if not isinstance(found, str):
        raise LogError(path, name, "must be a text in quotation marks")
    return found


def _texts(path: Path, name: str, found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise LogError(path, name, 'must be a list of texts: ["one", "two"]')
    return tuple(found[:_MOST_TEXTS])


def _number(path: Path, name: str, found: Any) -> int:
    good = isinstance(found, int) and not isinstance(found, bool)
    if not (good and 1 <= found <= _MOST_ITERATIONS):
        raise LogError(path, name, "must be a whole number of iterations, at least 1")
    return int(found)


def joined(said: Told, parts: Iterable[tuple[Path, Collected]]) -> Collected:
    """Return what several files hold of one run, by what is said of them.

    What is said comes before what the files say themselves.
    """
    known = list(parts)
    whole = merged(_placed(part, said.step(path)) for path, part in known)
    if not said:
        return whole
    whole.kinds.append(FILE)
    whole.files.append(FILE)
    whole.name = said.name or whole.name
    whole.hyperparameters |= said.hyperparameters
    whole.tags = (*said.tags, *(tag for tag in whole.tags if tag not in said.tags))
    whole.iterations_per_epoch = said.per_epoch or whole.iterations_per_epoch
    return whole


def _placed(part: Collected, step: int) -> Collected:
    """Return a part whose steps have so many iterations each."""
    if step == 1:
        return part

    def longer(series: Mapping[int, _T]) -> dict[int, _T]:
        return {at * step: value for at, value in series.items()}

    per_epoch = part.iterations_per_epoch
    return replace(
        part,
        values={name: longer(series) for name, series in part.values.items()},
        times=longer(part.times),
        texts=longer(part.texts),
        histograms={tag: longer(series) for tag, series in part.histograms.items()},
        iterations_per_epoch=None if per_epoch is None else per_epoch * step,
    )
