"""Where the logs of ingest jobs may lie: under configured folders, and nowhere else."""

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.config import DatabaseSettings
from deeptracker.errors import DeepTrackerError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


class LocationRefused(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The location of a log is none that a job may read; the text says why."""


class LocationSettings(BaseSettings):
    """DEEPTRACKER_LOG_ROOTS: folders separated as in PATH; frozen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    log_roots: str | None = Field(default=None, validation_alias="DEEPTRACKER_LOG_ROOTS")

    def roots(self) -> tuple[Path, ...]:
        """Return the folders, resolved; `$DEEPTRACKER_HOME/runs` where none are set."""
        if not self.log_roots:
            return ((DatabaseSettings().home.expanduser() / "runs").resolve(),)
        parts = [part for part in self.log_roots.split(os.pathsep) if part.strip()]
        return tuple(Path(part).expanduser().resolve() for part in parts)


def resolve_location(location: str, *, roots: Sequence[Path]) -> Path:
    """Return the folder that `location` names, resolved, certainly under one of `roots`.

    A relative location counts from the first root that has it. Raises LocationRefused for `..`,
    schemes such as `file:`, control characters, and whatever leads out, also by a symbolic link.
    """
    shown = repr(location[:200])
    if not location.strip() or any(ord(c) < 32 or ord(c) == 127 for c in location):
        raise LocationRefused(f"The location {shown} is empty or has control characters.")
    if _SCHEME.match(location) or "\\" in location or location.startswith("~"):
        raise LocationRefused(f"The location {shown} must be a plain path on the worker's machine.")
    parts = PurePosixPath(location).parts
    if ".." in parts:
        raise LocationRefused(f"The location {shown} must not contain '..'.")
    path = Path(*parts)
    if not path.is_absolute():
        found = [root / path for root in roots if (root / path).exists()]
        path = found[0] if found else next(iter(roots), Path("/")) / path
    return check_inside(path, roots=roots)


def check_inside(path: Path, *, roots: Sequence[Path]) -> Path:
    """Return `path` resolved; LocationRefused where that lies under none of `roots`."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise LocationRefused(f"{path} cannot be resolved ({error}).") from error
    if not any(real != root and real.is_relative_to(root) for root in roots):
        allowed = ", ".join(map(str, roots)) or "no folder at all"
        raise LocationRefused(
            f"{path} does not lie under {allowed}. "
            "Move the log there, or set DEEPTRACKER_LOG_ROOTS for the worker."
        )
    return real
