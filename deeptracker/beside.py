"""Files beside the snapshots, such as those of the batch ledger: written, or lost with a remark."""

from collections.abc import Callable
from pathlib import Path

from deeptracker.errors import LogError
from deeptracker.run_writer import RunWriter


def write_beside(
    writer: RunWriter, path: Path, iteration: int, what: str, write: Callable[[Path], int]
) -> int | None:
    """Let `write` make the file at `path`; return its size in bytes, None: it is lost.

    A full disk loses it, never the training; `what` was lost then, which is a remark.
    """
    if not writer.holds:
        return None  # the next snapshot says so
    try:
        path.parent.mkdir(exist_ok=True)
        return write(path)
    except (OSError, LogError) as error:
        why = error.strerror if isinstance(error, OSError) else error.problem
        writer.remarks.add(
            "disk",
            path.parent.name,
            f"{path}: {what} lost ({why}); training and recording go on",
            iteration=iteration,
        )
        return None
