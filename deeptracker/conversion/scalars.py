"""Scalars that a training left in files: CSV, JSON lines, Hugging Face's state, TensorBoard."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deeptracker.errors import LogError
from deeptracker.extras import needed

# What a row is of, the most telling first.
_STEPS = ("iteration", "global_step", "step", "_step")
_EPOCH = "epoch"
_STATE = "trainer_state.json"
# What people call what the views know by one name.
_KNOWN = {
    "loss": "train_loss",
    "train/loss": "train_loss",
    "loss/train": "train_loss",
    "eval_loss": "validation_loss",
    "val_loss": "validation_loss",
    "eval/loss": "validation_loss",
    "val/loss": "validation_loss",
    "loss/val": "validation_loss",
    "lr": "learning_rate",
}


@dataclass
class Scalars:
    """Values by name and iteration (or epoch, where `by_epoch`), and what was not taken.

    Of several values of one name and iteration, as after a restart, the last one stands.
    `dropped` counts by reason. `iterations_per_epoch` is None where the files do not say it.
    """

    values: dict[str, dict[int, float]] = field(default_factory=dict)
    by_epoch: dict[str, dict[int, float]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    iterations_per_epoch: int | None = None

    def add(self, name: str, at: int, value: float, *, by_epoch: bool = False) -> None:
        """Take a value."""
        name = _KNOWN.get(name.lower(), name)
        kept = (self.by_epoch if by_epoch else self.values).setdefault(name, {})
        if at in kept and not _same(kept[at], value):
            self.drop("an earlier value of the same iteration")
        kept[at] = value

    def drop(self, reason: str) -> None:
        """Count something that was not taken."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def read_scalars(folder: Path) -> Scalars:
    """Return the scalars of all files in a folder, and of TensorBoard's below it, that are known.

    Raises LogError where such a file is damaged.
    """
    found = Scalars()
    for path in _files(folder):
        before = sum(map(len, (*found.values.values(), *found.by_epoch.values())))
        _reader(path)(path, found)
        if sum(map(len, (*found.values.values(), *found.by_epoch.values()))) > before:
            found.files.append(str(path.relative_to(folder)))
    return found


def _files(folder: Path) -> Iterator[Path]:
    events = sorted(folder.rglob("*tfevents*"))
    states = sorted(folder.glob(f"*/{_STATE}"), key=lambda path: path.stat().st_mtime)
    # Each state tells all that came before it.
    yield from states[-1:]
    yield from (path for path in sorted(folder.iterdir()) if path.is_file() and _is_table(path))
    yield from (path for path in events if path.is_file())


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".jsonl") or path.name == _STATE


def _reader(path: Path) -> Callable[[Path, Scalars], None]:
    if "tfevents" in path.name:
        return _read_events
    return {".csv": _read_csv, ".jsonl": _read_lines}.get(path.suffix.lower(), _read_state)


def _read_csv(path: Path, into: Scalars) -> None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {str(n).strip(): (v or "").strip() for n, v in row.items() if isinstance(v, str)}
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(path, "", f"cannot be read as CSV ({error})") from error
    if rows and {"image", "label", "prediction"} <= rows[0].keys():
        return  # a table of predictions
    # Lightning's step counts from 0, and its checkpoints from 1.
    first = 1 if path.name == "metrics.csv" and rows and {"step", _EPOCH} <= rows[0].keys() else 0
    _add_rows(rows, into, first=first)


def _read_lines(path: Path, into: Scalars) -> None:
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            # What is still being written ends in the middle of a line.
            into.drop(f"a line of {path.name} that is no JSON (the first: {number}, {error})")
            continue
        if isinstance(row, dict):
            rows.append(row)
    _add_rows(rows, into)


def _read_state(path: Path, into: Scalars) -> None:
    try:
        rows = json.loads(path.read_text("utf-8"))["log_history"]
        if not isinstance(rows, list):
            raise TypeError("log_history is no list")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LogError(path, "log_history", f"cannot be read ({error})") from error
    rows = [row for row in rows if isinstance(row, dict)]
    _add_rows(rows, into)
    # Its epochs are fractions of the iterations so far; the last row tells best.
    step, epoch = (_number(rows[-1].get(name)) if rows else None for name in ("step", _EPOCH))
    if step and epoch:
        into.iterations_per_epoch = max(1, round(step / epoch))


def _add_rows(rows: Iterable[Mapping[str, Any]], into: Scalars, *, first: int = 0) -> None:
    for row in rows:
        clock = next((name for name in _STEPS if _number(row.get(name)) is not None), None)
        by_epoch = clock is None
        at = _number(row.get(clock or _EPOCH))
        if at is None or not math.isfinite(at) or at < 0:
            into.drop("a row without iteration or epoch")
            continue
        for name, text in row.items():
            value = _number(text)
            if value is not None and name not in (*_STEPS, _EPOCH):
                into.add(name, int(at) + first * (not by_epoch), value, by_epoch=by_epoch)


def _number(value: object) -> float | None:
    """Return a number, or a text that is one; NaN and infinities are numbers, "NA" is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _read_events(path: Path, into: Scalars) -> None:
    with needed("tensorboard", "reading TensorBoard's files"):
        from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
        from tensorboard.util.tensor_util import make_ndarray

    try:
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                kind = value.metadata.plugin_data.plugin_name
                if kind != "scalars":
                    into.drop(f"TensorBoard's {kind or 'other'} data")
                    continue
                into.add(value.tag, int(event.step), float(make_ndarray(value.tensor).item()))
    except Exception as error:  # protobuf and TensorBoard each have their own
        raise LogError(path, "", f"cannot be read as TensorBoard's ({error})") from error
