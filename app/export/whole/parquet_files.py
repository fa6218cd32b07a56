"""A run as Parquet: one file each for scalars, layer statistics, class errors and findings."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from app.export.columns import texts
from app.export.whole.content import WholeRun
from deeptracker.format import BAND_THRESHOLDS, STATISTICS

_TEXT = pa.dictionary(pa.int32(), pa.utf8())
_SCALARS = pa.schema([("name", _TEXT), ("iteration", pa.int32()), ("value", pa.float64())])
_LAYERS = pa.schema(
    [
        ("layer_id", pa.int32()),
        ("layer", _TEXT),
        ("quantity", _TEXT),
        ("iteration", pa.int32()),
        *((name, pa.float32()) for name in STATISTICS),
        *((f"share_at_most_{limit:g}", pa.float32()) for limit in BAND_THRESHOLDS),
    ]
)
_CLASSES = pa.schema(
    [
        ("class_id", pa.int32()),
        ("class", _TEXT),
        ("iteration", pa.int32()),
        ("error", pa.float32()),
    ]
)
_SAID = pa.schema(
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
_SETTINGS = pa.schema([("name", pa.utf8()), ("value", pa.utf8())])


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
        ("scalars", _SCALARS, _scalars(whole)),
        ("layer_statistics", _LAYERS, _layers(whole)),
        ("class_errors", _CLASSES, _classes(whole)),
        ("findings", _SAID, _said(whole)),
        ("hyperparameters", _SETTINGS, _settings(whole)),
    ):
        _write(folder / f"{name}.parquet", schema.with_metadata(about), tables)


def _write(path: Path, schema: pa.Schema, tables: Iterable[dict[str, Any]]) -> None:
    # Floats without statistics: in those, minimum and maximum leave NaN out, and readers then skip
    # rows that hold some.
    sure = [field.name for field in schema if not pa.types.is_floating(field.type)]
    writer = None
    try:
        for columns in tables:
            table = pa.table(columns, schema=schema)
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(
                    path, schema, compression="zstd", write_statistics=sure
                )
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


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
            "class": texts(ids, whole.class_names),
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


def _same(text: str, rows: int) -> pa.DictionaryArray:
    return texts(np.zeros(rows, np.int32), [text])
