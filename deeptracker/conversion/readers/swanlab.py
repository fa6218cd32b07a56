"""SwanLab: the files of runs that were local or offline, read without its package."""

import struct
from pathlib import Path
from typing import Any

from deeptracker.conversion.readers import Reader, StoredRun, record_stores, settings
from deeptracker.conversion.readers.wire import fields, integer, part, seconds, text

# Numbers of fields in record.proto, run.proto, data.proto and column.proto.
_START, _FINISH, _COLUMN, _SCALAR, _MEDIA, _LOG = 10, 11, 12, 13, 14, 16
_NAME, _DESCRIPTION, _TAG, _RUN_ID, _RESUME = 4, 5, 6, 10, 11
_COLUMN_CLASS, _COLUMN_KEY, _SYSTEM = 1, 3, 2
_KEY, _STEP, _TIME, _VALUE, _NUMBER = 1, 2, 4, 5, 1
_WITHOUT = {_MEDIA: "an object of SwanLab's", _LOG: "a piece of the script's output"}


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return the readers of a run; LogError where there are several runs and none is named."""
    return record_stores.find(folder, run, ScalarsReader)


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs in a folder and below; a single one is the folder's own."""
    return record_stores.runs(folder, ScalarsReader)


class ScalarsReader(record_stores.RecordReader):
    """What a file tells of a run: scalars; its settings are in a file beside it."""

    tool, begins, versions, ending = "SwanLab", b":SWL", (2,), ".swanlab"

    def __init__(self, path: Path, before: record_stores.RecordReader | None = None) -> None:
        super().__init__(path, before)
        self._description = ""
        self._system: set[str] = set()

    @classmethod
    def head(cls, record: bytes) -> tuple[str, str] | None:
        """Return id and name of the run where a record tells them; ValueError if it is none."""
        for number, value in fields(record):
            if number == _START:
                run = dict(fields(part(value)))
                return text(run.get(_RUN_ID, b"")), text(run.get(_NAME, b""))
        return None

    def take(self, record: bytes) -> None:
        """Take what a record tells; ValueError where it is none."""
        for number, value in fields(record):
            if number == _SCALAR:
                self._scalar(part(value))
            elif number == _COLUMN:
                column = dict(fields(part(value)))
                if column.get(_COLUMN_CLASS) == _SYSTEM:
                    self._system.add(text(column.get(_COLUMN_KEY, b"")))
            elif number == _START:
                self._begin(part(value))
            elif number == _FINISH:
                self.found.ended = True
            elif number in _WITHOUT:
                self.found.drop(_WITHOUT[number])

    def _begin(self, run: bytes) -> None:
        for number, value in fields(run):
            if number == _NAME:
                self.found.name = text(value)
            elif number == _DESCRIPTION:
                self._description = text(value)
            elif number == _TAG:
                self.found.tags = (*self.found.tags, text(value))
            elif number == _RESUME:
                self.resumed = integer(value) != 0

    def _scalar(self, scalar: bytes) -> None:
        """Take a value; a step and a value of 0 are fields that are not there."""
        found = dict(fields(scalar))
        name = text(found.get(_KEY, b""))
        step = integer(found.get(_STEP, 0))
        if name in self._system:
            self.found.drop("a measurement of the machine")
            return
        if not name or step < 0 or _VALUE not in found:
            raise ValueError("no scalar")
        raw = part(dict(fields(part(found[_VALUE]))).get(_NUMBER, bytes(8)))
        if len(raw) != 8:
            raise ValueError("no number")
        at = self.placed(step)
        self.found.add(name, at, struct.unpack("<d", raw)[0])
        if _TIME in found:
            self.found.times[at] = seconds(found[_TIME])

    def settings(self, dropped: dict[str, int]) -> dict[str, Any]:
        """Return the configuration; each entry is stored with its description and place."""
        path = self.path.parent / "files" / "config.yaml"
        found = settings.read_beside(path, self.path.parent, dropped)
        values = {
            name: entry["value"] if isinstance(entry, dict) and "value" in entry else entry
            for name, entry in found.items()
        }
        return ({"notes": self._description} if self._description else {}) | values
