"""One event file of TensorBoard: what was read of it so far, by the tags of its writer."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from deeptracker.conversion.collected import Histogram
from deeptracker.conversion.readers.event_records import Damaged, beginning, records
from deeptracker.conversion.readers.event_runs import BY_EPOCH
from deeptracker.conversion.readers.event_values import (
    HPARAMS,
    dropped_as,
    hyperparameters,
    of_proto,
    of_tensor,
    scalar,
    text,
)
from deeptracker.errors import LogError
from deeptracker.extras import needed

# So many values are taken of a file; dictionaries of them stay below about 2 GB.
MAX_VALUES = 20_000_000
MAX_TEXTS = 10_000
REPEATED = "an earlier value of the same iteration"

_T = TypeVar("_T")
Series = dict[str, dict[int, _T]]


@dataclass
class Events:
    """What a file holds: by tag and step; `first` is when it was begun, in seconds since 1970.

    `restart` is the lowest step at which the writer said that what came before, in this file and
    in earlier ones, is void from there on.
    """

    scalars: Series[float] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)
    texts: Series[list[str]] = field(default_factory=dict)
    histograms: Series[Histogram] = field(default_factory=dict)
    hyperparameters: dict[str, object] | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    first: float = math.inf
    restart: int | None = None
    values: int = 0
    text_count: int = 0

    def drop(self, reason: str, times: int = 1) -> None:
        """Count something that was not taken."""
        self.dropped[reason] = self.dropped.get(reason, 0) + times

    def forget(self, step: int) -> None:
        """Take away everything from a step on."""
        self.times = {at: time for at, time in self.times.items() if at < step}
        void = sum(_forget(kept, step) for kept in (self.scalars, self.texts, self.histograms))
        if void:
            self.drop("a value that a restarted writer declared void", void)


def _forget(kept: Series[Any], step: int) -> int:
    """Take away everything from a step on; return how much that was."""
    number = 0
    for tag, series in list(kept.items()):
        void = [at for at in series if at >= step]
        for at in void:
            del series[at]
        number += len(void)
        if not series:
            del kept[tag]
    return number


class EventFile:
    """Reads an event file on from where it was read to; one that was replaced, from its start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = Events()
        self._at = 0
        self._stat: tuple[int, int, int] | None = None
        self._beginning = b""
        self._kinds: dict[str, str] = {}
        self._damage = ""

    @property
    def damage(self) -> str:
        """Return what ended the reading before the end of the file, "" where nothing did."""
        return f"after byte {self._at:,}, where {self._damage}" if self._damage else ""

    def is_at(self, path: Path) -> bool:
        """Say whether a path leads to the file that was read, whatever that was called then."""
        try:
            return self._stat is not None and path.stat().st_ino == self._stat[0]
        except OSError:
            return False

    def advance(self) -> bool:
        """Read what is new; say whether there was anything. Raises LogError where it cannot be."""
        try:
            stat = self.path.stat()
            now = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if now == self._stat:
                return False
            before, start = self._damage, beginning(self.path)
            if stat.st_size < self._at or not start.startswith(self._beginning):
                self._begin_anew()
            read = self._read()
            if self._damage and self._damage != before and read < self._at:
                # Another writer may have overwritten what was read: then all of it is read again.
                self._begin_anew()
                self._read()
            self._beginning = start if self._at else b""
            self._stat = now
        except OSError as error:
            raise LogError(self.path, "", f"cannot be read ({error.strerror})") from error
        return True

    def _begin_anew(self) -> None:
        self.events, self._kinds, self._at = Events(), {}, 0

    def _read(self) -> int:
        """Read on; return how many bytes that were."""
        begin, self._damage = self._at, ""
        with needed("tensorboard", "reading TensorBoard's files"):
            from google.protobuf.message import DecodeError
            from tensorboard.compat.proto.event_pb2 import Event
        try:
            for record, end in records(self.path, begin):
                try:
                    self._take(Event.FromString(record))
                except DecodeError:
                    self.events.drop("a record that is no event of TensorBoard's")
                self._at = end
        except Damaged as error:
            self._damage = str(error)
        return self._at - begin

    def _take(self, event: Any) -> None:
        events, step, time = self.events, event.step, event.wall_time
        for value in event.summary.value:
            events.values += 1
            if value.WhichOneof("value") == "simple_value":
                self._add(events.scalars, value.tag, step, value.simple_value)
                if not value.tag.startswith(BY_EPOCH):
                    events.times[step] = time
            else:
                self._other(value, step, time)
        if not event.HasField("summary"):
            events.first = min(events.first, time)
            self._mark(event, step)
        if events.values > MAX_VALUES:
            raise LogError(self.path, "", f"holds more than {MAX_VALUES:,} values")

    def _mark(self, event: Any, step: int) -> None:
        """Take an event without values: a restart, a graph."""
        what = event.WhichOneof("what")
        if what == "session_log" and event.session_log.status == event.session_log.START:
            self.events.forget(step)
            lowest = self.events.restart
            self.events.restart = step if lowest is None else min(lowest, step)
        elif what in ("graph_def", "meta_graph_def", "tagged_run_metadata"):
            self.events.drop("a graph of TensorBoard's")

    def _add(self, into: Series[_T], tag: str, step: int, value: _T) -> None:
        series = into.get(tag)
        if series is None:
            series = into[tag] = {}
        elif step in series and not same(series[step], value):
            self.events.drop(REPEATED)
        series[step] = value

    def _other(self, value: Any, step: int, time: float) -> None:
        """Take a value in the old form, which is not a number."""
        events, form = self.events, value.WhichOneof("value")
        kind = value.metadata.plugin_data.plugin_name or self._kinds.get(value.tag, "")
        if len(self._kinds) < 100_000:  # only the first value of a tag need say it
            self._kinds[value.tag] = kind
        if kind == HPARAMS:
            if (found := hyperparameters(value.metadata.plugin_data.content)) is not None:
                events.hyperparameters = found
        elif form == "histo" or (form == "tensor" and kind == "histograms"):
            self._histogram(of_proto(value.histo) if form == "histo" else of_tensor(value.tensor),
                            value.tag, step)  # fmt: skip
        elif form == "tensor" and kind == "scalars":
            if (number := scalar(value.tensor)) is None:
                events.drop("a scalar of TensorBoard's that is not a number")
            else:
                self._add(events.scalars, value.tag, step, number)
                if not value.tag.startswith(BY_EPOCH):
                    events.times[step] = time
        elif form == "tensor" and kind == "text":
            self._text(value, step)
        else:
            events.drop(dropped_as(kind or form or ""))

    def _text(self, value: Any, step: int) -> None:
        events = self.events
        events.text_count += 1
        if events.text_count <= MAX_TEXTS:
            events.texts.setdefault(value.tag, {}).setdefault(step, []).append(text(value))
        else:
            events.drop(f"a text beyond the first {MAX_TEXTS:,} of a file")

    def _histogram(self, found: tuple[Histogram | None, int], tag: str, step: int) -> None:
        histogram, outside = found
        if outside:
            self.events.drop(
                "a value in a histogram of TensorBoard's that is in none of its buckets: NaN, or "
                "beyond them",
                outside,
            )
        if histogram is None:
            self.events.drop("a histogram of TensorBoard's without a bucket that could be drawn")
            return
        self.events.values += len(histogram.counts)
        self._add(self.events.histograms, tag, step, histogram)


def same(one: object, other: object) -> bool:
    """Say whether two values are the same; NaN is the same as NaN."""
    if isinstance(one, Histogram) and isinstance(other, Histogram):
        return np.array_equal(one.edges, other.edges) and np.array_equal(one.counts, other.counts)
    return one is other or one == other or (one != one and other != other)
