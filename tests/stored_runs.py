"""Runs put into the tables by plain inserts, with the arrays that every query must give back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.models import (
    Image,
    Layer,
    Run,
    ValidationClass,
    batch_ledger,
    class_result,
    filter_peak,
    filter_stat,
    flip_state,
    layer_profile,
    layer_stat,
    probe,
    probe_map,
    probe_saliency,
    probe_top,
    scalar,
    snapshot,
)
from db.partitions import make_partitions
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.format import (
    BAND_THRESHOLDS,
    BINS,
    FILTER_QUANTITIES,
    QUANTITIES,
    SERIES,
    STATISTICS,
)

EVERY = 10


@dataclass(frozen=True)
class StoredRun:
    """A stored run; arrays by the names and shapes that the query modules use, T the last axis."""

    run_id: int
    uuid: str
    iterations: np.ndarray
    layer_filters: np.ndarray
    image_class: np.ndarray
    snapshots: dict[str, np.ndarray]
    transitions: np.ndarray
    class_error: np.ndarray
    flips: SimpleNamespace
    correct_now: np.ndarray
    statistics: dict[str, np.ndarray]
    histogram: dict[str, np.ndarray]
    bands: np.ndarray
    filters: dict[str, np.ndarray]
    prediction: np.ndarray
    probability: np.ndarray
    scalars: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def offsets(self) -> np.ndarray:
        """Where each layer's filters begin, and their number at the end."""
        return np.concatenate([[0], np.cumsum(self.layer_filters)])

    def filters_of(self, layer_id: int, quantity: str) -> np.ndarray:
        """f4 [filters of the layer, T]."""
        return self.filters[quantity][self.offsets[layer_id] : self.offsets[layer_id + 1]]

    def peaks(self, t: int, quantity: str) -> list[tuple[int, int, float]]:
        """(layer, filter, value) of all filters of a snapshot, largest first, by plain sorting."""
        found = [
            (layer, number, float(value))
            for layer in range(len(self.layer_filters))
            for number, value in enumerate(self.filters_of(layer, quantity)[:, t])
            if not np.isnan(value)
        ]
        return sorted(found, key=lambda item: (-item[2], item[:2]))


def store_run(
    session: Session,
    *,
    seed: int,
    layers: int = 3,
    classes: int = 4,
    images: int = 22,
    snapshots: int = 6,
    partitions: bool = True,
    **columns: Any,
) -> StoredRun:
    """Store a run of random numbers; iterations are 10, 20, ...; `columns` are those of run.

    Without classes (0) the run validates nothing. The first snapshot has no relative change.
    Without `partitions` its rows are in the default ones, as those of runs stored long ago.
    """
    run = random_run(seed, layers=layers, classes=classes, images=images, snapshots=snapshots)
    row = Run(**{**_run_columns(run), **columns})
    session.add(row)
    session.flush()
    if partitions:
        make_partitions(session, run_id=row.id)
    run.run_id, run.uuid = row.id, row.uuid.hex
    stored = StoredRun(**vars(run))
    _store_structure(session, stored, classes)
    if snapshots:
        _store_snapshots(session, stored)
        _store_layers(session, stored)
        _store_validation(session, stored, classes)
    session.flush()
    return stored


