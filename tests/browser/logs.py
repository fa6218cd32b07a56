"""Logs for the browser tests: parts and variations of a really recorded one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from deeptracker.format import (
    MANIFEST,
    SNAPSHOTS,
    RunDirectory,
    Snapshot,
    snapshot_path,
    write_manifest,
    write_snapshot,
)


class Log:
    """A run of its own with the snapshots of a recorded one, as many as asked for.

    `change` is done to every snapshot; other arguments change the manifest.
    """

    def __init__(
        self,
        path: Path,
        source: Path,
        *,
        change: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot,
        **manifest: Any,
    ) -> None:
        self.path = path
        self.source = RunDirectory(source)
        self.change = change
        self.recorded = self.source.manifest()
        self.manifest = replace(self.recorded, **{"run": uuid4().hex, **manifest})
        (path / SNAPSHOTS).mkdir(parents=True)
        write_manifest(path / MANIFEST, self.manifest)

    def grow(self, snapshots: int) -> None:
        """Write the first `snapshots` snapshots that are not there yet."""
        for iteration in self.source.iterations()[:snapshots]:
            target = snapshot_path(self.path, iteration)
            if not target.exists():
                snapshot = self.change(self.source.snapshot(self.recorded, iteration))
                write_snapshot(target, self.manifest, snapshot)

    def end(self) -> None:
        """Say that the training is over."""
        self.manifest = replace(self.manifest, state="complete")
        write_manifest(self.path / MANIFEST, self.manifest)
