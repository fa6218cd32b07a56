"""Write a synthetic log of the reference scale: ResNet-50, 1,000 classes, 840 snapshots.

`python -m benchmarks.make_log PATH --scale 0.1`. The structure is the real one, the numbers are
made up (and the log says so); they behave like those of a training, so that what reads them has
real work: three learning-rate drops, and unusual iterations at which many stable images flip.
"""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from benchmarks.log_images import ImageModel
from benchmarks.log_schedule import FIRST_RATE, schedule
from benchmarks.log_structure import modules, resnet50, wide
from benchmarks.log_thumbnails import TILE, write_contact_sheets
from benchmarks.log_weights import WeightModel
from deeptracker.format import (
    MANIFEST,
    SNAPSHOTS,
    Images,
    LayerSpec,
    Manifest,
    RunDirectory,
    Sampling,
    Series,
    Snapshot,
    snapshot_path,
    write_manifest,
    write_snapshot,
)

EVERY = 1_600
SNAPSHOTS_PER_EPOCH = 7
BATCH = 128
BEGUN = 1_767_225_600.0
SECONDS_PER_SNAPSHOT = 620.0
Network = Literal["resnet50", "wide"]


class SyntheticRun:
    """A made-up run; any of its snapshots can be computed, also those after its planned end."""

    def __init__(
        self,
        layers: tuple[LayerSpec, ...],
        *,
        name: str,
        snapshots: int,
        classes: int,
        images_per_class: int,
        every: int,
        seed: int,
        thumbnail: tuple[int, int] | None = None,
    ) -> None:
        self.plan = schedule(np.random.default_rng([seed, 0]), snapshots=snapshots, classes=classes)
        self._images = ImageModel(
            seed=seed, classes=classes, images_per_class=images_per_class, plan=self.plan
        )
        self._weights = WeightModel(layers, seed=seed, plan=self.plan)
        self._every, self._seed = every, seed
        identity = (name, seed, snapshots, classes, images_per_class, len(layers), every)
        self.manifest = Manifest(
            run=uuid.uuid5(uuid.NAMESPACE_OID, repr(identity)).hex,
            name=name,
            model="ResNet-50" if layers[0].name == "conv1" else "wide network",
            dataset="synthetic",
            created_at=BEGUN,
            layers=layers,
            modules=modules(layers),
            classes=tuple(f"synthetic class {number:04d}" for number in range(classes)),
            images=Images(
                self._images.class_id,
                tuple(f"synthetic-{n:08d}" for n in range(len(self._images.class_id))),
                digest=f"synthetic-{seed}",
            ),
            hyperparameters={
                "synthetic": "numbers are made up by benchmarks.make_log, nothing was trained",
                "optimizer": "SGD",
                "learning_rate": FIRST_RATE,
                "momentum": 0.9,
                "weight_decay": 1e-4,
                "batch_size": BATCH,
                "planted_iterations": [self.iteration(e.index) for e in self.plan.planted],
            },
            sampling=Sampling(every, SNAPSHOTS_PER_EPOCH * every, snapshots * every),
            thumbnail=thumbnail,
        )

    def iteration(self, index: int) -> int:
        """Return the iteration of snapshot `index`, which begins at 0."""
        return (index + 1) * self._every

    def snapshot(self, index: int) -> Snapshot:
        """Compute snapshot `index`; the same numbers however often and in whatever order."""
        answers = self._images.answers(index)
        weights = self._weights.at(index)
        at = np.array([self.iteration(index)], np.int64)
        scalars = self._training(index, answers.error, answers.loss) | {
            "validation_loss": Series(at, np.array([answers.loss])),
            "validation_error": Series(at, np.array([answers.error])),
        }
        return Snapshot(
            iteration=self.iteration(index),
            epoch=(index + 1) / SNAPSHOTS_PER_EPOCH,
            recorded_at=BEGUN + (index + 1) * SECONDS_PER_SNAPSHOT,
            statistics=weights.statistics,
            histogram=weights.histogram,
            bands=weights.bands,
            filters=weights.filters,
            prediction=answers.prediction,
            probability=answers.probability,
            scalars=scalars,
        )

    def _training(self, index: int, error: float, loss: float) -> dict[str, Series]:
        """Return the series of every iteration since the snapshot before.

        Training does better than validation by a gap that grows; the error of a batch is a whole
        number of its images.
        """
        rng = np.random.default_rng([self._seed, 5, index])
        iterations = np.arange(index * self._every + 1, self.iteration(index) + 1, dtype=np.int64)
        gap = 1 - 0.35 * min(1.0, (index + 1) / self.plan.snapshots)
        wrong = rng.binomial(BATCH, min(1.0, error * gap), len(iterations))
        jitter = np.exp(0.08 * rng.standard_normal(len(iterations)))
        batch_loss = loss * gap * (0.5 + 0.5 * wrong / (BATCH * max(error * gap, 1e-3))) * jitter
        rate = np.full(len(iterations), self.plan.rate(index))
        return {
            "learning_rate": Series(iterations, rate),
            "train_loss": Series(iterations, np.asarray(batch_loss, np.float64)),
            "train_error": Series(iterations, wrong / BATCH),
        }


