"""A copy of the application's code, to be changed as a later release is."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CODE = ("app", "benchmarks", "db", "deeptracker", "ingest", "migrations")
_SETTINGS = ("package.json", "package-lock.json", "tsconfig.json")
# Other tests run the same code meanwhile: bytecode that they are writing has such a name, and is
# gone before it could be copied.
UNFINISHED = shutil.ignore_patterns("*.pyc.*")


def copy_code(folder: Path) -> None:
    """Copy the code with its bytecode and what was built of it."""
    for name in _CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=UNFINISHED)
    for name in _SETTINGS:
        shutil.copy(ROOT / name, folder / name)
