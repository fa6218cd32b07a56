"""Weights & Biases: the files of runs that were offline, read without its package."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deeptracker.conversion.readers import Reader, StoredRun, record_stores
from deeptracker.conversion.readers.nested import Path as _Path
from deeptracker.conversion.readers.nested import histogram_of, leaves, owners
from deeptracker.conversion.readers.series_names import SeriesNames
from deeptracker.conversion.readers.settings import cut
from deeptracker.conversion.readers.wire import fields, integer, part, text

# Numbers of fields in wandb_internal.proto and wandb_telemetry.proto.
_HISTORY, _SUMMARY, _CONFIG, _STATS, _ALERT, _METRIC = 2, 3, 5, 7, 10, 12
_OUTPUT, _RUN, _EXIT = 13, 17, 18
_STEP_METRIC = 4
_ITEM, _REMOVED, _KEY, _NESTED_KEY, _VALUE_JSON = 1, 2, 1, 2, 16
_RUN_ID, _RUN_CONFIG, _NAME, _NOTES, _TAG, _TELEMETRY, _RESUME = 1, 4, 8, 9, 10, 19, 24
_FEATURE, _TENSORBOARD_SYNC = 3, 35

# What integrations count iterations by; W&B's own step counts calls.
_CLOCK = "global_step"
# What a script that calls define_metric counts iterations by: train/step, batch/batch_step.
_COUNTS = re.compile(r"(?:^|[/._ -])(?:steps?|iter(?:ation)?s?|batch)$", re.IGNORECASE)
_STEP, _TIME = ("_step",), ("_timestamp",)
# What W&B writes itself.
_OWN = ("_step", "_runtime", "_timestamp", "_wandb")
_WITHOUT = {_STATS: "a measurement of the machine", _OUTPUT: "a piece of the script's output"}


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return the readers of a run; LogError where there are several runs and none is named."""
    return record_stores.find(folder, run, HistoryReader)


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs in a folder and below; a single one is the folder's own."""
    return record_stores.runs(folder, HistoryReader)