def random_run(
    seed: int, *, layers: int, classes: int, images: int, snapshots: int
) -> SimpleNamespace:
    """Return the numbers of a run as store_run stores them."""
    rng = np.random.default_rng(seed)
    images = images if classes else 0
    real = lambda *shape: rng.normal(size=shape).astype("f4")  # noqa: E731
    layer_filters = rng.integers(2, 9, layers)
    filters = {name: real(layer_filters.sum(), snapshots) for name in FILTER_QUANTITIES}
    for name in ("relative_change", "cosine_change"):
        filters[name][:, :1] = np.nan
    run = SimpleNamespace(
        iterations=np.arange(1, snapshots + 1, dtype="i4") * EVERY,
        layer_filters=layer_filters,
        image_class=rng.permutation(np.arange(images) % max(classes, 1)).astype("i4"),
        snapshots={name: rng.random(snapshots) for name in ("epoch", "recorded_at", *SERIES)},
        statistics={name: real(layers, len(STATISTICS), snapshots) for name in QUANTITIES},
        histogram={
            name: rng.integers(0, 9, (layers, BINS, snapshots), dtype="u4") for name in QUANTITIES
        },
        bands=rng.random((layers, len(BAND_THRESHOLDS), snapshots), dtype="f4"),
        filters=filters,
        prediction=rng.integers(0, max(classes, 1), (images, snapshots), dtype="u2"),
        probability=rng.random((images, snapshots), dtype="f4").astype("f2"),
        scalars={
            name: (np.arange(snapshots * EVERY, dtype="i4"), rng.random(snapshots * EVERY))
            for name in ("train_loss", "momentum <of> mine")
        },
    )
    run.snapshots["train_error"][1:2] = np.nan
    _judge(run, classes)
    return run


def _judge(run: SimpleNamespace, classes: int) -> None:
    """Add what follows from the predictions: errors, transitions, flips."""
    correct = run.prediction == run.image_class[:, None]
    images, snapshots = correct.shape
    run.class_error = np.zeros((classes, snapshots), "f4")
    for c in range(classes):
        members = correct[run.image_class == c]
        run.class_error[c] = 1 - members.mean(axis=0) if len(members) else np.nan
    run.transitions = np.full((snapshots, 4), -1, dtype="i4")
    flips = []
    before = np.ones(images, dtype="i4")
    for t in range(1, snapshots):
        was, now = correct[:, t - 1], correct[:, t]
        if images:
            run.transitions[t] = [
                (~was & now).sum(), (was & ~now).sum(), (was & now).sum(), (~was & ~now).sum(),
            ]  # fmt: skip
        flips += [(t, i, before[i], now[i]) for i in np.flatnonzero(was != now)]
        before = np.where(was != now, 1, before + 1).astype("i4")
    run.correct_now = correct[:, -1].astype("u1") if snapshots else np.zeros(images, "u1")
    columns = np.array(flips, dtype="i4").reshape(-1, 4).T
    run.flips = SimpleNamespace(
        snapshot=columns[0], image=columns[1], before=columns[2], learned=columns[3].astype("u1")
    )


def _run_columns(run: SimpleNamespace) -> dict[str, Any]:
    snapshots = len(run.iterations)
    return {
        "uuid": uuid4(),
        "name": "a run",
        "model": "net",
        "dataset": "digits",
        "hyperparameters": {"learning_rate": 0.1},
        "manifest": {"modules": [], "sampling": {"every": EVERY}},
        "location": "/logs/a-run",
        "state": "complete",
        "version": 1,
        "class_count": len(run.class_error),
        "layer_count": len(run.layer_filters),
        "image_count": len(run.image_class),
        "filter_count": int(run.layer_filters.sum()),
        "snapshot_count": snapshots,
        "last_iteration": int(run.iterations[-1]) if snapshots else None,
        "last_error": 0.5 if snapshots else None,
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
    }


def _store_structure(session: Session, run: StoredRun, classes: int) -> None:
    session.add_all(
        Layer(
            run_id=run.run_id,
            layer_id=layer,
            name=f"layer{layer}",
            kind="Conv2d",
            stage=f"stage{layer // 2}",
            block=f"block{layer}",
            branch="shortcut" if layer == 2 else "main",
            filters=int(filters),
            filter_offset=int(run.offsets[layer]),
            parameters=int(filters) * 27,
            inputs=3,
            kernel=[3, 3],
            stride=[1, 1],
            groups=1,
        )
        for layer, filters in enumerate(run.layer_filters)
    )
    for c in range(classes):
        members = np.flatnonzero(run.image_class == c).astype("i4")
        session.add(
            ValidationClass(
                run_id=run.run_id,
                class_id=c,
                name=f"class {c}",
                image_count=len(members),
                images=members,
                contact_sheet=b"RIFF%d" % c if c % 2 == 0 else None,
            )
        )
        session.add_all(
            Image(run_id=run.run_id, image_id=int(i), class_id=c, position=p, name=f"{i}.png")
            for p, i in enumerate(members)
        )


