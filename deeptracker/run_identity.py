"""Whose folder a run directory is: new, a run that goes on, a copy, or somebody else's."""

import os
import uuid
import warnings
from dataclasses import replace
from pathlib import Path

from deeptracker.errors import ForeignRunDirectory, LogError, RecordingError
from deeptracker.format import LOCK, MANIFEST, Contents, LayerSpec, Manifest, RunDirectory
from deeptracker.validation_labels import check_count, check_digest, check_same_labels

_MOST_BESIDE = 10_000


def refuse_foreign(run_dir: Path) -> None:
    """Raise ForeignRunDirectory where files stand there that are no run's."""
    if run_dir.exists() and not run_dir.is_dir():
        raise ForeignRunDirectory(f"{run_dir}: is a file; choose another run directory")
    # A crash before the manifest is written for the first time leaves such files.
    own = (f".{MANIFEST}.", LOCK, f".{LOCK}.")
    if run_dir.is_dir() and any(not entry.name.startswith(own) for entry in run_dir.iterdir()):
        raise ForeignRunDirectory(
            f"{run_dir}: holds files but no {MANIFEST}, so it is not a run directory; "
            "choose another directory"
        )


def old_manifest(run_dir: Path) -> Manifest:
    """Return the manifest in a folder; ForeignRunDirectory where it cannot be gone on with."""
    try:
        return RunDirectory(run_dir).manifest()
    except LogError as error:
        raise ForeignRunDirectory(f"{error}; choose another run directory") from error


def beside(run_dir: Path) -> Path:
    """Return the first free folder beside one that holds a run: its name with -2, -3, ..."""
    for number in range(2, _MOST_BESIDE):
        found = run_dir.with_name(f"{run_dir.name}-{number}")
        if not os.path.lexists(found):
            return found
    raise RecordingError(f"{run_dir}: holds a run, and so do all folders beside it")


def tell_of_another_folder(run_dir: Path, chosen: Path, why: str) -> None:
    """Warn that a run directory was refused, and where the training is recorded instead."""
    warnings.warn(
        f"{run_dir} {why}; this training is recorded into {chosen} instead. To go on with the run "
        "in that folder pass resume=True (after its last snapshot) or start_iteration= (that of "
        "the checkpoint); to start a new run give another run directory",
        RuntimeWarning,
        stacklevel=4,
    )


def check_same_training(run_dir: Path, old: Manifest, new: Manifest) -> None:
    """Raise where the run in a folder is of another network or validation set than `new`."""
    if old.unknown or (old.version > 1 and old.contents != _with(old, Contents())):
        raise ForeignRunDirectory(
            f"{run_dir}: was recorded by another version of DeepTracker ("
            f"{', '.join(old.unknown[:3]) or 'it holds other statistics'}); choose another run "
            "directory"
        )
    _check_same_layers(run_dir, old.layers, new.layers)
    check_count(len(new.images.class_id), len(old.images.class_id))
    check_same_labels(new.images.class_id, old.images.class_id)
    check_digest(new.images.digest, old.images.digest)
    if len(new.classes) != len(old.classes):
        raise ForeignRunDirectory(
            f"{run_dir}: its run has {len(old.classes)} classes, this one {len(new.classes)}; "
            "choose another run directory"
        )


def _with(old: Manifest, contents: Contents) -> Contents:
    return replace(contents, capabilities=old.contents.capabilities)


def _check_same_layers(
    run_dir: Path, old: tuple[LayerSpec, ...], new: tuple[LayerSpec, ...]
) -> None:
    for before, now in zip(old, new, strict=False):
        if before != now:
            raise ForeignRunDirectory(
                f"{run_dir}: its run has layer {before.name!r} ({before.kind}, {before.filters} "
                f"filters) where this model has {now.name!r} ({now.kind}, {now.filters} filters); "
                "choose another run directory"
            )
    if len(old) != len(new):
        raise ForeignRunDirectory(
            f"{run_dir}: its run has {len(old)} layers, this model {len(new)}; "
            "choose another run directory"
        )


def own_run(run_dir: Path, old: Manifest) -> Manifest:
    """Return the manifest of the run that goes on in a folder: of a copy, that of a new run.

    A copy is told by the original, which still stands where the manifest says it was begun. A
    folder that was moved keeps its run.
    """
    here = place_of(run_dir)
    if not old.place or old.place == here:
        return replace(old, place=here)
    original = Path(old.place)
    try:
        if os.path.samefile(original, run_dir):
            return old
        copied = RunDirectory(original).manifest().run in (old.run, *old.ancestors)
    except (OSError, LogError):
        copied = False
    if not copied:
        return replace(old, place=here)
    return replace(
        old,
        run=uuid.uuid4().hex,
        parent=old.run,
        ancestors=(*old.ancestors, old.run),
        name=run_dir.resolve().name,
        place=here,
    )


def place_of(run_dir: Path) -> str:
    """Return where a folder is, as the manifest keeps it; "" for a place that it cannot name."""
    here = str(run_dir.resolve())
    return here if len(here) <= 2_000 and here.isprintable() else ""