class HistoryReader(record_stores.RecordReader):
    """What a file tells of a run: history, configuration, summary, alerts."""

    tool, begins, versions, ending = "W&B", b":W&B", (0,), ".wandb"

    def __init__(self, path: Path, before: record_stores.RecordReader | None = None) -> None:
        super().__init__(path, before)
        self._names = SeriesNames()
        self._config: dict[str, Any] = {}
        self._summary: dict[_Path, bytes] = {}
        # The last iteration that a row itself named, and whether all come of TensorBoard's files.
        self._clock: int | None = None
        self._synced = False
        self._defined: set[str] = set()

    @classmethod
    def head(cls, record: bytes) -> tuple[str, str] | None:
        """Return id and name of the run where a record tells them; ValueError if it is none."""
        for number, value in fields(record):
            if number == _RUN:
                run = dict(fields(part(value)))
                return text(run.get(_RUN_ID, b"")), text(run.get(_NAME, b""))
        return None

    def take(self, record: bytes) -> None:
        """Take what a record tells; ValueError where it is none."""
        for number, value in fields(record):
            if number == _HISTORY:
                self._row(part(value))
            elif number == _SUMMARY:
                self._summary.update(_items(part(value)))
            elif number == _CONFIG:
                self._configure(part(value))
            elif number == _METRIC:
                self._define(part(value))
            elif number == _RUN:
                self._begin(part(value))
            elif number == _ALERT:
                alert = {n: text(v) for n, v in fields(part(value)) if n in (1, 2)}
                told = ": ".join(one for one in (alert.get(1), alert.get(2)) if one)
                self.found.texts.setdefault(max(self.last, 0), []).append(told)
            elif number == _EXIT:
                self.found.ended = True
            elif number in _WITHOUT:
                self.found.drop(_WITHOUT[number])

    def _begin(self, run: bytes) -> None:
        for number, value in fields(run):
            if number == _RUN_CONFIG:
                self._configure(part(value))
            elif number == _NAME:
                self.found.name = text(value)
            elif number == _NOTES and value:
                self._config.setdefault("notes", text(value))
            elif number == _TAG:
                self.found.tags = (*self.found.tags, text(value))
            elif number == _RESUME:
                self.resumed = bool(integer(value))
            elif number == _TELEMETRY:
                said = [part(one) for n, one in fields(part(value)) if n == _FEATURE]
                self._synced = any(n == _TENSORBOARD_SYNC for one in said for n, _ in fields(one))

    def _define(self, metric: bytes) -> None:
        """Take over what other metrics are drawn, where that counts iterations."""
        by = text(dict(fields(metric)).get(_STEP_METRIC, b"")).replace("\\.", ".")
        if _COUNTS.search(by):
            self._defined.add(by)

    def _clocks(self, row: dict[_Path, Any]) -> tuple[_Path, ...]:
        """Return the paths in a row that count iterations."""
        defined = self._defined
        said = tuple(path for path in row if ".".join(path) in defined) if defined else ()
        return (*self._names.ending(_CLOCK), *said)

    def _configure(self, config: bytes) -> None:
        for path, raw in _items(config):
            if path[0] not in _OWN:
                self._within(path)[path[-1]] = json.loads(raw)
        for path, _ in _items(config, _REMOVED):
            self._within(path).pop(path[-1], None)

    def _within(self, path: _Path) -> dict[str, Any]:
        """Return the part of the configuration in which the last name of a path stands."""
        inner = self._config
        for name in path[:-1]:
            if not isinstance(inner.get(name), dict):
                inner[name] = {}
            inner = inner[name]
        return inner

    def settings(self, dropped: dict[str, int]) -> dict[str, Any]:
        """Return the configuration, and what the script itself put into the summary."""
        found = dict(self._config)
        if summary := self._own_summary():
            found.setdefault("summary", summary)
        return cut(found, dropped)

    def _own_summary(self) -> dict[str, Any]:
        """Return what the script put into the summary beside the last values of the history."""
        found = {}
        typed = {path[:-1] for path in self._summary if path[-1] == "_type"}
        for path, raw in sorted(self._summary.items()):
            if path in self._names or path[0] in _OWN:
                continue
            if any(path[:length] in typed for length in range(1, len(path) + 1)):
                continue
            try:
                found[".".join(path)] = json.loads(raw)
            except (ValueError, RecursionError):
                continue
        return found

    def _row(self, history: bytes) -> None:
        """Take one row: values of one call, or of several with the same step."""
        row: dict[_Path, Any] = {}
        for path, raw in _items(history):
            value = json.loads(raw.decode("utf-8"))
            if isinstance(value, dict):
                row.update(leaves(path, value))
            else:
                row[path] = value
        typed = owners(row)
        self._names.learn(row)
        clocks = self._clocks(row)
        at = self._iteration(row, clocks)
        if at is None:
            self.found.drop("a row without an iteration")
            return
        if isinstance(time := row.get(_TIME), (int, float)):
            self.found.times[at] = float(time)
        for owner, kind in typed.items():
            self._object(at, owner, kind, row)
        for path, value in row.items():
            if path[0] in _OWN or path in clocks:
                continue
            if typed and any(path[:length] in typed for length in range(1, len(path))):
                continue
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.found.add(self._names[path], at, float(value))
            else:
                self.found.drop("a value that is not a number")

    def _iteration(self, row: dict[_Path, Any], clocks: tuple[_Path, ...]) -> int | None:
        """Return where a row stands: what it counts itself, else W&B's step."""
        for path in clocks:
            value = row.get(path)
            if isinstance(value, (int, float)) and 0 <= value < 2**53 and value == int(value):
                self._clock = int(value)
                self.last = max(self.last, self._clock)
                return self._clock
        if self._synced:
            return None  # its step counts what came of TensorBoard's files, too
        if self._clock is not None:
            return self._clock
        step = row.get(_STEP)
        return self.placed(step) if isinstance(step, int) and step >= 0 else None

    def _object(self, at: int, owner: _Path, kind: str, row: dict[_Path, Any]) -> None:
        """Take a histogram; of other objects, say that there was one."""
        shape = histogram_of(row, owner) if kind == "histogram" else None
        if shape is None:
            self.found.drop(f"an object of the kind {kind}")
        else:
            self.found.histograms.setdefault(self._names[owner], {})[at] = shape


def _items(message: bytes, entry: int = _ITEM) -> Iterator[tuple[_Path, bytes]]:
    """Yield path and JSON of each entry of a record."""
    for number, value in fields(message):
        if number == entry:
            path, raw = _short_item(part(value)) or _item(part(value))
            if path:
                yield path, raw


def _short_item(item: bytes) -> tuple[_Path, bytes] | None:
    """Return what `_item` does, quickly, of a single name with a short value; None of others."""
    if len(item) < 5 or item[0] != _NESTED_KEY << 3 | 2 or item[1] > 127:
        return None
    end = 2 + item[1]
    size = len(item) - end - 3
    if not 0 <= size <= 127 or item[end : end + 3] != bytes((0x82, 0x01, size)):
        return None
    return (item[2:end].decode("utf-8"),), item[end + 3 :]


def _item(item: bytes) -> tuple[_Path, bytes]:
    path: list[str] = []
    raw = b"null"
    for inner, content in fields(item):
        if inner in (_KEY, _NESTED_KEY):
            path.append(text(content))
        elif inner == _VALUE_JSON:
            raw = part(content)
    return tuple(path), raw
