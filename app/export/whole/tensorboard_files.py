"""A run as an event file of TensorBoard: scalars, hyperparameters, histograms of layers, texts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.extras import needed
from deeptracker.format import HISTOGRAM_EDGES
from ingest.whole.content import Said, WholeRun


def write(whole: WholeRun, folder: Path) -> None:
    """Write the file into a folder; MissingExtra where the package tensorboard is not there.

    OSError where it cannot be written.
    Scalars are rounded to f4: TensorBoard's have no more.
    """
    with needed("tensorboard", "an export to TensorBoard"):
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    with _thread_that_may_fail():
        writer = EventFileWriter(str(folder))
        try:
            _settings(whole, writer)
            _scalars(whole, writer)
            _histograms(whole, writer)
            _texts(whole, writer)
        finally:
            writer.close()


@contextmanager
def _thread_that_may_fail() -> Iterator[None]:
    """Leave what the writer's thread cannot write to its owner, to whom the writer raises it."""
    before = threading.excepthook

    def hook(failed: threading.ExceptHookArgs) -> None:
        if not isinstance(failed.exc_value, OSError):
            before(failed)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def _settings(whole: WholeRun, writer: Any) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    found = whole.settings
    if found:
        begun = whole.run.created_at.timestamp()
        summary = hparams_pb(found, trial_id=whole.run.uuid.hex, start_time_secs=begun)
        writer.add_event(Event(wall_time=begun, step=0, summary=summary))


def _scalars(whole: WholeRun, writer: Any) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    for name, series in whole.series():
        times = whole.times(series.iterations)
        with np.errstate(over="ignore"):  # beyond f4 is infinite there
            values = series.values.astype(np.float32)
        for step, when, value in zip(
            series.iterations.tolist(), times.tolist(), values.tolist(), strict=True
        ):
            one = Summary.Value(tag=name, simple_value=value)
            writer.add_event(Event(wall_time=when, step=step, summary=Summary(value=[one])))


def _histograms(whole: WholeRun, writer: Any) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    for layer, quantity, found in whole.layer_statistics():
        if found.histogram is None or whole.layers is None:
            continue
        tag = f"{quantity}/{whole.layers.names[layer]}"
        low, high, total = (found.statistic(name) for name in ("minimum", "maximum", "total"))
        squares = found.statistic("l2").astype(np.float64) ** 2
        times = whole.times(found.iteration)
        for at, step in enumerate(found.iteration.tolist()):
            counts = found.histogram[:, at]
            if counts.any():
                ends = (float(low[at]), float(high[at]))
                proto = _histogram(counts, ends, float(total[at]), float(squares[at]))
                one = Summary.Value(tag=tag, histo=proto)
                writer.add_event(
                    Event(wall_time=times[at], step=step, summary=Summary(value=[one]))
                )


def _histogram(
    counts: NDArray[np.uint32], ends: tuple[float, float], total: float, squares: float
) -> Any:
    """Return the message: `counts` u4 [B] over HISTOGRAM_EDGES; the outermost end at `ends`."""
    from tensorboard.compat.proto.histogram_pb2 import HistogramProto

    filled = np.flatnonzero(counts)
    first, last = int(filled[0]), int(filled[-1])
    limits = np.array(HISTOGRAM_EDGES[first + 1 : last + 2])
    # The last bin ends where the values do; where those are not finite, at its largest number.
    limits[-1] = min(limits[-1], max(ends[1], HISTOGRAM_EDGES[last]), np.finfo(np.float64).max)
    return HistogramProto(
        min=ends[0],
        max=ends[1],
        num=float(counts.sum()),
        sum=total,
        sum_squares=squares,
        bucket_limit=limits.tolist(),
        bucket=counts[first : last + 1].astype(np.float64).tolist(),
    )


def _texts(whole: WholeRun, writer: Any) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.text.summary_v2 import text_pb

    def place(said: Said) -> tuple[str, int]:
        return said.kind, max(0, said.first or 0)

    # One text for each iteration: of several, TensorBoard shows the last alone.
    for (kind, step), group in groupby(sorted(whole.sayings, key=place), key=place):
        text = "\n\n".join(_worded(said) for said in group)
        summary = text_pb(f"{kind}s", text)
        when = float(whole.times(np.array([step]))[0])
        writer.add_event(Event(wall_time=when, step=step, summary=summary))


def _worded(said: Said) -> str:
    head = " · ".join(part for part in (said.title, said.severity, said.author) if part)
    return f"**{head}**\n\n{said.text}"
