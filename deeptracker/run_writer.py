"""The run directory while it is recorded into: begun or resumed, written to, and closed."""

import contextlib
import logging
import time
import warnings
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from deeptracker.errors import ForeignRunDirectory, LogError, RecordingError
from deeptracker.format import (
    MANIFEST,
    SNAPSHOTS,
    LayerSpec,
    Manifest,
    RunDirectory,
    Snapshot,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from deeptracker.thumbnails import write_contact_sheets
from deeptracker.validation import check_count, check_digest, check_same_labels

log = logging.getLogger("deeptracker")


class RunWriter:
    """Writes snapshots; a full disk loses snapshots, never the training.

    `last_iteration` is that of the last snapshot that was there already, 0 for a new run.
    """

    def __init__(self, run_dir: Path, manifest: Manifest) -> None:
        self.path = run_dir
        self.manifest = manifest
        self.last_iteration = 0
        self._reported = False
        # Lost snapshots that the manifest on disk does not count yet.
        self._uncounted = False

    @classmethod
    def begin(cls, run_dir: Path, manifest: Manifest) -> "RunWriter":
        """Take an empty or absent directory for a new run, or resume the run that is in it.

        A resumed run keeps what its manifest says; `manifest` must be of the same network and
        validation set, else ForeignRunDirectory or ValidationSetChanged.
        """
        writer = cls(run_dir, manifest)
        if (run_dir / MANIFEST).exists():
            writer._resume()
        else:
            _refuse_foreign(run_dir)
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            writer.write_manifest()
            (run_dir / SNAPSHOTS).mkdir(exist_ok=True)
            for torn in (run_dir / SNAPSHOTS).glob(".*.partial"):
                torn.unlink()
        except OSError as error:
            raise RecordingError(
                f"{run_dir}: cannot be written ({error.strerror}); choose another run directory"
            ) from error
        return writer

    def _resume(self) -> None:
        directory = RunDirectory(self.path)
        try:
            old = directory.manifest()
            iterations = directory.iterations()
        except LogError as error:
            raise ForeignRunDirectory(f"{error}; choose another run directory") from error
        _check_same_layers(self.path, old.layers, self.manifest.layers)
        check_count(len(self.manifest.images.class_id), len(old.images.class_id))
        check_same_labels(self.manifest.images.class_id, old.images.class_id)
        check_digest(self.manifest.images.digest, old.images.digest)
        if len(self.manifest.classes) != len(old.classes):
            raise ForeignRunDirectory(
                f"{self.path}: its run has {len(old.classes)} classes, this one "
                f"{len(self.manifest.classes)}; choose another run directory"
            )
        if self.manifest.hyperparameters != old.hyperparameters:
            log.warning("%s: hyperparameters changed; the first ones stay recorded", self.path)
        self.last_iteration = iterations[-1] if iterations else 0
        self.manifest = replace(old, state="recording", ended_at=None)

    def write_thumbnails(self, pictures: list[Tensor]) -> None:
        """Write the contact sheets and say in the manifest how large a picture of them is."""
        labels = self.manifest.images.class_id
        try:
            size = write_contact_sheets(self.path, pictures, labels)
            self.manifest = replace(self.manifest, thumbnail=size)
            self.write_manifest()
        except OSError as error:
            raise RecordingError(
                f"{self.path}: thumbnails cannot be written ({error.strerror})"
            ) from error

    def write_manifest(self) -> None:
        """Write run.json; OSError where the disk is full."""
        write_manifest(self.path / MANIFEST, self.manifest)

    def write(self, snapshot: Snapshot) -> bool:
        """Write a snapshot and say whether it is on disk; False: it is lost and was counted."""
        path = snapshot_path(self.path, snapshot.iteration)
        try:
            write_snapshot(path, self.manifest, snapshot)
        except OSError as error:
            self._lose(path, error)
            return False
        if self._uncounted:
            with contextlib.suppress(OSError):
                self.write_manifest()
                self._uncounted = False
        return True

    def _lose(self, path: Path, error: OSError) -> None:
        lost = self.manifest.lost_snapshots + 1
        self.manifest = replace(self.manifest, lost_snapshots=lost)
        self._uncounted = True
        if not self._reported:
            self._reported = True
            text = (
                f"{path}: snapshot lost ({error.strerror}); training goes on, snapshots are "
                "recorded again once there is space, and the manifest counts those lost"
            )
            log.warning(text)
            warnings.warn(text, RuntimeWarning, stacklevel=4)

    def close(self, state: str) -> None:
        """Write the final state; on a full disk, warn."""
        self.manifest = replace(self.manifest, state=state, ended_at=time.time())
        try:
            self.write_manifest()
        except OSError as error:
            warnings.warn(
                f"{self.path / MANIFEST}: could not be closed ({error.strerror}); "
                f"{self.manifest.lost_snapshots} snapshots were lost",
                RuntimeWarning,
                stacklevel=3,
            )


def _refuse_foreign(run_dir: Path) -> None:
    if run_dir.exists() and not run_dir.is_dir():
        raise ForeignRunDirectory(f"{run_dir}: is a file; choose another run directory")
    # A crash while the manifest is written for the first time leaves such a file.
    torn = f".{MANIFEST}."
    if run_dir.is_dir() and any(not entry.name.startswith(torn) for entry in run_dir.iterdir()):
        raise ForeignRunDirectory(
            f"{run_dir}: holds files but no {MANIFEST}, so it is no run; choose another directory"
        )


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
