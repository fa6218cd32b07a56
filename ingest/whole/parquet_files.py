"""A run as Parquet: a file each for scalars, layer statistics, class errors, findings, settings,
and one of a single row that sums the run up.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from deeptracker.format import BAND_THRESHOLDS, STATISTICS
from ingest.whole.content import WholeRun

# Small tables are joined: a row group for each layer would be more head than body.
_ROWS = 2**17
_TEXT = pa.dictionary(pa.int32(), pa.utf8())
_TIME = pa.timestamp("us")
SCALARS = pa.schema([("name", _TEXT), ("iteration", pa.int32()), ("value", pa.float64())])
LAYERS = pa.schema(
    [
        ("layer_id", pa.int32()),
        ("layer", _TEXT),
        ("quantity", _TEXT),
        ("iteration", pa.int32()),
        *((name, pa.float32()) for name in STATISTICS),
        *((f"share_at_most_{limit:g}", pa.float32()) for limit in BAND_THRESHOLDS),
    ]
)
CLASSES = pa.schema(
    [
        ("class_id", pa.int32()),
        ("class", _TEXT),
        ("iteration", pa.int32()),
        ("error", pa.float32()),
    ]
)
SAID = pa.schema(
    [
        ("kind", pa.utf8()),
        ("title", pa.utf8()),
        ("text", pa.utf8()),
        ("severity", pa.utf8()),
        ("author", pa.utf8()),
        ("first_iteration", pa.int32()),
        ("last_iteration", pa.int32()),
    ]
)
SETTINGS = pa.schema([("name", pa.utf8()), ("value", pa.utf8())])
RUN = pa.schema(
    [
        ("run_uuid", pa.utf8()),
        *((name, pa.utf8()) for name in ("name", "model", "dataset", "state", "owner", "notes")),
        ("tags", pa.list_(pa.utf8())),
        ("hyperparameters", pa.map_(pa.utf8(), pa.utf8())),
        *((f"{part}_count", pa.int32()) for part in ("class", "layer", "image", "filter")),
        *((name, pa.int32()) for name in ("snapshot_count", "last_iteration")),
        ("last_error", pa.float64()),
        *((name, _TIME) for name in ("created_at", "ended_at", "loaded_at", "archived_at")),
        ("location", pa.utf8()),
    ]
)


def write(whole: WholeRun, folder: Path) -> None:
    """Write the files into a folder that is there and empty.

    NaN: not defined, or logged so; absent: there is no value. No file is written for what the run
    does not have.
    """
    about = {
        "run": whole.run.name,
        "run_id": str(whole.run_id),
        "run_uuid": whole.run.uuid.hex,
        "run_version": str(whole.run.version),
    }
    for name, schema, tables in (
        ("scalars", SCALARS, _scalars(whole)),
        ("layer_statistics", LAYERS, _layers(whole)),
        ("class_errors", CLASSES, _classes(whole)),
        ("findings", SAID, _said(whole)),
        ("hyperparameters", SETTINGS, _settings(whole)),
        ("run", RUN, _run(whole)),
    ):
        _write(folder / f"{name}.parquet", schema.with_metadata(about), tables)


def _write(path: Path, schema: pa.Schema, tables: Iterable[dict[str, Any]]) -> None:
    # Floats without statistics: in those, minimum and maximum leave NaN out, and readers then skip
    # rows that hold some.
    sure = [field.name for field in schema if not pa.types.is_floating(field.type)]
    writer = None
    try:
        for table in _joined(pa.table(columns, schema=schema) for columns in tables):
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(
                    path, schema, compression="zstd", write_statistics=sure
                )
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _joined(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the tables one after the other, as fewer and larger ones."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= _ROWS:
            yield pa.concat_tables(waiting).unify_dictionaries()
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting).unify_dictionaries()


def _scalars(whole: WholeRun) -> Iterator[dict[str, Any]]:
    for name, series in whole.series():
        yield {
            "name": _same(name, len(series)),
            "iteration": series.iterations,
            "value": series.values,
        }


def _layers(whole: WholeRun) -> Iterator[dict[str, Any]]:
    names = whole.layers.names if whole.layers is not None else ()
    for layer, quantity, found in whole.layer_statistics():
        rows = len(found.iteration)
        bands = [pa.nulls(rows, pa.float32())] * len(BAND_THRESHOLDS)
        if found.bands is not None:
            bands = list(found.bands)
        yield {
            "layer_id": np.full(rows, layer, np.int32),
            "layer": _same(names[layer], rows),
            "quantity": _same(quantity, rows),
            "iteration": found.iteration,
            **{name: found.statistic(name) for name in STATISTICS},
            **{
                f"share_at_most_{limit:g}": band
                for limit, band in zip(BAND_THRESHOLDS, bands, strict=True)
            },
        }


def _classes(whole: WholeRun) -> Iterator[dict[str, Any]]:
    error = whole.class_errors()
    count, length = error.shape
    if error.size:
        ids = np.repeat(np.arange(count, dtype=np.int32), length)
        yield {
            "class_id": ids,
            "class": _named(ids, whole.class_names),
            "iteration": np.tile(whole.snapshots.iteration, count),
            "error": error.ravel(),
        }


def _said(whole: WholeRun) -> Iterator[dict[str, Any]]:
    said = whole.sayings
    if said:
        yield {
            "kind": [one.kind for one in said],
            "title": [one.title for one in said],
            "text": [one.text for one in said],
            "severity": [one.severity for one in said],
            "author": [one.author for one in said],
            "first_iteration": [one.first for one in said],
            "last_iteration": [one.last for one in said],
        }


def _settings(whole: WholeRun) -> Iterator[dict[str, Any]]:
    found = whole.settings
    if found:
        yield {"name": list(found), "value": [str(value) for value in found.values()]}


def _run(whole: WholeRun) -> Iterator[dict[str, Any]]:
    run = whole.run
    values = {
        **{name: getattr(run, name) for name in RUN.names if name != "run_uuid"},
        "run_uuid": run.uuid.hex,
        "hyperparameters": [(name, str(value)) for name, value in whole.settings.items()],
        **{name: _utc(getattr(run, name)) for name in RUN.names if name.endswith("_at")},
    }
    yield {name: [value] for name, value in values.items()}


def _utc(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC, without saying so: not every reader knows zones of time."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _same(text: str, rows: int) -> pa.DictionaryArray:
    return _named(np.zeros(rows, np.int32), [text])


def _named(ids: NDArray[np.int32], names: Sequence[str]) -> pa.DictionaryArray:
    """Return the name of every id; kept once each."""
    return pa.DictionaryArray.from_arrays(ids, pa.array(names, "utf8"))
