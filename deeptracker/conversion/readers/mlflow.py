"""MLflow's stores: the database and the folder `mlruns`, without MLflow, and while it writes."""

from collections.abc import Iterator
from pathlib import Path

from deeptracker.conversion.readers import Reader, StoredRun
from deeptracker.conversion.readers.mlflow_files import FilesReader, runs_of_folder
from deeptracker.conversion.readers.mlflow_sql import SqlReader, is_store, runs_of_database
from deeptracker.conversion.told import told
from deeptracker.errors import LogError

_FOLDER = "mlruns"
_NAMED = "mlflow"
_ENDINGS = (".db", ".sqlite", ".sqlite3")
_SHOWN = 5


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return a reader of a run in the stores in a folder, or in the one that it is.

    Raises LogError where there are several runs, and `run` names none of them.
    """
    found = _found(folder)
    if run is not None:
        return [found[run][1]] if run in found else []
    if len(found) > 1:
        shown = ", ".join(f"{id} ({one.name})" for id, (one, _) in list(found.items())[:_SHOWN])
        more = ", ..." if len(found) > _SHOWN else ""
        raise LogError(
            folder, "", f"holds {len(found):,} runs of MLflow; name one of them: {shown}{more}"
        )
    return [reader for _, reader in found.values()]


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs in the stores in a folder, or in the one that it is."""
    return [one for one, _ in _found(folder).values()]


def _found(folder: Path) -> dict[str, tuple[StoredRun, Reader]]:
    """Return the runs that are not deleted by id, with a reader of each."""
    try:
        return dict(_stored(folder))
    except OSError as error:
        place = error.filename or folder
        raise LogError(place, "", f"cannot be read ({error.strerror})") from error


def _stored(folder: Path) -> Iterator[tuple[str, tuple[StoredRun, Reader]]]:
    if folder.is_file():
        files = [folder]
    else:
        root, said = folder.resolve(), told(folder)
        files = [
            one
            for one in sorted(folder.iterdir())
            if one.suffix.lower() in _ENDINGS
            and said.belongs(one)
            and one.resolve().is_relative_to(root)
        ]
    for path in files:
        if path.is_file() and _is_ours(path, meant=path == folder or path.stem == _NAMED):
            for one in runs_of_database(path):
                yield one.id, (one, SqlReader(path, one.id))
    if folder.is_dir():
        for place in (folder, folder / _FOLDER):
            for one, path in runs_of_folder(place):
                yield one.id, (one, FilesReader(path, folder))


def _is_ours(path: Path, *, meant: bool) -> bool:
    """Say whether a file is a database of MLflow's; LogError where one that is meant is damaged."""
    try:
        return is_store(path)
    except LogError:
        if meant:
            raise
        return False
