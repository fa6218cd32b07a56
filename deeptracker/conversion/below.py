"""Which folders below one that holds nothing itself hold a run, as those of Lightning do."""

from pathlib import Path

from deeptracker.conversion.checkpoints.finding import find_checkpoints
from deeptracker.conversion.readers.known import find_readers
from deeptracker.errors import LogError

_DEEPEST = 3
_MOST_FOLDERS = 500
_SHOWN = 3


def runs_below(folder: Path) -> list[Path]:
    """Return the folders below in which something is known, by name; nothing is read of it.

    What is within one of them is its own. Links are not followed, nor folders gone into that are
    too deep or too many.
    """
    found, seen = [], 0
    waiting = [(one, 1) for one in _folders(folder)]
    while waiting and seen < _MOST_FOLDERS:
        here, depth = waiting.pop(0)
        seen += 1
        if _holds_something(here):
            found.append(here)
        elif depth < _DEEPEST:
            waiting += [(one, depth + 1) for one in _folders(here)]
    return found


def said_below(folder: Path) -> str:
    """Return which folders below are to be named instead, as a sentence; "" where there is none."""
    found = [str(one.relative_to(folder)) for one in runs_below(folder)]
    if not found:
        return ""
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return f"There is something below: name {' or '.join(found[:_SHOWN])}{more} instead"


def _folders(folder: Path) -> list[Path]:
    try:
        within = sorted(folder.iterdir())
    except OSError:
        return []  # it is a file or an address, went away, or is not for us
    return [one for one in within if one.is_dir() and not one.is_symlink()]


def _holds_something(folder: Path) -> bool:
    try:
        return bool(find_readers(folder) or find_checkpoints(folder).checkpoints)
    except LogError:
        return True  # what is wrong with it is said where it is named
    except OSError:
        return False