def synthetic_run(
    *,
    scale: float = 1.0,
    snapshots: int = 840,
    classes: int = 1_000,
    images_per_class: int = 50,
    seed: int = 0,
    name: str = "",
    network: Network = "resnet50",
    layers: int = 500,
    filters: int = 200_000,
    every: int = EVERY,
    thumbnails: bool = False,
) -> SyntheticRun:
    """Make up a run. `scale` in (0, 1] shrinks snapshots, classes, images and filters alike.

    `layers` and `filters` are the size of the wide network; ResNet-50 has its own, and as many
    outputs as there are classes.
    """
    if not 0 < scale <= 1:
        raise ValueError(f"scale is {scale}; it must lie above 0 and be at most 1")
    snapshots = max(min(12, snapshots), round(snapshots * scale))
    classes = max(min(10, classes), round(classes * scale))
    images_per_class = max(min(10, images_per_class), round(images_per_class * scale**0.5))
    structure = (
        resnet50(classes=classes, scale=scale)
        if network == "resnet50"
        else wide(layers=layers, filters=max(layers, round(filters * scale)))
    )
    return SyntheticRun(
        structure,
        name=name or f"synthetic {network}, seed {seed}, scale {scale:g}",
        snapshots=snapshots,
        classes=classes,
        images_per_class=images_per_class,
        every=every,
        seed=seed,
        thumbnail=TILE if thumbnails else None,
    )


def write_log(
    path: Path,
    *,
    scale: float = 1.0,
    snapshots: int = 840,
    classes: int = 1_000,
    images_per_class: int = 50,
    seed: int = 0,
    name: str = "",
    network: Network = "resnet50",
    layers: int = 500,
    filters: int = 200_000,
    every: int = EVERY,
    thumbnails: bool = False,
    state: str = "complete",
    threads: int = 4,
) -> SyntheticRun:
    """Write a whole log into the new directory `path`, and return the run it is of.

    With `state` "recording" the log looks like one that goes on: see `append_snapshot`.
    FileExistsError where `path` already holds a log.
    """
    run = synthetic_run(
        scale=scale,
        snapshots=snapshots,
        classes=classes,
        images_per_class=images_per_class,
        seed=seed,
        name=name,
        network=network,
        layers=layers,
        filters=filters,
        every=every,
        thumbnails=thumbnails,
    )
    begin_log(path, run=run)
    # The threads wait for the disk most of the time; each snapshot is made durable by itself.
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda index: write_one(path, run=run, index=index), _indices(run)):
            pass
    if thumbnails:
        write_contact_sheets(path, run.manifest, seed=seed)
    if state != "recording":
        end_log(path, run=run, state=state)
    return run


def _indices(run: SyntheticRun) -> range:
    return range(run.plan.snapshots)


def begin_log(path: Path, *, run: SyntheticRun) -> None:
    """Make the directory of a log that has no snapshot yet."""
    if (path / MANIFEST).exists():
        raise FileExistsError(f"{path} already holds a log; choose another path")
    (path / SNAPSHOTS).mkdir(parents=True, exist_ok=True)
    write_manifest(path / MANIFEST, run.manifest)


def write_one(path: Path, *, run: SyntheticRun, index: int) -> int:
    """Write snapshot `index` of `run` (again), and return its iteration."""
    snapshot = run.snapshot(index)
    write_snapshot(snapshot_path(path, snapshot.iteration), run.manifest, snapshot)
    return snapshot.iteration


def append_snapshot(path: Path, *, run: SyntheticRun) -> int:
    """Write the snapshot that follows those in `path`, and return its iteration."""
    return write_one(path, run=run, index=len(RunDirectory(path).iterations()))


def end_log(path: Path, *, run: SyntheticRun, state: str = "complete") -> None:
    """Say in the manifest that nothing more will come."""
    last = BEGUN + run.plan.snapshots * SECONDS_PER_SNAPSHOT
    write_manifest(path / MANIFEST, replace(run.manifest, state=state, ended_at=last))


def _main(
    path: Annotated[Path, typer.Argument(help="The directory to make; it must hold no log yet.")],
    scale: Annotated[float, typer.Option(help="Shrink every dimension, 0 < scale <= 1.")] = 1.0,
    snapshots: int = 840,
    classes: int = 1_000,
    images_per_class: int = 50,
    seed: int = 0,
    name: str = "",
    network: Network = "resnet50",
    layers: Annotated[int, typer.Option(help="Of the wide network.")] = 500,
    filters: Annotated[int, typer.Option(help="Of the wide network.")] = 200_000,
    thumbnails: Annotated[bool, typer.Option(help="Also write contact sheets.")] = False,
) -> None:
    """Write a synthetic log of the reference scale."""
    start = time.perf_counter()
    run = write_log(
        path,
        scale=scale,
        snapshots=snapshots,
        classes=classes,
        images_per_class=images_per_class,
        seed=seed,
        name=name,
        network=network,
        layers=layers,
        filters=filters,
        thumbnails=thumbnails,
    )
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    typer.echo(
        f"{path}: {run.plan.snapshots:,} snapshots, {len(run.manifest.layers):,} layers, "
        f"{run.manifest.filters:,} filters, {len(run.manifest.images.class_id):,} images, "
        f"{size:,} bytes in {time.perf_counter() - start:.1f} s"
    )


if __name__ == "__main__":
    typer.run(_main)
