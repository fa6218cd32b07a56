"""A run that goes back to a checkpoint: what was recorded after it is set aside, not mixed in."""

import contextlib
import math
import os
from dataclasses import replace
from pathlib import Path

from deeptracker.errors import LogError
from deeptracker.format import (
    ABANDONED,
    LEDGERS,
    MANIFEST,
    PROBES,
    SCALARS,
    SNAPSHOTS,
    Manifest,
    RunDirectory,
    Series,
    ledger_path,
    probe_path,
    read_tail,
    snapshot_path,
    write_manifest,
)

Values = dict[str, dict[int, float]]


def kept_scalars(run_dir: Path, manifest: Manifest, *, until: int) -> Values:
    """Return the scalars up to an iteration that will stand in no snapshot of the run any more.

    They are those since the last snapshot that stays: in the first one that goes, and in the tail.
    """
    directory = RunDirectory(run_dir)
    stays = max((i for i in directory.iterations() if i <= until), default=-1)
    found: Values = {}
    try:
        for iteration in directory.iterations():
            if iteration > until:
                snapshot = directory.snapshot(manifest, iteration, tail=False)
                _add(found, snapshot.scalars)
                break
        tail = read_tail(run_dir)
    except LogError:
        tail = {}
    for name, values in tail.items():
        found.setdefault(name, {}).update(values)
    return {
        name: {at: value for at, value in sorted(values.items()) if stays <= at <= until}
        for name, values in found.items()
    }


def epochs_until(run_dir: Path, manifest: Manifest, start: int | None) -> tuple[int, float] | None:
    """Return the iteration after which a run goes on, and the epochs that it has had by then.

    `start`: that iteration; None: the last snapshot's. Epochs are told by the snapshots until then,
    since those of an earlier generation may have had other lengths. None where they are not known.
    """
    directory, each = RunDirectory(run_dir), manifest.sampling.iterations_per_epoch
    found = [i for i in directory.iterations() if start is None or i <= start]
    if not found:
        return (start, start / each) if start and each else None
    try:
        epochs = [directory.snapshot(manifest, i, tail=False).epoch for i in found[-2:]]
    except LogError:
        return None
    if len(epochs) > 1 and epochs[1] > epochs[0]:
        pace = (epochs[1] - epochs[0]) / (found[-1] - found[-2])
    elif each:
        pace = 1 / each
    else:
        return None
    start = found[-1] if start is None else start
    reached = epochs[-1] + (start - found[-1]) * pace
    return (start, reached) if math.isfinite(reached) else None


def _add(found: Values, scalars: "dict[str, Series] | object") -> None:
    assert isinstance(scalars, dict)
    for name, series in scalars.items():
        pairs = zip(series.iterations.tolist(), series.values.tolist(), strict=True)
        found.setdefault(name, {}).update(pairs)


def set_aside(run_dir: Path, manifest: Manifest, *, after: int) -> Path | None:
    """Move what was recorded after an iteration, and the tail, into a log of its own; None: none.

    It stands in abandoned/ under the number of its generation and can be read like any other.
    Raises OSError where the folder cannot be written.
    """
    directory, tail = RunDirectory(run_dir), run_dir / SCALARS
    gone = [i for i in directory.iterations() if i > after]
    beside = [
        (folder, path, [i for i in there if i > after])
        for folder, path, there in (
            (LEDGERS, ledger_path, directory.ledger_iterations()),
            (PROBES, probe_path, directory.probe_iterations()),
        )
    ]
    if not gone and not any(later for *_, later in beside) and not os.path.lexists(tail):
        return None
    number = len(manifest.generations)
    aside = run_dir / ABANDONED / f"{number:03d}"
    while aside.exists():
        number += 1
        aside = run_dir / ABANDONED / f"{number:03d}"
    (aside / SNAPSHOTS).mkdir(parents=True)
    write_manifest(aside / MANIFEST, replace(manifest, state="stopped"))
    # The last first: a crash in between leaves a run without its end, never one with a hole.
    for iteration in reversed(gone):
        snapshot_path(run_dir, iteration).rename(snapshot_path(aside, iteration))
    for folder, path, later in beside:
        if later:
            (aside / folder).mkdir()
        for iteration in later:
            path(run_dir, iteration).rename(path(aside, iteration))
    with contextlib.suppress(FileNotFoundError):
        tail.rename(aside / SCALARS)
    return aside
