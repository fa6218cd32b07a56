"""Snapshots as rows of the measurement tables, packed for COPY BINARY a batch at a time.

Rows of one layer or class stand together within a batch: that is how they are read.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import psycopg

from db.copy import (
    Field,
    Rows,
    blob,
    blobs,
    copy_ahead,
    double,
    int4,
    null,
    pack,
    real,
    stretches,
    text,
)
from db.measured_rows import Array, MeasuredRow, Shape, SnapshotRow
from db.models import measurements as tables
from deeptracker.format import FILTER_QUANTITIES, SERIES, STATISTICS


def copy_rows(
    cursor: "psycopg.Cursor[Any]",
    run_id: int,
    shape: Shape,
    measured: Sequence[MeasuredRow],
    rows: Iterable[SnapshotRow],
) -> None:
    """Send what a batch of snapshots, rising by iteration, measured, then the snapshots' rows.

    `rows`, of the same ones, are asked for in a thread, while the server takes what was measured.
    """
    run = int4(run_id)
    iteration = np.array([row.snapshot.iteration for row in measured], np.int32)
    tables_and_groups = (
        (tables.scalar, _scalars(run, measured)),
        (tables.layer_stat, _layer_stats(run, iteration, measured, shape.layers)),
        (tables.filter_stat, _filter_stats(run, iteration, measured, shape.offsets)),
        (tables.class_result, _class_results(run, iteration, measured, shape)),
        (tables.layer_profile, _layer_profiles(run, iteration, measured)),
        (tables.filter_peak, _peaks(run, measured)),
        (tables.snapshot, _snapshots(run, rows)),
    )
    copy_ahead(
        cursor,
        [
            Rows(table.name, list(table.columns.keys()), groups)
            for table, groups in tables_and_groups
        ],
    )


def _snapshots(run: Field, rows: Iterable[SnapshotRow]) -> Iterator[memoryview]:
    for row in rows:
        transitions = [null()] * 4 if row.transitions is None else map(int4, row.transitions)
        yield pack(
            [
                run,
                int4(row.snapshot.iteration),
                double(row.snapshot.epoch),
                double(row.snapshot.recorded_at),
                *(double(row.series[name]) for name in SERIES),
                *transitions,
                null() if row.class_error is None else blob(row.class_error, "f4"),
                null() if row.class_no_prediction is None else blob(row.class_no_prediction, "i4"),
                blob(row.flip_image, "i4"),
                blob(row.flip_before, "i4"),
                blob(row.flip_learned, "u1"),
                blob(np.frombuffer(row.digest, np.uint8), "u1"),
            ],
            (1,),
        )


def _scalars(run: Field, rows: Sequence[MeasuredRow]) -> Iterator[memoryview]:
    for row in rows:
        for name, series in row.snapshot.scalars.items():
            yield pack(
                [
                    run,
                    text(name),
                    int4(row.snapshot.iteration),
                    blob(series.iterations, "i4"),
                    blob(series.values, "f8"),
                ],
                (1,),
            )


def _by_quantity(rows: Sequence[MeasuredRow]) -> Iterator[tuple[str, list[int]]]:
    """Yield every quantity with the places of the snapshots that have it (some are optional)."""
    names = dict.fromkeys(name for row in rows for name in row.snapshot.statistics)
    for name in names:
        yield name, [at for at, row in enumerate(rows) if name in row.snapshot.statistics]


def _layer_stats(
    run: Field, iteration: Array, rows: Sequence[MeasuredRow], layers: int
) -> Iterator[memoryview]:
    for quantity, where in _by_quantity(rows):
        having = [rows[at].snapshot for at in where]
        values = np.stack([s.statistics[quantity] for s in having], axis=1)  # [L, T, S]
        histogram = null()
        if quantity in having[0].histogram:
            histogram = blob(np.stack([s.histogram[quantity] for s in having], axis=1), "u4")
        bands = null()
        if quantity == "update":
            bands = blob(np.stack([s.bands for s in having], axis=1), "f4")
        yield pack(
            [
                run,
                int4(np.arange(layers)[:, None]),
                text(quantity),
                int4(iteration[where]),
                *(real(values[:, :, s]) for s in range(len(STATISTICS))),
                histogram,
                bands,
            ],
            (layers, len(where)),
        )


def _layer_profiles(
    run: Field, iteration: Array, rows: Sequence[MeasuredRow]
) -> Iterator[memoryview]:
    for quantity, where in _by_quantity(rows):
        values = np.stack([rows[at].snapshot.statistics[quantity] for at in where])  # [T, L, S]
        for place, statistic in enumerate(STATISTICS):
            yield pack(
                [
                    run,
                    text(quantity),
                    text(statistic),
                    int4(iteration[where]),
                    blob(values[:, :, place], "f4"),
                ],
                (len(where),),
            )


def _filter_stats(
    run: Field, iteration: Array, rows: Sequence[MeasuredRow], offsets: Array
) -> Iterator[memoryview]:
    values = [[row.snapshot.filters[name] for row in rows] for name in FILTER_QUANTITIES]
    for layer in range(len(offsets) - 1):
        part = slice(int(offsets[layer]), int(offsets[layer + 1]))
        fields = [blobs([array[part] for array in arrays], "f4") for arrays in values]
        yield pack([run, int4(layer), int4(iteration), *fields], (len(rows),))


def _peaks(run: Field, rows: Sequence[MeasuredRow]) -> Iterator[memoryview]:
    for row in rows:
        for quantity, (layer_id, filter_, value) in row.peaks.items():
            yield pack(
                [
                    run,
                    text(quantity),
                    int4(row.snapshot.iteration),
                    blob(layer_id, "i4"),
                    blob(filter_, "i4"),
                    blob(value, "f4"),
                ],
                (1,),
            )


def _class_results(
    run: Field, iteration: Array, rows: Sequence[MeasuredRow], shape: Shape
) -> Iterator[memoryview]:
    if not len(shape.by_class):
        return
    there = np.array([row.prediction is not None for row in rows])
    if not there.all():
        yield _not_validated(run, iteration[~there], shape)
        rows, iteration = [rows[int(at)] for at in np.flatnonzero(there)], iteration[there]
    if not rows:
        return
    prediction = np.stack([cast(Array, row.prediction) for row in rows])
    probability = np.stack([cast(Array, row.probability) for row in rows])
    for size in np.unique(shape.class_size[shape.class_size > 0]):
        classes = np.flatnonzero(shape.class_size == size)
        first, count = shape.class_start[classes[0]], len(classes)
        images: Array | slice = shape.class_start[classes][:, None] + np.arange(size)
        if classes[-1] - classes[0] + 1 == count:  # side by side: no copy
            images = slice(first, first + count * size)
        each = (len(rows), count, size)

        def block(values: Array, images: Array | slice = images, each: Any = each) -> Array:
            # An index of arrays would put the snapshots innermost, and no image beside the next.
            taken = values[:, images] if isinstance(images, slice) else values.take(images, 1)
            return taken.reshape(each).transpose(1, 0, 2)

        yield pack(
            [
                run,
                int4(classes),
                int4(iteration[0]),
                stretches(block(prediction), shape.prediction),
                stretches(block(probability), "f2"),
                _block_of(iteration),
            ],
            (count,),
        )


def _not_validated(run: Field, iteration: Array, shape: Shape) -> memoryview:
    classes, empty = np.flatnonzero(shape.class_size > 0), blob(np.zeros(0), "u1")
    fields = [run, int4(classes), int4(iteration[0]), empty, empty, _block_of(iteration)]
    return pack(fields, (len(classes),))


def _block_of(iteration: Array) -> Field:
    return null() if len(iteration) == 1 else blob(iteration, "i4")
