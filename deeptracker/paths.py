"""Paths that people name, in arguments and settings, as absolute ones without `~`."""

import os
from pathlib import Path

from deeptracker.errors import DeepTrackerError


class PathRefused(DeepTrackerError):  # noqa: N818 - the name that callers read
    """A path leads nowhere on this machine; the text names it and says why."""


def resolved(path: str | Path, *, setting: str = "") -> Path:
    """Return a path as an absolute one, without `~` and links; it need not be there.

    `setting`: the environment variable that names it, for the message. Raises PathRefused for the
    home of an account that this machine does not have, links in a circle, and names that no file
    system takes.
    """
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        named = f"{setting}: {_shown(path)}" if setting else _shown(path)
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise PathRefused(f"{named} leads nowhere ({why}). Name another path.") from error


def _shown(path: str | Path) -> str:
    return ascii(os.fspath(path)[:200])
