"""Small logs for tests: a manifest, a snapshot that fits it, and both on disk."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from deeptracker.format import (
    BAND_THRESHOLDS,
    BINS,
    FILTER_QUANTITIES,
    GRAD_CAM,
    INTEGRATED_GRADIENTS,
    MANIFEST,
    QUANTITIES,
    SNAPSHOTS,
    STATISTICS,
    Images,
    LayerSpec,
    LayerTops,
    Ledger,
    Manifest,
    ModuleSpec,
    Probe,
    Saliency,
    Sampling,
    Series,
    Snapshot,
    Tops,
    prediction_dtype,
    quantise_kernels,
    quantise_maps,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from deeptracker.snapshot_taker import stored

RUN = "0123456789abcdef0123456789abcdef"


def layer(name: str, filters: int = 3, inputs: int = 2) -> LayerSpec:
    return LayerSpec(
        name=name,
        kind="Conv2d",
        stage="layer1",
        block="layer1.0",
        branch="main",
        filters=filters,
        parameters=filters * inputs * 9,
        inputs=inputs,
        kernel=(3, 3),
        stride=(1, 1),
        groups=1,
    )


def manifest(*, images: int = 5, layers: tuple[LayerSpec, ...] = ()) -> Manifest:
    return Manifest(
        run=RUN,
        name="a run",
        model="network",
        dataset="digits",
        created_at=1_700_000_000.5,
        layers=layers or (layer("layer1.0.conv1"), layer("layer1.0.conv2", filters=4, inputs=3)),
        modules=(ModuleSpec("layer1", "Sequential"), ModuleSpec("layer1.0", "Block")),
        classes=("cat", "dog", "crane") if images else (),
        images=Images(np.arange(images, dtype=np.int32) % 3, None, "digest"),
        hyperparameters={"lr": 0.1, "milestones": [3, 5], "note": None, "nesterov": True},
        sampling=Sampling(10, 70, 700),
    )


def snapshot(of: Manifest, *, iteration: int = 10, seed: int = 0) -> Snapshot:
    """A snapshot with every array filled by random numbers that may stand there."""
    rng = np.random.default_rng(seed)
    layers, images = len(of.layers), len(of.images.class_id)
    statistics = {}
    for quantity in QUANTITIES:
        values = np.abs(rng.standard_normal((layers, len(STATISTICS)))).astype("f4")
        values[:, STATISTICS.index("minimum")] *= -1
        values[:, STATISTICS.index("zero_share")] = rng.random(layers)
        values[:, STATISTICS.index("nan_count") :] = 0
        statistics[quantity] = values
    iterations = np.arange(iteration - 9, iteration + 1)
    return Snapshot(
        iteration=iteration,
        epoch=iteration / 70,
        recorded_at=1_700_000_100.25,
        statistics=statistics,
        histogram={
            quantity: rng.multinomial(of.layers[0].parameters, [1 / BINS] * BINS, layers).astype(
                "u4"
            )
            for quantity in QUANTITIES
        },
        bands=np.sort(rng.random((layers, len(BAND_THRESHOLDS))), axis=1)[:, ::-1].astype("f4"),
        filters={name: rng.random(of.filters).astype("f4") for name in FILTER_QUANTITIES},
        prediction=(
            rng.integers(0, len(of.classes), images).astype(prediction_dtype(len(of.classes)))
            if images
            else None
        ),
        probability=rng.random(images).astype("f2") if images else None,
        scalars={"train_loss": Series(iterations, rng.random(len(iterations)))},
    )


def ledger(**changes: Any) -> Ledger:
    """A batch ledger of four steps with every value that may stand there, changed where told."""
    given: dict[str, Any] = {
        "iteration": 12,
        "reason": "jump",
        "recorded_at": 1_700_000_000.5,
        "step_iteration": np.array([10, 11, 12, 14]),
        "step_loss": np.array([0.5, np.nan, 2.5, np.inf]),
        "step_size": np.array([2, 1, 2, 1], np.int32),
        "index": np.array([0, 7, 2**40, 3, 3, 1]),
        "loss": np.array([0.5, np.nan, 1, np.inf, 2, 3], np.float32),
        "usual": np.array([np.nan, 0.5, 1, 0.25, 0.25, np.nan], np.float32),
        "label": np.array([0, -1, 2, 3, 3, 4], np.int32),
        "generation": 2,
    }
    return Ledger(**given | changes)


def layer_tops(filters: int, *, classes: int = 2) -> LayerTops:
    """Of each filter two of the images of `manifest`; the second filter has one alone."""
    image = np.array([[4, 0], [1, -1], [2, 3], [0, 1]], np.int32)[:filters]
    rng = np.random.default_rng(filters)
    value = np.where(image < 0, np.nan, 9.5 - image).astype("f4")
    place = rng.integers(0, 256, (filters, 2, 2)).astype("u1")
    means = quantise_maps(rng.random((1, filters, 1, classes)))
    ends = means.low[0], means.high[0]
    return LayerTops(image, value, place, np.array([0.5, 0.25], "f4"), means.codes[0, :, 0], *ends)


def probe(**changes: Any) -> Probe:
    """Probes of three images in both layers of `manifest`, not all finite, changed where told."""
    rng = np.random.default_rng(0)
    first = rng.random((3, 3, 4, 5)).astype("f4")
    first[0, 1, 2, 3] = np.nan
    first[1, 1] = np.inf
    given: dict[str, Any] = {
        "iteration": 10,
        "recorded_at": 1_700_000_101.5,
        "image": np.array([0, 2, 4], np.int32),
        "prediction": np.array([0, -1, 2], np.int32),
        "probability": np.array([0.5, np.nan, 1], np.float32),
        "maps": {
            0: quantise_maps(first),
            1: quantise_maps(rng.standard_normal((3, 4, 1, 1)).astype("f4")),
        },
        "kernels": quantise_kernels(0, rng.standard_normal((3, 3, 3, 1)).astype("f4")),
        "generation": 2,
        "seconds": 0.25,
        "tops": Tops(np.array([0, 2], np.int32), {0: layer_tops(3), 1: layer_tops(4)}),
        "saliency": {
            GRAD_CAM: Saliency(quantise_maps(first[:, :2]), "feature maps of layer1"),
            INTEGRATED_GRADIENTS: Saliency(
                quantise_maps(rng.standard_normal((3, 2, 32, 1)).astype("f4")), "32 steps"
            ),
        },
    }
    return Probe(**given | changes)


def write_small_log(path: Path, *, iterations: tuple[int, ...] = (10, 20, 30)) -> Manifest:
    """Write a log of a few snapshots and return its manifest."""
    (path / SNAPSHOTS).mkdir(parents=True)
    of = manifest()
    write_manifest(path / MANIFEST, of)
    for iteration in iterations:
        taken = snapshot(of, iteration=iteration, seed=iteration)
        write_snapshot(snapshot_path(path, iteration), of, taken)
    return of


def write_predicted_log(path: Path, predictions: Sequence[Sequence[int] | None]) -> Manifest:
    """Write a log whose snapshots at 10, 20, ... have these predictions; return its manifest.

    -1: none, as a Recorder stores it; None for a whole snapshot: it was not validated. Image i is
    of class i % 3.
    """
    (path / SNAPSHOTS).mkdir(parents=True)
    images = max((len(row) for row in predictions if row is not None), default=5)
    of = replace(manifest(images=images), run=uuid4().hex)
    write_manifest(path / MANIFEST, of)
    for at, row in enumerate(predictions, start=1):
        taken = snapshot(of, iteration=10 * at, seed=at)
        if row is None:
            taken = replace(taken, prediction=None, probability=None)
        else:
            given = np.array(row)
            chance = np.where(given < 0, np.nan, taken.probability).astype("f2")
            taken = replace(taken, prediction=stored(given, len(of.classes)), probability=chance)
        write_snapshot(snapshot_path(path, 10 * at), of, taken)
    return of


def assert_same(left: Snapshot, right: Snapshot) -> None:
    """Fail unless both hold the same numbers, bit by bit, NaN included."""
    for one, other in ((left, right), (right, left)):
        for family in ("statistics", "histogram", "filters"):
            assert set(getattr(one, family)) == set(getattr(other, family))
            for name, array in getattr(one, family).items():
                _same_bits(array, getattr(other, family)[name])
        assert set(one.scalars) == set(other.scalars)
    for name, series in left.scalars.items():
        _same_bits(series.iterations, right.scalars[name].iterations)
        _same_bits(series.values, right.scalars[name].values)
    for name in ("bands", "prediction", "probability"):
        if getattr(left, name) is None:
            assert getattr(right, name) is None
        else:
            _same_bits(getattr(left, name), getattr(right, name))
    np.testing.assert_equal(
        (left.iteration, left.epoch, left.recorded_at),
        (right.iteration, right.epoch, right.recorded_at),
    )


def _same_bits(left: np.ndarray, right: np.ndarray) -> None:
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    assert left.tobytes() == right.tobytes()
