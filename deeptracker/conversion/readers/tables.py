"""Scalars in tables: CSV of Lightning, Ultralytics, Keras and others, and JSON lines."""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, WholeFile
from deeptracker.errors import LogError

# What a row is of, the most telling first.
_STEPS = ("iteration", "global_step", "step", "_step")
_EPOCH = "epoch"


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return readers of the tables in a folder, or of the one that it is."""
    files = [folder] if folder.is_file() else sorted(folder.iterdir())
    readers = {".csv": CsvReader, ".jsonl": LinesReader}
    return [
        readers[path.suffix.lower()](path)
        for path in files
        if path.suffix.lower() in readers and path.is_file()
    ]


class CsvReader(WholeFile):
    """A table with a row for each iteration or epoch."""

    def take(self, into: Collected) -> None:
        """Read the file."""
        path = self.path
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [
                    {
                        str(n).strip(): (v or "").strip()
                        for n, v in row.items()
                        if isinstance(v, str)
                    }
                    for row in csv.DictReader(file)
                ]
        except (UnicodeDecodeError, csv.Error) as error:
            raise LogError(path, "", f"cannot be read as CSV ({error})") from error
        if rows and {"image", "label", "prediction"} <= rows[0].keys():
            return  # a table of predictions
        # Lightning's step counts from 0, and its checkpoints from 1.
        lightning = path.name == "metrics.csv" and rows and {"step", _EPOCH} <= rows[0].keys()
        add_rows(rows, into, first=int(bool(lightning)))
        into.kinds.append("CSV")


class LinesReader(WholeFile):
    """A file with a JSON object a line."""

    def take(self, into: Collected) -> None:
        """Read the file."""
        rows = []
        for number, line in enumerate(self.path.read_text("utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                # What is still being written ends in the middle of a line.
                into.drop(
                    f"a line of {self.path.name} that is no JSON (the first: {number}, {error})"
                )
                continue
            if isinstance(row, dict):
                rows.append(row)
        add_rows(rows, into)
        into.kinds.append("JSON lines")


def add_rows(rows: Iterable[Mapping[str, Any]], into: Collected, *, first: int = 0) -> None:
    """Take the numbers of rows, each of which names its iteration or epoch."""
    for row in rows:
        clock = next((name for name in _STEPS if number(row.get(name)) is not None), None)
        by_epoch = clock is None
        at = number(row.get(clock or _EPOCH))
        if at is None or not math.isfinite(at) or at < 0:
            into.drop("a row without iteration or epoch")
            continue
        for name, text in row.items():
            value = number(text)
            if value is not None and name not in (*_STEPS, _EPOCH):
                into.add(name, int(at) + first * (not by_epoch), value, by_epoch=by_epoch)


def number(value: object) -> float | None:
    """Return a number, or a text that is one; NaN and infinities are numbers, "NA" is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
