"""Of which run, iteration and time a file of the log says that it is: written, and checked."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format.container import Container, pack
from deeptracker.format.files import atomic_write
from deeptracker.format.manifest import Manifest
from deeptracker.format.names import VERSION
from deeptracker.format.snapshot import MAX_ITERATION


class Recorded(Protocol):
    """What was recorded at an iteration: a snapshot, a batch ledger, probes."""

    @property
    def iteration(self) -> int:
        """Return the iteration."""

    @property
    def recorded_at(self) -> float:
        """Return when, in seconds since 1970 (UTC)."""

    @property
    def generation(self) -> int:
        """Return which generation of the run it was."""


def write_recorded(
    path: Path,
    manifest: Manifest,
    recorded: Recorded,
    arrays: Mapping[str, NDArray[Any]],
    texts: Mapping[str, str],
    parse: Callable[[Path, bytes, Manifest], object],
) -> int:
    """Write arrays, and texts beside those of the origin, to `path`; return the size in bytes.

    Complete or not at all: LogError, which names the array, where `parse` would refuse it; OSError
    where the disk is full.
    """
    origin = {
        "version": str(VERSION),
        "run": manifest.run,
        "iteration": str(recorded.iteration),
        "recorded_at": repr(float(recorded.recorded_at)),
        "generation": str(recorded.generation),
    }
    data = pack(path, dict(arrays), {**origin, **texts})
    parse(path, data, manifest)
    atomic_write(path, data)
    return len(data)


def check_origin(container: Container, manifest: Manifest) -> None:
    """Raise LogError where the file has no version, or is that of another run."""
    path, version, run = container.path, *map(container.texts.get, ("version", "run"))
    if version is None or not (version.isascii() and version.isdigit()) or int(version[:9]) < 1:
        raise LogError(path, "version", f"is {version!r}, which is not a version of the format")
    if run != manifest.run and run not in manifest.ancestors:
        raise LogError(path, "run", f"is {run!r}, but the manifest says {manifest.run!r}")


def iteration_of(container: Container) -> int:
    """Return the iteration that the file says; LogError where that is none."""
    text = container.texts.get("iteration", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MAX_ITERATION:
        raise LogError(
            container.path,
            "iteration",
            f"{text[:40]!r} is not a whole number up to {MAX_ITERATION}",
        )
    return int(text)


def generation_of(container: Container) -> int:
    """Return the generation that recorded the file, 0 where it does not say."""
    return int(number_of(container, "generation")) if "generation" in container.texts else 0


def number_of(
    container: Container, name: str, *, most: float = MAX_ITERATION, unknown: bool = False
) -> float:
    """Return a number from 0 to `most`, or NaN where that may stand for one not known."""
    try:
        value = float(container.texts[name])
    except (KeyError, ValueError) as error:
        raise LogError(container.path, name, "is missing or not a number") from error
    if not (0 <= value <= most or (unknown and math.isnan(value))):
        raise LogError(container.path, name, f"is {value}, not a number from 0 to {most:g}")
    return value


def check_rising(
    path: Path, name: str, values: NDArray[np.integer[Any]], least: int, most: int
) -> None:
    """Raise LogError where numbers, of which there is one at least, do not rise within limits."""
    # Compared, not subtracted: differences of hostile numbers wrap around.
    rises = bool((values[1:] > values[:-1]).all())
    if not rises or int(values[0]) < least or int(values[-1]) > most:
        raise LogError(path, name, f"must rise within {least}..{most}")
