"""The run directory while it is recorded into: begun or resumed, written to, and closed."""

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from deeptracker.errors import LogError, RecordingError
from deeptracker.format import (
    LEDGERS,
    MANIFEST,
    PROBES,
    SNAPSHOTS,
    VERSION,
    Contents,
    Event,
    Failure,
    Generation,
    Manifest,
    RunDirectory,
    Snapshot,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from deeptracker.generations import Values, kept_scalars, set_aside
from deeptracker.remarks import Remarks
from deeptracker.run_identity import check_same_training, own_run
from deeptracker.run_place import Place
from deeptracker.scalar_journal import ScalarJournal
from deeptracker.thumbnails import write_contact_sheets

MOST_EVENTS = 10_000
# How often the manifest follows remarks and events, which are on a page within that time.
_NEWS_SECONDS = 15.0


class RunWriter:
    """Writes snapshots, scalars and the manifest; a full disk loses them, never the training.

    `last_iteration` is that of the last snapshot that was there already, 0 for a new run;
    `restored` holds scalars of a resumed run that stand in no snapshot of it.
    """

    def __init__(self, place: Place, manifest: Manifest) -> None:
        self.path = place.path
        self.manifest = manifest
        self.remarks = Remarks(manifest.remarks)
        self.last_iteration = 0
        self.restored: Values = {}
        self._lock = place.lock
        self._writing = threading.RLock()
        self._written_at = time.monotonic()
        # Something that the manifest on disk does not say yet.
        self._news = False
        self.journal = ScalarJournal(self.path, self._scalars_lost)

    @classmethod
    def begin(cls, place: Place, manifest: Manifest, *, start_iteration: int | None) -> "RunWriter":
        """Begin a new run in a folder that is held, or resume the run that is in it.

        A resumed run keeps what its manifest says; `manifest` must be of the same network and
        validation set, else ForeignRunDirectory or ValidationSetChanged. What was recorded after
        `start_iteration` (None: after the last snapshot) is set aside.
        """
        writer = cls(place, manifest)
        try:
            if place.old is not None:
                writer._resume(place.old, start_iteration)
            else:
                began = Generation(start_iteration or 0, manifest.created_at)
                writer.manifest = replace(manifest, generations=(began,))
            writer.write_manifest()
            (place.path / SNAPSHOTS).mkdir(exist_ok=True)
            for folder in (SNAPSHOTS, LEDGERS, PROBES):
                for torn in (place.path / folder).glob(".*.partial"):
                    torn.unlink()
        except OSError as error:
            raise RecordingError(
                f"{place.path}: cannot be written ({error.strerror}); choose another run directory"
            ) from error
        place.lock.on_beat = writer.beat
        return writer

    def _resume(self, old: Manifest, start_iteration: int | None) -> None:
        check_same_training(self.path, old, self.manifest)
        iterations = RunDirectory(self.path).iterations()
        start = start_iteration
        if start is None:
            start = iterations[-1] if iterations else 0
        self.last_iteration = start
        before = old.generations or (Generation(0, old.created_at),)
        mine = own_run(self.path, old)
        self.restored = kept_scalars(self.path, old, until=start)
        set_aside(self.path, replace(old, generations=before), after=start)
        self.remarks = Remarks(old.remarks)
        if self.manifest.hyperparameters != old.hyperparameters:
            self.remarks.add(
                "resume",
                "hyperparameters",
                f"{self.path}: hyperparameters changed; the first ones stay recorded",
                iteration=start,
            )
        self.manifest = replace(
            mine,
            state="recording",
            ended_at=None,
            failure=None,
            unrecorded=self.manifest.unrecorded,
            graph=self.manifest.graph or old.graph,
            generations=(*before, Generation(start, time.time())),
            contents=self.manifest.contents if old.version == 1 else old.contents,
            version=VERSION,
        )
        for iteration in sorted({at for values in self.restored.values() for at in values}):
            row = {n: v[iteration] for n, v in self.restored.items() if iteration in v}
            self.journal.add(iteration, row)

    def write_thumbnails(self, pictures: list[Tensor]) -> None:
        """Write the contact sheets and say in the manifest how large a picture of them is."""
        labels = self.manifest.images.class_id
        try:
            size = write_contact_sheets(self.path, pictures, labels)
            has = self.manifest.contents
            contents = replace(has, capabilities=(*has.capabilities, "thumbnails"))
            self.manifest = replace(self.manifest, thumbnail=size, contents=contents)
            self.write_manifest()
        except OSError as error:
            raise RecordingError(
                f"{self.path}: thumbnails cannot be written ({error.strerror}); choose another run "
                "directory"
            ) from error

    def write_manifest(self) -> None:
        """Write run.json; OSError where the disk is full."""
        with self._writing:
            self._news = self.remarks.news = False
            self.manifest = replace(self.manifest, remarks=self.remarks.listed())
            self._written_at = time.monotonic()
            try:
                write_manifest(self.path / MANIFEST, self.manifest)
            except OSError:
                self._news = True
                raise

    def beat(self) -> None:
        """Bring the manifest up to date where there is news; called by the lock's thread."""
        if time.monotonic() - self._written_at >= _NEWS_SECONDS:
            self._tell_news()

    def _tell_news(self) -> None:
        if (self._news or self.remarks.news) and self._lock.held():
            with contextlib.suppress(OSError, LogError):
                self.write_manifest()

    @property
    def generation(self) -> int:
        """Return the number of the generation that is being recorded."""
        return len(self.manifest.generations) - 1

    def add_event(self, event: Event) -> bool:
        """Keep a mark; False where there are too many."""
        if len(self.manifest.events) >= MOST_EVENTS:
            return False
        with self._writing:
            events = sorted((*self.manifest.events, event), key=lambda e: (e.iteration, e.at))
            self.manifest = replace(self.manifest, events=tuple(events))
            self._news = True
        return True

    def write(self, snapshot: Snapshot) -> bool:
        """Write a snapshot and say whether it is on disk; False: it is lost and was counted."""
        path = snapshot_path(self.path, snapshot.iteration)
        if not self._lock.held():
            self.remarks.add(
                "disk",
                "another writer",
                f"{self.path}: another process records into it now; this one stops recording",
                iteration=snapshot.iteration,
            )
            return False
        try:
            write_snapshot(path, self.manifest, snapshot)
        except (OSError, LogError) as error:
            self._lose(path, snapshot.iteration, error)
            return False
        self.journal.restart()
        self._tell_news()
        return True

    def add_capability(self, name: str) -> None:
        """Say in the manifest that the run has something, which showed only in its course."""
        has = self.manifest.contents
        if name not in has.capabilities:
            with self._writing:
                contents = replace(has, capabilities=(*has.capabilities, name))
                self.manifest = replace(self.manifest, contents=contents)
                self._news = True

    @property
    def holds(self) -> bool:
        """Say whether this process may write into the folder."""
        return self._lock.held()

    @property
    def lost_to_another(self) -> bool:
        """Say whether another process has taken the folder over."""
        return self._lock.lost

    def _lose(self, path: Path, iteration: int, error: OSError | LogError) -> None:
        with self._writing:
            lost = self.manifest.lost_snapshots + 1
            self.manifest = replace(self.manifest, lost_snapshots=lost)
            self._news = True
        why = error.strerror if isinstance(error, OSError) else error.problem
        self.remarks.add(
            "disk",
            "snapshots",
            f"{path}: snapshot lost ({why}); training goes on, snapshots are recorded again once "
            "there is space, and the manifest counts those lost",
            iteration=iteration,
        )

    def _scalars_lost(self, error: OSError) -> None:
        # Not lost yet: the next snapshot brings them, if there comes one.
        self._news = True

    def close(self, state: str, *, failure: Failure | None = None) -> None:
        """Write the final state and give the folder back; on a full disk, warn."""
        self.journal.close()
        if self._lock.held():
            self.manifest = replace(
                self.manifest, state=state, ended_at=time.time(), failure=failure
            )
            try:
                self.write_manifest()
            except (OSError, LogError) as error:
                why = error.strerror if isinstance(error, OSError) else error.problem
                self.remarks.add(
                    "disk",
                    MANIFEST,
                    f"{self.path / MANIFEST}: could not be closed ({why}); "
                    f"{self.manifest.lost_snapshots} snapshots were lost",
                    iteration=0,
                )
        self._lock.release()


def contents_of(capabilities: Mapping[str, bool]) -> Contents:
    """Return what the snapshots of a Recorder hold, with the capabilities that are on."""
    return Contents(capabilities=tuple(name for name, on in capabilities.items() if on))
