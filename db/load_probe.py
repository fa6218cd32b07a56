"""The probes of a run as rows: idempotent, and without what a resume has replaced."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from db.load_run import next_version
from db.models import Run
from db.models import measurements as tables
from deeptracker.format import Probe, restore_maps


def save_probe(session: Session, *, run_id: int, probe: Probe) -> None:
    """Store probes in place of those of the same iteration; nothing changes where they are."""
    table = tables.probe.c
    at = select(table.recorded_at).where(table.run_id == run_id, table.iteration == probe.iteration)
    # Each file is written with the time of then: the same time, the same file.
    if session.scalar(at) == probe.recorded_at:
        return
    _delete(session, run_id, [probe.iteration])
    session.execute(insert(tables.probe).values(run_id=run_id, **_row(probe)))
    for into, found in (
        (tables.probe_map, _map_rows(probe)),
        (tables.probe_top, _top_rows(probe)),
        (tables.probe_saliency, _saliency_rows(probe)),
    ):
        if rows := [{"run_id": run_id, **row} for row in found]:
            session.execute(insert(into), rows)
    session.execute(update(Run).where(Run.id == run_id).values(next_version()))


def drop_abandoned_probes(
    session: Session, *, run_id: int, seams: Sequence[tuple[int, float]]
) -> None:
    """Delete what later generations of the run replaced; seams as of db.load.abandoned."""
    table = tables.probe.c
    gone = [and_(table.iteration > start, table.recorded_at < began) for start, began in seams]
    found = select(table.iteration).where(table.run_id == run_id, or_(*gone))
    _delete(session, run_id, list(session.scalars(found)))


def _delete(session: Session, run_id: int, iterations: Sequence[int]) -> None:
    if not iterations:
        return
    for table in (tables.probe, tables.probe_map, tables.probe_top, tables.probe_saliency):
        session.execute(
            delete(table).where(table.c.run_id == run_id, table.c.iteration.in_(iterations))
        )


def _row(probe: Probe) -> dict[str, Any]:
    kernels = probe.kernels
    return {
        "iteration": probe.iteration,
        "recorded_at": probe.recorded_at,
        "seconds": probe.seconds,
        "image_id": probe.image,
        "prediction": probe.prediction,
        "probability": probe.probability,
        "kernel_layer": None if kernels is None else kernels.layer,
        "kernel_shape": None if kernels is None else np.array(kernels.codes.shape, np.int32),
        "kernel": None if kernels is None else kernels.codes.reshape(-1),
        "kernel_scale": None if kernels is None else kernels.scale,
    }


def _map_rows(probe: Probe) -> Iterator[dict[str, Any]]:
    for layer, maps in probe.maps.items():
        _, _, height, width = maps.codes.shape
        for place, image in enumerate(probe.image.tolist()):
            codes, low, high = maps.codes[place], maps.low[place], maps.high[place]
            values = restore_maps(codes, low, high)
            finite = np.isfinite(values)
            count = finite.sum(axis=(1, 2))
            total = np.where(finite, values, 0).sum(axis=(1, 2), dtype=np.float64)
            mean = np.divide(total, count, out=np.full(len(codes), np.nan), where=count > 0)
            yield {
                "layer_id": layer,
                "image_id": image,
                "iteration": probe.iteration,
                "height": height,
                "width": width,
                "low": low,
                "high": high,
                "mean": mean.astype(np.float32),
                "codes": codes.reshape(-1),
            }


def _top_rows(probe: Probe) -> Iterator[dict[str, Any]]:
    if probe.tops is None:
        return
    for layer, tops in probe.tops.layers.items():
        yield {
            "layer_id": layer,
            "iteration": probe.iteration,
            "count": tops.image.shape[1],
            "classes": probe.tops.classes,
            **{name: array.reshape(-1) for name, array in vars(tops).items()},
        }


def _saliency_rows(probe: Probe) -> Iterator[dict[str, Any]]:
    for method, saliency in probe.saliency.items():
        maps = saliency.maps
        _, _, height, width = maps.codes.shape
        for place, image in enumerate(probe.image.tolist()):
            yield {
                "image_id": image,
                "iteration": probe.iteration,
                "method": method,
                "detail": saliency.detail,
                "height": height,
                "width": width,
                "low": maps.low[place],
                "high": maps.high[place],
                "codes": maps.codes[place].reshape(-1),
            }
