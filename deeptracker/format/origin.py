"""Of which run, iteration and time a file of the log says that it is, checked."""

import math

from deeptracker.errors import LogError
from deeptracker.format.container import Container
from deeptracker.format.manifest import Manifest
from deeptracker.format.snapshot import MAX_ITERATION


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
