"""Scalars in tables: CSV of Lightning, Ultralytics, Keras and others, JSON lines, Parquet."""

import csv
from collections.abc import Callable
from pathlib import Path

from deeptracker.conversion.readers import Reader, is_inside
from deeptracker.conversion.readers.growing import GrowingLines
from deeptracker.conversion.readers.mmengine import is_mmengine
from deeptracker.conversion.readers.nested import leaves
from deeptracker.conversion.readers.parquet import ParquetReader, is_parquet
from deeptracker.conversion.readers.rows import MAX_COLUMNS, Columns, json_object
from deeptracker.conversion.readers.series_names import SeriesNames

_SEPARATORS = ",;\t"
# So much of a file tells whether it is a table with iterations or epochs.
_PEEK = 65_536
_PEEK_LINES = 20


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return readers of the tables in a folder, or of the one that it is.

    A table is one of scalars where it has a column that counts iterations or epochs.
    """
    if folder.is_file():
        kinds = dict.fromkeys(_KINDS.values())
        return [kind(folder) for kind, is_one in kinds if is_one(folder)][:1]
    found: list[Reader] = []
    for path in sorted(folder.iterdir()):
        kind, is_one = _KINDS.get(path.suffix.lower(), (None, None))
        if kind and is_one and path.is_file() and is_inside(path, folder) and is_one(path):
            found.append(kind(path))
    return found


def _begin(path: Path) -> list[str]:
    """Return the first lines of a file of text that are whole; none where it is no such file."""
    try:
        with path.open("rb") as file:
            data = file.read(_PEEK)
        if b"\0" in data:
            return []
        lines = data.decode("utf-8-sig", "replace").split("\n")
    except OSError:
        return []
    whole = lines if len(data) < _PEEK else lines[:-1]
    return [line for line in whole if line.strip()][:_PEEK_LINES]


def is_csv(path: Path) -> bool:
    """Say whether a file is a table of scalars with separators."""
    lines = _begin(path)
    return bool(lines) and Columns(_split(lines[0], separator_of(lines[0]))).recognised


def is_lines(path: Path) -> bool:
    """Say whether a file has JSON objects with iterations or epochs in lines."""
    found = any(row and Columns(row).recognised for row in map(json_object, _begin(path)))
    return found and not is_mmengine(path)


def is_json_of_lines(path: Path) -> bool:
    """Say whether a file that is called JSON holds such lines alone, as Detectron2's does."""
    rows = [json_object(line) for line in _begin(path)]
    return len(rows) > 1 and all(map(bool, rows)) and is_lines(path)


def separator_of(header: str) -> str:
    """Return what stands between the columns of a table, by its first line."""
    return max(_SEPARATORS, key=header.count)


def _split(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


class CsvReader(GrowingLines):
    """A table with a row for each iteration or epoch."""

    def begin(self) -> None:
        """Forget what was read: the file is read from its beginning."""
        self.found.kinds.append("CSV")
        self._separator = ""
        self._columns: Columns | None = None
        self._open = ""

    def line(self, text: str) -> None:
        """Take a row, or the part of one whose quotes are still open; ValueError if it is none."""
        text = f"{self._open}\n{text}" if self._open else text
        self._open = text if text.count('"') % 2 else ""
        if self._open or not text.strip():
            return
        if self._columns is None:
            self._head_row(text)
            return
        try:
            row = _split(text, self._separator) if '"' in text else text.split(self._separator)
        except csv.Error as error:
            raise ValueError(str(error)) from error
        if self._separator == ";":
            row = [cell.replace(",", ".") if cell.count(",") == 1 else cell for cell in row]
        self._columns.add(row, self.found)

    def _head_row(self, text: str) -> None:
        self._separator = separator_of(text)
        names = _split(text, self._separator)
        if len(names) > MAX_COLUMNS:
            raise ValueError(f"more than {MAX_COLUMNS:,} columns")
        # Lightning's step counts from 0, and its checkpoints from 1.
        lightning = self.path.name == "metrics.csv" and {"step", "epoch"} <= set(names)
        self._columns = Columns(names, first=int(lightning))

    def finish(self) -> None:
        """Tell how many iterations an epoch has."""
        if self._columns is not None:
            self.found.iterations_per_epoch = self._columns.per_epoch


class LinesReader(GrowingLines):
    """A file with a JSON object a line."""

    def begin(self) -> None:
        """Forget what was read: the file is read from its beginning."""
        self.found.kinds.append("JSON lines")
        self._names = SeriesNames()
        self._columns: dict[tuple[str, ...], Columns] = {}

    def whole(self, text: str) -> bool:
        """Say whether a last line without an end is whole."""
        return bool(json_object(text))

    def line(self, text: str) -> None:
        """Take a row."""
        if not text.strip():
            return
        try:
            values = dict(leaves((), json_object(text) or {}))
        except ValueError:
            values = {}
        if not values:
            self.found.drop("a line that is no JSON object, or nested too deeply")
            return
        self._names.learn(values)
        names = tuple(self._names[path] for path in values)
        if names not in self._columns and len(self._columns) < MAX_COLUMNS:
            self._columns[names] = Columns(names)
        columns = self._columns.get(names) or Columns(names)
        columns.add(tuple(values.values()), self.found)

    def finish(self) -> None:
        """Tell how many iterations an epoch has."""
        known = (one.per_epoch for one in self._columns.values())
        self.found.iterations_per_epoch = next((one for one in known if one), None)


_KINDS: dict[str, tuple[Callable[[Path], Reader], Callable[[Path], bool]]] = {
    ".parquet": (ParquetReader, is_parquet),
    ".jsonl": (LinesReader, is_lines),
    ".ndjson": (LinesReader, is_lines),
    ".json": (LinesReader, is_json_of_lines),
    ".csv": (CsvReader, is_csv),
    ".tsv": (CsvReader, is_csv),
}
# What tables are called; a file is one where its content is.
SUFFIXES = frozenset(_KINDS)
