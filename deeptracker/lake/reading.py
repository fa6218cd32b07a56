"""Opens a lake: a connection of DuckDB that reads its files, and nothing else."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deeptracker.extras import needed
from deeptracker.lake.layout import (
    ENVIRONMENT,
    FILES,
    MARKER,
    LakeError,
    current,
    sets_of,
    store_of,
)
from deeptracker.lake.mirror import mirrored
from deeptracker.lake.views import VIEWS, listed, view
from deeptracker.paths import resolved

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# What DuckDB takes for a pattern in a path.
_PATTERN = frozenset("*?[")


def connect(lake: str | Path | None = None) -> "DuckDBPyConnection":
    """Return a connection with the views runs, hyperparameters, scalars, class_errors, layers,
    findings over all runs of a lake, as they are now.

    `lake` is a folder or "s3://bucket/folder"; without, what DEEPTRACKER_LAKE names. The connection
    reads the files of these runs, none besides, and no address; its settings are locked. Tables of
    your own live in its memory. NaN is kept, and larger than all numbers there: leave it out by
    `WHERE isfinite(value)`. Connect again to see what has changed; after some minutes files that
    were replaced are gone. Raises LakeError, and MissingExtra without the package duckdb.
    """
    with needed("lake", "deeptracker.lake"):
        import duckdb
    folder = _folder(lake)
    files = _files(folder)
    connection = duckdb.connect()
    for name in VIEWS:
        connection.execute(view(name, files[name]))
    allowed = listed([path for paths in files.values() for path in paths])
    for setting in (
        f"allowed_paths = {allowed}",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _folder(lake: str | Path | None) -> Path:
    """Return the folder with the files, checked; those of object storage are fetched."""
    named = lake or os.environ.get(ENVIRONMENT, "").strip()
    if not named:
        raise LakeError(f"Name the lake, or set {ENVIRONMENT}: a folder, or s3://bucket/folder.")
    folder = mirrored(named) if "://" in str(named) else resolved(named)
    if _PATTERN & set(str(folder)):
        raise LakeError(f"{folder}: DuckDB takes * ? [ in a path for a pattern; rename the folder.")
    marker = folder / MARKER
    try:
        store = store_of(marker.read_bytes() if marker.exists() else None, str(named))
    except OSError as error:
        raise LakeError(f"{marker} cannot be read: {error.strerror or error}.") from error
    if store is None:
        raise LakeError(
            f"There is no lake in {named}: {MARKER} is missing. Workers with "
            f"{ENVIRONMENT} write it, or deeptracker lake sync."
        )
    return folder


def _files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each view, by run."""
    found = (path.relative_to(folder).as_posix() for path in folder.glob("run_id=*/*/*.parquet"))
    sets = sets_of(found)
    counting = sorted(current(sets).values())
    return {
        name: [folder / one.path / f"{file}.parquet" for one in counting if file in sets[one]]
        for name, file in FILES.items()
    }
