"""The state that Hugging Face's Trainer leaves in the folder of each checkpoint."""

import json
from pathlib import Path

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, WholeFile
from deeptracker.conversion.readers.tables import add_rows, number
from deeptracker.errors import LogError

STATE = "trainer_state.json"


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return a reader of the newest state; each state tells all that came before it."""
    if folder.is_file():
        return [StateReader(folder)] if folder.name == STATE else []
    if (folder / STATE).is_file():
        return [StateReader(folder / STATE)]
    states = sorted(folder.glob(f"*/{STATE}"), key=lambda path: path.stat().st_mtime)
    return [StateReader(path) for path in states[-1:]]


class StateReader(WholeFile):
    """`trainer_state.json`."""

    def take(self, into: Collected) -> None:
        """Read the file."""
        try:
            rows = json.loads(self.path.read_text("utf-8"))["log_history"]
            if not isinstance(rows, list):
                raise TypeError("log_history is no list")
        except (ValueError, KeyError, TypeError) as error:
            raise LogError(self.path, "log_history", f"cannot be read ({error})") from error
        rows = [row for row in rows if isinstance(row, dict)]
        add_rows(rows, into)
        # Its epochs are fractions of the iterations so far; the last row tells best.
        step, epoch = (number(rows[-1].get(name)) if rows else None for name in ("step", "epoch"))
        if step and epoch:
            into.iterations_per_epoch = max(1, round(step / epoch))
        into.kinds.append("state of Hugging Face's Trainer")
