"""Object storage as a worker reads it, by fsspec: what a folder holds, and bytes of known size.

The client (s3fs) takes credentials from the environment; none of them is kept, shown or logged
here, and what goes wrong is said in words of our own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import fsspec

from deeptracker.errors import LogError
from ingest.locations import LocationSettings, ObjectFolder

# Patience with a storage that does not answer.
CONFIG: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 4}}


@dataclass(frozen=True)
class Entry:
    """One object, or a folder (`size` None), directly within a folder.

    `stamp` differs when the object was written again.
    """

    size: int | None
    stamp: tuple[str, int]
    changed_at: datetime


class ObjectStore:
    """A storage at the configured endpoint. Nothing is cached: logs grow."""

    def __init__(self, *, endpoint: str | None = None) -> None:
        chosen = endpoint or LocationSettings().s3_endpoint
        self._files: Any = fsspec.filesystem(
            "s3",
            client_kwargs={"endpoint_url": chosen} if chosen else {},
            config_kwargs=CONFIG,
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def entries(self, folder: ObjectFolder) -> dict[str, Entry]:
        """Return what is directly in a folder, by name; nothing where there is no such folder.

        Raises LogError where the storage refuses or does not answer.
        """
        try:
            listed = self._files.ls(folder.key, detail=True, refresh=True)
        except FileNotFoundError:
            return {}
        except Exception as error:  # botocore's are no OSErrors
            raise _problem(folder, error) from None
        return dict(_entries(folder, listed))

    def read(self, folder: ObjectFolder, sizes: Mapping[str, int]) -> dict[str, "bytes | LogError"]:
        """Return at most so many bytes of each object of a folder, fetched side by side."""
        names: Sequence[str] = [name for name, size in sizes.items() if size]
        paths = [f"{folder.key}/{name}" for name in names]
        try:
            parts = self._files.cat_ranges(
                paths, [0] * len(paths), [sizes[name] for name in names], on_error="return"
            )
        except Exception as error:  # as above
            raise _problem(folder, error) from None
        found: dict[str, bytes | LogError] = {name: b"" for name in sizes}
        for name, part in zip(names, parts, strict=True):
            ok = isinstance(part, bytes)
            found[name] = part if ok else _problem(folder / name, part)
        return found


def _entries(
    folder: ObjectFolder, listed: Iterable[Mapping[str, Any]]
) -> Iterable[tuple[str, Entry]]:
    for one in listed:
        path, _, name = str(one["name"]).rstrip("/").rpartition("/")
        if path != folder.key or not name:
            continue  # the folder's own marker
        is_folder = one.get("type") == "directory"
        size = None if is_folder else int(one.get("size") or 0)
        changed = one.get("LastModified") or datetime.min.replace(tzinfo=UTC)
        # The storage's own mark of the content, where it gives one: the same bytes rewritten are
        # nothing new.
        stamp = (str(one.get("ETag") or changed.isoformat()), size or 0)
        yield name, Entry(size, stamp, changed)


def _problem(place: ObjectFolder, error: object) -> LogError:
    """Return what may be said: the client's own texts may name more than that."""
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError):
        reason = "it is gone"
    elif isinstance(error, PermissionError):
        reason = "the storage refuses: check the credentials in the worker's environment"
    elif "Credential" in kind:
        reason = "the worker's environment has no credentials for the storage"
    elif any(word in kind for word in ("Connect", "Timeout", "Endpoint")):
        reason = "the storage does not answer: check DEEPTRACKER_S3_ENDPOINT"
    else:
        reason = kind
    return LogError(str(place), "", f"cannot be read ({reason})")
