"""Where the logs of ingest jobs may lie: under configured roots, and nowhere else.

A root is a folder of this machine or one in object storage ("s3://bucket/prefix").
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.config import DatabaseSettings
from deeptracker.errors import DeepTrackerError
from deeptracker.paths import resolved

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_OBJECTS = re.compile(r"(s3)://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])((?:/[^/]+)*)/?", re.ASCII)
# Separated as in PATH; the colon of a scheme separates nothing.
_BETWEEN_ROOTS = re.compile(rf"{re.escape(os.pathsep)}(?!//)")


class LocationRefused(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The location of a log is none that a job may read; the text says why."""


@dataclass(frozen=True)
class ObjectFolder:
    """A folder in object storage by its address, "s3://bucket/a/b", without a slash at the end."""

    address: str

    @property
    def key(self) -> str:
        """Return bucket and path without the scheme, as fsspec takes it."""
        return self.address.partition("://")[2]

    def is_under(self, other: "ObjectFolder") -> bool:
        """Return whether it lies within another folder, or is it."""
        return f"{self.address}/".startswith(f"{other.address}/")

    def __truediv__(self, name: str) -> "ObjectFolder":
        return ObjectFolder(f"{self.address}/{name}")

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True)
class StoredRunPlace:
    """One of several runs that another tool keeps in a folder or file: "mlflow.db#ID"."""

    path: Path
    run: str

    def __str__(self) -> str:
        return f"{self.path}#{self.run}"


Place = Path | ObjectFolder | StoredRunPlace


class LocationSettings(BaseSettings):
    """DEEPTRACKER_LOG_ROOTS: folders separated as in PATH; DEEPTRACKER_S3_ENDPOINT; frozen.

    The credentials of the object storage are none of our settings: its client finds them in the
    environment (AWS_ACCESS_KEY_ID and the like, or the machine's role).
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    log_roots: str | None = Field(default=None, validation_alias="DEEPTRACKER_LOG_ROOTS")
    s3_endpoint: str | None = Field(default=None, validation_alias="DEEPTRACKER_S3_ENDPOINT")

    @field_validator("s3_endpoint")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value and (not re.fullmatch(r"https?://[^\s@]+", value)):
            raise ValueError("must look like https://storage.example.org, without a password")
        return value or None

    def roots(self) -> tuple[Place, ...]:
        """Return the folders, resolved; `$DEEPTRACKER_HOME/runs` where none are set.

        Raises LocationRefused for a root in a storage that is not supported.
        """
        if not self.log_roots:
            return (resolved(DatabaseSettings().folder() / "runs"),)
        parts = [part.strip() for part in _BETWEEN_ROOTS.split(self.log_roots) if part.strip()]
        return tuple(read_place(part) for part in parts)


def read_place(text: str) -> Place:
    """Return the folder or file that a user of this machine names.

    "scheme://" is object storage, "PATH#ID" one of the runs that are stored at PATH. Raises
    LocationRefused for nothing and for a storage that is not supported, PathRefused for a path that
    leads nowhere.
    """
    if not text.strip():
        raise LocationRefused("Name a folder or a file; this folder is called '.'")
    if "://" in text:
        return _object_folder(text)
    path = resolved(text)
    head, _, run = text.rpartition("#")
    if head and run and not os.path.lexists(path):
        return StoredRunPlace(resolved(head), run)
    return path


def resolve_location(location: str, *, roots: Sequence[Place], itself: bool = False) -> Place:
    """Return the folder that `location` names, certainly under one of `roots`; paths resolved.

    A relative location counts from the first root on disk that has it; "PATH#ID" is a stored run
    where nothing is called so. `itself`: it may also be a root. Raises LocationRefused for `..`,
    schemes such as `file:`, control characters, and whatever leads out, also by a symbolic link.
    """
    shown = repr(location[:200])
    if not location.strip() or any(ord(c) < 32 or ord(c) == 127 for c in location):
        raise LocationRefused(f"The location {shown} is empty or has control characters.")
    if ".." in PurePosixPath(location).parts:
        raise LocationRefused(f"The location {shown} must not contain '..'.")
    if "://" in location:
        return _check_objects(_object_folder(location), roots=roots, itself=itself)
    if _SCHEME.match(location) or "\\" in location or location.startswith("~"):
        raise LocationRefused(
            f"The location {shown} must be a plain path on the worker's machine, or s3://bucket/..."
        )
    head, _, run = location.rpartition("#")
    if head and run:
        whole = _resolve_path(location, roots=roots, itself=itself)
        if isinstance(whole, Path) and not os.path.lexists(whole):
            at = _resolve_path(head, roots=roots, itself=itself)
            return StoredRunPlace(at, run) if isinstance(at, Path) else at
        return whole
    return _resolve_path(location, roots=roots, itself=itself)


def _resolve_path(location: str, *, roots: Sequence[Place], itself: bool) -> Place:
    path = Path(*PurePosixPath(location).parts)
    folders = [root for root in roots if isinstance(root, Path)]
    if not path.is_absolute():
        if not folders and roots:
            inside = _object_folder(f"{roots[0]}/{location}")
            return _check_objects(inside, roots=roots, itself=itself)
        # os.path: a name that no file system takes is no error there.
        found = [root / path for root in folders if os.path.exists(root / path)]
        path = found[0] if found else next(iter(folders), Path("/")) / path
    return check_inside(path, roots=roots, itself=itself)


def check_inside(path: Path, *, roots: Sequence[Place], itself: bool = False) -> Path:
    """Return `path` resolved; LocationRefused where that lies under none of `roots`."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise LocationRefused(f"{path} cannot be resolved ({error}).") from error
    folders = [root for root in roots if isinstance(root, Path)]
    if not any((itself or real != root) and real.is_relative_to(root) for root in folders):
        raise _outside(path, roots)
    return real


def _check_objects(folder: ObjectFolder, *, roots: Sequence[Place], itself: bool) -> ObjectFolder:
    allowed = [root for root in roots if isinstance(root, ObjectFolder)]
    if not any((itself or folder != root) and folder.is_under(root) for root in allowed):
        raise _outside(folder, roots)
    return folder


def _outside(place: Place, roots: Sequence[Place]) -> LocationRefused:
    allowed = ", ".join(map(str, roots)) or "no folder at all"
    return LocationRefused(
        f"{place} does not lie under {allowed}. "
        "Move the log there, or set DEEPTRACKER_LOG_ROOTS for the worker."
    )


def _object_folder(text: str) -> ObjectFolder:
    """Return a folder in object storage; LocationRefused for other schemes and odd addresses."""
    scheme = text.partition("://")[0]
    if scheme != "s3":
        raise LocationRefused(
            f"Logs are read from folders and from s3://bucket/..., not from {scheme[:40]!r}."
        )
    found = _OBJECTS.fullmatch(text)
    parts = found[3].split("/")[1:] if found else []
    odd = any(part in (".", "..") or not part.isprintable() for part in parts)
    if found is None or odd or any(c in text for c in "\\?#*"):
        raise LocationRefused(
            f"{text[:200]!r} is not an address such as s3://bucket/folder/run: a bucket in small "
            "letters, then folders without '..', '?', '#' and '*'."
        )
    return ObjectFolder(text.rstrip("/"))
