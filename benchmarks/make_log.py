"""Write a synthetic log of the reference scale: ResNet-50, 1,000 classes, 840 snapshots.

`python -m benchmarks.make_log PATH --scale 0.1`. The structure is the real one, the numbers are
made up (and the log says so); they behave like those of a training, so that what reads them has
real work: three learning-rate drops, and unusual iterations at which many stable images flip.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.log_run import (
    BEGUN,
    EVERY,
    SECONDS_PER_SNAPSHOT,
    Network,
    SyntheticRun,
    synthetic_run,
)
from benchmarks.log_thumbnails import write_contact_sheets
from deeptracker.format import (
    MANIFEST,
    SNAPSHOTS,
    RunDirectory,
    snapshot_path,
    write_manifest,
    write_snapshot,
)

__all__ = [
    "SyntheticRun",
    "append_snapshot",
    "begin_log",
    "end_log",
    "synthetic_run",
    "write_log",
    "write_one",
]


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
        for _ in pool.map(
            lambda index: write_one(path, run=run, index=index), range(run.plan.snapshots)
        ):
            pass
    if thumbnails:
        write_contact_sheets(path, run.manifest, seed=seed)
    if state != "recording":
        end_log(path, run=run, state=state)
    return run


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
