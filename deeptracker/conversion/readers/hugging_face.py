"""What Hugging Face's Trainer keeps of its course: a state in each checkpoint, or its history."""

import json
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, WholeFile, is_inside
from deeptracker.conversion.readers.rows import add_rows, number
from deeptracker.errors import LogError

STATE = "trainer_state.json"
_MOST_BYTES = 512 * 2**20
# Settings in the state; the others are what it has come to.
_SETTINGS = ("num_train_epochs", "max_steps", "train_batch_size", "logging_steps", "eval_steps")


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return a reader of the newest state; each state tells all that came before it."""
    if folder.is_file():
        return [StateReader(folder)] if folder.suffix == ".json" and _is_history(folder) else []
    if (folder / STATE).is_file() and is_inside(folder / STATE, folder):
        return [StateReader(folder / STATE)]
    found = [path for path in folder.glob(f"*/{STATE}") if is_inside(path, folder)]
    return [StateReader(path) for path in sorted(found, key=_age)[-1:]]


def _age(path: Path) -> tuple[int, int]:
    """Return the number of a checkpoint, and when its state was written."""
    end = path.parent.name.rsplit("-", 1)[-1]
    return int(end) if end.isdecimal() else -1, path.stat().st_mtime_ns


def _is_history(path: Path) -> bool:
    try:
        return bool(_rows(json.loads(_text(path))))
    except (OSError, ValueError, RecursionError, LogError):
        return False


def _text(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise LogError(path, "", f"has more than {_MOST_BYTES >> 20} MiB")
    return data


def _rows(found: Any) -> list[dict[str, Any]]:
    """Return the rows of a state, or of a history alone; ValueError where it is neither."""
    rows = found.get("log_history") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise ValueError("it is no list")
    return [row for row in rows if isinstance(row, dict) and "step" in row]


class StateReader(WholeFile):
    """`trainer_state.json`, or a file with the list `log_history` alone."""

    def take(self, into: Collected) -> None:
        """Read the file."""
        try:
            found = json.loads(_text(self.path))
            rows = _rows(found)
        except (ValueError, RecursionError) as error:
            raise LogError(self.path, "log_history", f"cannot be read ({error})") from error
        add_rows(rows, into)
        if isinstance(found, dict):
            into.hyperparameters |= {n: found[n] for n in _SETTINGS if found.get(n) is not None}
        # Its epochs are fractions of the iterations so far; the last row tells best.
        step, epoch = (number(rows[-1].get(name)) if rows else None for name in ("step", "epoch"))
        if step and epoch:
            into.iterations_per_epoch = max(1, round(step / epoch))
        into.kinds.append("state of Hugging Face's Trainer")