def _store_snapshots(session: Session, run: StoredRun) -> None:
    validates = len(run.class_error) > 0
    names = ("n_to_y", "y_to_n", "y_to_y", "n_to_n")
    rows = []
    for t, iteration in enumerate(run.iterations):
        here = run.flips.snapshot == t
        counts = run.transitions[t].tolist() if validates and t else [None] * 4
        rows.append(
            {
                "run_id": run.run_id,
                "iteration": int(iteration),
                **{name: values[t] for name, values in run.snapshots.items()},
                **dict(zip(names, counts, strict=True)),
                "class_error": run.class_error[:, t] if validates else None,
                "flip_image": run.flips.image[here],
                "flip_before": run.flips.before[here],
                "flip_learned": run.flips.learned[here],
                "digest": np.full(16, t, dtype="u1"),
            }
        )
    session.execute(insert(snapshot), rows)
    pieces = [
        {
            "run_id": run.run_id,
            "name": name,
            "iteration": int(iteration),
            "iterations": iterations[t * EVERY : (t + 1) * EVERY],
            "values": values[t * EVERY : (t + 1) * EVERY],
        }
        for name, (iterations, values) in run.scalars.items()
        for t, iteration in enumerate(run.iterations)
    ]
    session.execute(insert(scalar), pieces[::-1])
    _store_ledger(session, run)
    if len(run.image_class) > 5 and len(run.layer_filters) > 1:
        _store_probe(session, run)


def _store_ledger(session: Session, run: StoredRun) -> None:
    """Two steps of three training images each, of which the second jumped, at iteration 20."""
    row = {
        "run_id": run.run_id,
        "iteration": 2 * EVERY,
        "reason": "jump",
        "recorded_at": 1.0,
        "step_iteration": np.array([2 * EVERY - 1, 2 * EVERY]),
        "step_loss": np.array([0.5, 3.5]),
        "step_size": np.array([3, 3], "i4"),
        "index": np.array([7, 8, 9, 100, 101, 102]),
        "loss": np.array([0.5, 0.4, 0.6, 0.5, 9.5, 0.5], "f4"),
        "usual": np.array([0.5, 0.5, np.nan, 0.5, 0.5, 0.5], "f4"),
        "label": np.array([0, 1, 2, 0, 3, 2], "i4"),
    }
    session.execute(insert(batch_ledger), [row])


def _store_probe(session: Session, run: StoredRun) -> None:
    """Probes of two images at iteration 20: maps of 2 x 3 of layer 1, kernels of layer 0.

    Images 5 and 1 activate each filter of layer 1 most; its filters like class 2 and 0 in turn.
    """
    filters, first = int(run.layer_filters[1]), int(run.layer_filters[0])
    at = {"run_id": run.run_id, "iteration": 2 * EVERY}
    row = {
        **at,
        "recorded_at": 1.0,
        "seconds": 0.5,
        "image_id": np.array([1, 5], "i4"),
        "prediction": np.array([0, -1], "i4"),
        "probability": np.array([0.75, np.nan], "f4"),
        "kernel_layer": 0,
        "kernel_shape": np.array([first, 2, 2, 1], "i4"),
        "kernel": np.arange(first * 4, dtype="u1"),
        "kernel_scale": np.ones(first, "f4"),
    }
    session.execute(insert(probe), [row])
    places = np.arange(filters, dtype="f4")
    maps = [
        {
            **at,
            "layer_id": 1,
            "image_id": image,
            "height": 2,
            "width": 3,
            "low": places,
            "high": places + image,
            "mean": places + image / 2,
            "codes": np.arange(filters * 6, dtype="u1"),
        }
        for image in (1, 5)
    ]
    session.execute(insert(probe_map), maps)
    tops = {
        **at,
        "layer_id": 1,
        "count": 2,
        "image": np.tile(np.array([5, 1], "i4"), filters),
        "value": np.repeat(places, 2) + np.tile(np.array([1, 0.5], "f4"), filters),
        "place": np.arange(filters * 4, dtype="u1"),
        "field": np.array([0.5, 0.25], "f4"),
        "classes": np.array([0, 1, 2], "i4"),
        "mean": np.tile(np.array([[0, 127, 254], [254, 127, 0]], "u1"), (filters, 1))[:filters]
        .reshape(-1)
        .copy(),
        "low": np.zeros(filters, "f4"),
        "high": np.ones(filters, "f4"),
    }
    session.execute(insert(probe_top), [tops])
    _store_saliency(session, at)


