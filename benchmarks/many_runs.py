"""Many small runs of one sweep, to be compared: see `load_sweep`.

The numbers are made up (and the logs say so): the validation error of a run follows from its
settings, most from the learning rate, less from the width, nothing from the seed but noise.
"""

import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from benchmarks.log_run import SyntheticRun, synthetic_run
from deeptracker.format import (
    MANIFEST,
    Manifest,
    Series,
    Snapshot,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from deeptracker.format import SNAPSHOTS as FOLDER
from ingest.pipeline import load_log

SNAPSHOTS = 60
EVERY = 20
BEST_RATE = 0.03


def settings_of_sweep(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return the settings of `count` runs: rates and decays at random, the others from lists."""
    rng = np.random.default_rng(seed)
    return [
        {
            "learning_rate": float(f"{10 ** rng.uniform(-3.5, -0.5):.3g}"),
            "width": int(rng.choice([8, 16, 32, 64])),
            "batch_size": int(rng.choice([32, 64, 128])),
            "optimizer": str(rng.choice(["SGD", "AdamW"])),
            "weight_decay": float(f"{10 ** rng.uniform(-5, -3):.3g}"),
            "seed": number,
        }
        for number in range(count)
    ]


def final_error(settings: Mapping[str, Any], noise: float = 0.0) -> float:
    """Return the validation error, a share 0..1, that a run with these settings ends at."""
    away = math.log10(settings["learning_rate"] / BEST_RATE)
    wide = 0.03 * math.log2(64 / settings["width"])
    return min(0.9, 0.04 + 0.16 * away**2 + wide + noise)


def load_sweep(engine: Engine, folder: Path, *, count: int) -> list[int]:
    """Write and load `count` logs below `folder`, and return the ids of the runs."""
    ids = []
    for number, settings in enumerate(settings_of_sweep(count)):
        log = folder / f"sweep-{number}"
        _write(log, number, settings)
        ids.append(load_log(engine, log).run_id)
    return ids


def _write(log: Path, number: int, settings: dict[str, Any]) -> None:
    run = synthetic_run(
        snapshots=SNAPSHOTS, classes=10, images_per_class=5, seed=number % 10, network="wide",
        layers=8, filters=64, every=EVERY,
    )  # fmt: skip
    manifest = _manifest(run.manifest, number, settings)
    (log / FOLDER).mkdir(parents=True)
    write_manifest(log / MANIFEST, manifest)
    for snapshot in _snapshots(run, number, settings):
        write_snapshot(snapshot_path(log, snapshot.iteration), manifest, snapshot)


def _manifest(manifest: Manifest, number: int, settings: dict[str, Any]) -> Manifest:
    name = f"sweep-width-{settings['width']}-{settings['optimizer'].lower()}-{number:03d}"
    said = {"synthetic": "numbers are made up by benchmarks.many_runs, nothing was trained"}
    known = {**said, **settings}
    run = uuid.uuid4().hex
    return replace(manifest, run=run, name=name, hyperparameters=known, state="complete")


def _snapshots(run: SyntheticRun, number: int, settings: dict[str, Any]) -> Iterator[Snapshot]:
    rng = np.random.default_rng([number, 7])
    end = final_error(settings, 0.01 * rng.standard_normal())
    pace = 4 + 20 * settings["learning_rate"]
    for index in range(SNAPSHOTS):
        snapshot = run.snapshot(index)
        told = end + (0.9 - end) * math.exp(-pace * (index + 1) / SNAPSHOTS)
        shares = {"validation_error": told, "train_error": 0.8 * told}
        losses = {"validation_loss": 2.5 * told, "train_loss": 2.1 * told}
        scalars = {
            name: _series(snapshot.scalars[name], value, rng)
            for name, value in (shares | losses).items()
        }
        at = np.array([snapshot.iteration])
        rate = Series(at, np.array([settings["learning_rate"]]))
        own = {"grad_norm": Series(at, np.array([3 * told + 0.1 * rng.random()]))}
        yield replace(
            snapshot, scalars={**snapshot.scalars, **scalars, "learning_rate": rate, **own}
        )


def _series(series: Series, value: float, rng: np.random.Generator) -> Series:
    noisy = value * np.exp(0.03 * rng.standard_normal(len(series.values)))
    return Series(series.iterations, np.clip(noisy, 0.0, None))
