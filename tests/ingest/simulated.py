"""Simulated errors of classes: learning curves of healthy runs, binomial and overdispersed.

Every snapshot the share of wrong images of a class swings around its learning curve as a Beta
variable, alone and with all classes, and its images are drawn from that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.example import healthy
from ingest.analysis.health.history import History, Logged

CLASSES = (2, 10, 100, 300)
IMAGES = (5, 10, 40, 500)
SCHEDULES = ("constant", "step", "cosine", "restarts", "one-cycle")


@dataclass(frozen=True)
class Setting:
    """A healthy run to be simulated: classes, images a class, schedule, seed and snapshots."""

    classes: int
    images: int
    schedule: str
    seed: int
    snapshots: int = 100


def settings(number: int) -> list[Setting]:
    """Return so many settings: all sizes crossed with the schedules, in turn."""
    return [
        Setting(CLASSES[i % 4], IMAGES[i // 4 % 4], SCHEDULES[i % 5], seed=i) for i in range(number)
    ]


def rate(schedule: str, snapshots: int) -> NDArray[np.float64]:
    """Return the learning rate of a schedule at each snapshot, f8 [T]."""
    part = np.arange(snapshots) / snapshots
    if schedule == "step":
        return np.select([part < 0.5, part < 0.75], [0.1, 0.01], 0.001)
    if schedule == "cosine":
        return np.asarray(0.05 * (1 + np.cos(np.pi * part)))
    if schedule == "restarts":
        return np.asarray(0.05 * (1 + np.cos(np.pi * (4 * part % 1))))
    if schedule == "one-cycle":
        return np.asarray(np.where(part < 0.3, part / 0.3, (1 - part) / 0.7) * 0.1 + 0.001)
    return np.full(snapshots, 0.1)


def shares(setting: Setting) -> NDArray[np.float64]:
    """Return the share that is wrong of each class at each snapshot, f8 [C, T]."""
    random = np.random.default_rng(setting.seed)
    of_rate = rate(setting.schedule, setting.snapshots) / 0.1
    guessing = 1 - 1 / setting.classes
    time = np.arange(setting.snapshots) / setting.snapshots
    late = random.uniform(0.02, 0.12, (setting.classes, 1))
    hard = random.beta(1.2, 10, (setting.classes, 1))
    curve = guessing * np.exp(-time / late) + hard + 0.05 * of_rate
    # Twice the learning rate, twice the swings; after each other they are alike.
    swing = random.normal(0, 1, curve.shape)
    swing[:, 1:] = 0.7 * swing[:, 1:] + 0.5 * swing[:, :-1]
    together = random.normal(0, 1, setting.snapshots)
    odds = np.log(curve.clip(1e-3, 0.99)) - np.log1p(-curve.clip(1e-3, 0.99))
    odds += 0.7 * of_rate * swing + 0.4 * of_rate * together
    return np.asarray(1 / (1 + np.exp(-odds)))


def simulated(setting: Setting, share: NDArray[np.float64] | None = None) -> History:
    """Return a run with the errors of the setting, or of `share` [C, T], on so many images."""
    random = np.random.default_rng(setting.seed + 10_000)
    share = shares(setting) if share is None else share
    size = np.full(setting.classes, setting.images)
    error = random.binomial(setting.images, share) / setting.images
    rates = rate(setting.schedule, setting.snapshots)
    plain: Any = healthy(setting.snapshots)
    return healthy(
        setting.snapshots,
        class_error=error,
        class_size=size,
        image_class=np.repeat(np.arange(setting.classes), setting.images),
        validation_error=error.mean(axis=0),
        train_error=share.mean(axis=0),
        learning_rate=rates,
        logged={
            "train_loss": plain.logged["train_loss"],
            "learning_rate": Logged(plain.iteration, rates),
        },
    )
