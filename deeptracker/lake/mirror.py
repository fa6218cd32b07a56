"""A lake in object storage, fetched into a folder of this machine: each set of files once.

DuckDB itself would need an extension from the network for that, or read through Python.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from deeptracker.extras import needed
from deeptracker.format.files import atomic_write
from deeptracker.lake.layout import MARKER, LakeError, RunSet, current, sets_of
from deeptracker.system_errors import FULL, told


def mirrored(address: str | Path) -> Path:
    """Return a folder with the present files of a lake at "s3://bucket/folder"; LakeError.

    It is kept for the next time, in the user's cache (XDG_CACHE_HOME).
    """
    scheme, _, key = str(address).rstrip("/").partition("://")
    if scheme != "s3" or not key:
        raise LakeError(f"A lake is a folder, or s3://bucket/folder, not {str(address)[:200]!r}.")
    with needed("lake-s3", "A lake in object storage"):
        import fsspec
        import s3fs  # noqa: F401 - what fsspec imports by the protocol's name
    endpoint = os.environ.get("DEEPTRACKER_S3_ENDPOINT", "").strip()
    folder = _cache(f"{endpoint} {key}")
    try:
        storage = fsspec.filesystem(
            "s3",
            client_kwargs={"endpoint_url": endpoint} if endpoint else {},
            config_kwargs={"connect_timeout": 10, "read_timeout": 60},
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        _fetch(storage, key, folder)
    except FileNotFoundError as error:
        raise LakeError(f"There is no lake in {address}: {MARKER} is missing.") from error
    except Exception as error:  # the client's are of several packages
        if isinstance(error, OSError) and _is_ours(error, folder):
            raise LakeError(
                f"What is fetched of the lake cannot be written: {told(error)} XDG_CACHE_HOME says "
                "where it is kept."
            ) from error
        raise LakeError(
            f"The lake {address} cannot be read ({type(error).__name__}): check "
            "DEEPTRACKER_S3_ENDPOINT and the credentials in the environment."
        ) from error
    return folder


def _cache(what: str) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "deeptracker" / "lake" / hashlib.sha256(what.encode()).hexdigest()[:16]


def _is_ours(error: OSError, folder: Path) -> bool:
    """Say whether an error is of this machine's disk, not of the object storage."""
    return error.errno in FULL or str(error.filename or "").startswith(str(folder))


def _fetch(storage: Any, key: str, folder: Path) -> None:
    """Fetch the sets that count and are not there, and remove those that the lake has no more."""
    marker: bytes = storage.cat_file(f"{key}/{MARKER}")
    folder.mkdir(parents=True, exist_ok=True)
    there = sets_of(path.removeprefix(f"{key}/") for path in storage.find(key))
    here = sets_of(p.relative_to(folder).as_posix() for p in folder.glob("run_id=*/*/*.parquet"))
    for one in current(there).values():
        if here.get(one) != there[one]:
            _fetch_set(storage, f"{key}/{one.path}", folder, one, sorted(there[one]))
    for one in here.keys() - there.keys():
        shutil.rmtree(folder / one.path, ignore_errors=True)
    atomic_write(folder / MARKER, marker)


def _fetch_set(storage: Any, key: str, folder: Path, one: RunSet, names: list[str]) -> None:
    aside = folder / f".{one.path.replace('/', '-')}.{os.getpid()}"
    try:
        aside.mkdir(exist_ok=True)
        files = [f"{name}.parquet" for name in names]
        storage.get([f"{key}/{file}" for file in files], [str(aside / file) for file in files])
        final = folder / one.path
        shutil.rmtree(final, ignore_errors=True)  # not all of it was there
        final.parent.mkdir(exist_ok=True)
        aside.rename(final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
