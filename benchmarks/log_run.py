"""A made-up training run of any size, whose snapshots can be computed one by one."""

import uuid
from typing import Literal

import numpy as np

from benchmarks.log_images import ImageModel
from benchmarks.log_schedule import FIRST_RATE, schedule
from benchmarks.log_structure import modules, resnet50, wide
from benchmarks.log_thumbnails import TILE
from benchmarks.log_weights import WeightModel
from deeptracker.format import Images, LayerSpec, Manifest, Sampling, Series, Snapshot

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
