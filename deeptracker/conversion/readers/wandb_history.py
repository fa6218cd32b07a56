"""What a file of Weights & Biases tells of a run: history, configuration, summary, alerts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.conversion.collected import Collected, Histogram
from deeptracker.conversion.readers.framing import RecordFile
from deeptracker.conversion.readers.series_names import SeriesNames
from deeptracker.conversion.readers.wire import fields, integer, part, text
from deeptracker.errors import LogError

TOOL, VERSIONS = b":W&B", (0,)
# Numbers of fields in wandb_internal.proto and wandb_telemetry.proto.
_HISTORY, _SUMMARY, _CONFIG, _STATS, _ALERT, _OUTPUT, RUN, _EXIT = 2, 3, 5, 7, 10, 13, 17, 18
_ITEM, _REMOVED, _KEY, _NESTED_KEY, _VALUE_JSON = 1, 2, 1, 2, 16
RUN_ID, _RUN_CONFIG, NAME, _NOTES, _TAG, _TELEMETRY, _RESUME = 1, 4, 8, 9, 10, 19, 24
_FEATURE, _TENSORBOARD_SYNC = 3, 35

# What integrations count iterations by; W&B's own step counts calls.
_CLOCK = "global_step"
_STEP, _TIME = ("_step",), ("_timestamp",)
# What W&B writes itself.
_OWN = ("_step", "_runtime", "_timestamp", "_wandb")
_WITHOUT = {_STATS: "a measurement of the machine", _OUTPUT: "a piece of the script's output"}

_Path = tuple[str, ...]


class HistoryReader:
    """A file of a run. `before` reads the file of the start that this one goes on from."""

    def __init__(self, path: Path, before: "HistoryReader | None" = None) -> None:
        self.path, self._before = path, before
        self._file = RecordFile(path, TOOL, VERSIONS)
        self._found = Collected(kinds=["W&B"])
        self._answer, self._state = self._found, (-1, -1, -1)
        self._records = 0
        self._names = SeriesNames()
        self._config: dict[str, Any] = {}
        self._summary: dict[_Path, bytes] = {}
        # The iteration of the last row that had one of its own, and the last of all.
        self._clock: int | None = None
        self.last = -1
        self._resumed = self._synced = False
        self._later: int | None = None

    def read(self) -> Collected:
        """Return all that the file holds now; see Reader."""
        try:
            for record in self._file.records():
                self._records += 1
                try:
                    self._take(record)
                except (ValueError, RecursionError):
                    self._found.drop("a record of W&B that cannot be read")
        except OSError as error:
            raise LogError(self.path, "", f"cannot be read ({error.strerror})") from error
        state = (self._records, self._file.damaged, self._file.waiting)
        if state != self._state:
            self._answer, self._state = self._told(), state
        return self._answer

    def _told(self) -> Collected:
        """Return what was found, with the settings as they are now and what is not to be read."""
        settings = dict(self._config)
        if summary := self._own_summary():
            settings.setdefault("summary", summary)
        dropped = self._found.dropped | self._file.lost()
        return replace(self._found, hyperparameters=settings, dropped=dropped)

    def _take(self, record: bytes) -> None:
        for number, value in fields(record):
            if number == _HISTORY:
                self._row(part(value))
            elif number == _SUMMARY:
                self._summary.update(_items(part(value)))
            elif number == _CONFIG:
                self._configure(part(value))
            elif number == RUN:
                self._begin(part(value))
            elif number == _ALERT:
                alert = {n: text(v) for n, v in fields(part(value)) if n in (1, 2)}
                told = ": ".join(one for one in (alert.get(1), alert.get(2)) if one)
                self._found.texts.setdefault(max(self.last, 0), []).append(told)
            elif number == _EXIT:
                self._found.ended = True
            elif number in _WITHOUT:
                self._found.drop(_WITHOUT[number])

    def _begin(self, run: bytes) -> None:
        for number, value in fields(run):
            if number == _RUN_CONFIG:
                self._configure(part(value))
            elif number == NAME:
                self._found.name = text(value)
            elif number == _NOTES and value:
                self._config.setdefault("notes", text(value))
            elif number == _TAG:
                self._found.tags = (*self._found.tags, text(value))
            elif number == _RESUME:
                self._resumed = bool(integer(value))
            elif number == _TELEMETRY:
                said = [part(one) for n, one in fields(part(value)) if n == _FEATURE]
                self._synced = any(n == _TENSORBOARD_SYNC for one in said for n, _ in fields(one))

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
            row.update(_leaves(path, json.loads(raw)))
        typed = {p[:-1]: v for p, v in row.items() if p[-1] == "_type" and isinstance(v, str)}
        self._names.learn(row)
        at = self._iteration(row)
        if at is None:
            self._found.drop("a row without an iteration")
            return
        if isinstance(time := row.get(_TIME), (int, float)):
            self._found.times[at] = float(time)
        for owner, kind in typed.items():
            self._object(at, owner, kind, row)
        for path, value in row.items():
            if path[0] in _OWN or path in self._names.ending(_CLOCK):
                continue
            if typed and any(path[:length] in typed for length in range(1, len(path))):
                continue
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self._found.add(self._names[path], at, float(value))
            else:
                self._found.drop("a value that is no number")

    def _iteration(self, row: dict[_Path, Any]) -> int | None:
        """Return where a row stands: what it counts itself, else W&B's step."""
        for path in self._names.ending(_CLOCK):
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
        if not isinstance(step, int):
            return None
        if self._later is None:
            self._later = self._goes_on(step)
        self.last = max(self.last, step + self._later)
        return step + self._later

    def _goes_on(self, step: int) -> int:
        """Return by how much steps are later: a run that is resumed offline counts from 0 again."""
        if not (self._resumed and self._before) or step != 0:
            return 0
        self._before.read()
        if self._before.last >= 0:
            self._found.kinds[:] = ["W&B (resumed: steps from 0 again are counted on)"]
        return self._before.last + 1

    def _object(self, at: int, owner: _Path, kind: str, row: dict[_Path, Any]) -> None:
        """Take a histogram; of other objects, say that there was one."""
        histogram = _histogram(row.get((*owner, "bins")), row.get((*owner, "values")))
        if kind == "histogram" and histogram is not None:
            self._found.histograms.setdefault(self._names[owner], {})[at] = histogram
        else:
            self._found.drop(f"an object of W&B's kind {kind}")


def _items(message: bytes, entry: int = _ITEM) -> Iterator[tuple[_Path, bytes]]:
    """Yield path and JSON of each entry of a record."""
    for number, value in fields(message):
        if number != entry:
            continue
        path: list[str] = []
        raw = b"null"
        for inner, content in fields(part(value)):
            if inner in (_KEY, _NESTED_KEY):
                path.append(text(content))
            elif inner == _VALUE_JSON:
                raw = part(content)
        if path:
            yield tuple(path), raw


def _leaves(path: _Path, value: Any) -> dict[_Path, Any]:
    """Return the parts of a value by their paths; older releases wrote objects whole."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[_Path, Any] = {}
    for name, inner in value.items():
        found.update(_leaves((*path, name), inner))
    return found


def _histogram(edges: Any, counts: Any) -> Histogram | None:
    """Return a histogram of rising bins, None where it is none."""
    try:
        bins, values = np.array(edges, np.float64), np.array(counts, np.float64)
    except (TypeError, ValueError):
        return None
    fits = bins.ndim == values.ndim == 1 and len(bins) == len(values) + 1 and len(values) > 0
    if not fits or not np.isfinite(bins).all() or not (np.diff(bins) > 0).all():
        return None
    return Histogram(bins, values)
