"""What is called like a file of scalars and cannot be read as one: it is said, not passed over."""

import os
import stat
from pathlib import Path

from deeptracker.conversion.readers import entries_below, tables, tensorboard
from deeptracker.conversion.told import told

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def passed_over(folder: Path) -> list[str]:
    """Return, as sentences, what in a folder is called like a file that we read and is none, or
    may not be read. Nothing is opened: a named pipe would wait for whoever writes into it.
    """
    if not folder.is_dir():
        return []
    said = told(folder)
    named = {one for one in folder.iterdir() if one.suffix.lower() in tables.SUFFIXES}
    # What lies in a folder that is called so is found in it.
    events = (one for one in entries_below(folder) if tensorboard.NAMED in one.name)
    named |= {one for one in events if not one.is_dir()}
    reasons = ((one, _why_not(one)) for one in sorted(named) if said.belongs(one))
    return [
        f"{path.relative_to(folder)} {why}: nothing was read of it." for path, why in reasons if why
    ]


def _why_not(path: Path) -> str:
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if kind != stat.S_IFREG:
        return f"is {_KINDS.get(kind, 'something else')}, not a file"
    return "" if os.access(path, os.R_OK) else "cannot be read (Permission denied)"