def _store_saliency(session: Session, at: Mapping[str, int]) -> None:
    """Of image 5 alone: maps of 2 x 2 by one method, of 1 x 3 by the other."""
    rows = [
        {
            **at,
            "image_id": 5,
            "method": method,
            "detail": f"by {method}",
            "height": height,
            "width": width,
            "low": np.array([-1, np.nan], "f4"),
            "high": np.array([height, np.nan], "f4"),
            "codes": np.arange(2 * height * width, dtype="u1") + height,
        }
        for method, height, width in (("integrated-gradients", 1, 3), ("grad-cam", 2, 2))
    ]
    session.execute(insert(probe_saliency), rows)


def _store_layers(session: Session, run: StoredRun) -> None:
    if not len(run.layer_filters):
        return
    times = list(enumerate(run.iterations.tolist()))[::-1]
    layers = range(len(run.layer_filters))
    stats, filters, profiles, peaks = [], [], [], []
    for t, iteration in times:
        key = {"run_id": run.run_id, "iteration": iteration}
        for quantity, values in run.statistics.items():
            for layer in layers:
                stats.append(
                    {
                        **key, "layer_id": layer, "quantity": quantity,
                        **dict(zip(STATISTICS, values[layer, :, t].tolist(), strict=True)),
                        "histogram": run.histogram[quantity][layer, :, t],
                        "bands": run.bands[layer, :, t] if quantity == "update" else None,
                    }
                )  # fmt: skip
            for s, statistic in enumerate(STATISTICS):
                profile = {"quantity": quantity, "statistic": statistic, "values": values[:, s, t]}
                profiles.append({**key, **profile})
        for layer in layers:
            arrays = {q: run.filters_of(layer, q)[:, t] for q in FILTER_QUANTITIES}
            filters.append({**key, "layer_id": layer, **arrays})
        for quantity in PEAK_QUANTITIES:
            ranked = list(zip(*run.peaks(t, quantity), strict=True)) or [(), (), ()]
            peak = dict(zip(("layer_id", "filter", "value"), ranked, strict=True))
            arrays = {n: np.array(v, "f4" if n == "value" else "i4") for n, v in peak.items()}
            peaks.append({**key, "quantity": quantity, **arrays})
    for table, rows in (
        (layer_stat, stats),
        (filter_stat, filters),
        (layer_profile, profiles),
        (filter_peak, peaks),
    ):
        session.execute(insert(table), rows)


def _blocks(snapshots: int) -> list[list[int]]:
    """Return the places of snapshots that share rows: some alone, one that came late."""
    places = [[0, 2], [1], [3], list(range(4, snapshots))]
    return [kept for block in places if (kept := [at for at in block if at < snapshots])]


def _store_validation(session: Session, run: StoredRun, classes: int) -> None:
    rows = [
        {
            "run_id": run.run_id,
            "class_id": c,
            "iteration": int(run.iterations[block[0]]),
            "prediction": run.prediction[run.image_class == c][:, block].T.tobytes(),
            "probability": run.probability[run.image_class == c][:, block].T.reshape(-1),
            "iterations": run.iterations[block].astype("i4") if len(block) > 1 else None,
        }
        for block in reversed(_blocks(len(run.iterations)))
        for c in range(classes)
        if (run.image_class == c).any()
    ]
    if rows:
        session.execute(insert(class_result), rows)
        length = np.ones(len(run.image_class), "i4")
        state = {"correct": run.correct_now, "length": length}
        session.execute(
            insert(flip_state),
            [{"run_id": run.run_id, "iteration": int(run.iterations[-1]), **state}],
        )
