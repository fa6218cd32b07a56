"""What other tools left in a folder or a file as a source: it is read as if it had been recorded.

Several kinds in one folder are one run: checkpoints make its layers, at whose iterations it then
has snapshots; scalars, settings and predictions come from the files beside them.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from deeptracker.conversion.checkpoints.finding import (
    Checkpoint,
    find_checkpoints,
    nothing_numbered,
)
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.course import Course, course_of
from deeptracker.conversion.readers.known import find_readers
from deeptracker.conversion.scalar_run import manifest_of, origin_of
from deeptracker.errors import LogError
from deeptracker.format import Ledger, Manifest, Probe, Sampling, Snapshot
from ingest.locations import Place, check_inside
from ingest.sources import OnBad
from ingest.sources.run_directory import RunDirectorySource
from ingest.sources.scalars import QUIET_SECONDS, ScalarsSource, only_run, run_uuid
from ingest.sources.weights import WeightsProcess, can_read_checkpoints

# Checkpoints are listed every so often.
_LOOK_SECONDS = 1.0
_NO_TORCH = (
    "a checkpoint: this worker has no PyTorch to read it with. Install deeptracker[record] for the "
    "worker, or run `deeptracker convert` where the training ran and load what that writes"
)

Files = tuple[tuple[str, int, int], ...]


class ConvertedSource:
    """A run of what a place holds; see ScalarsSource for the parameters."""

    def __init__(
        self,
        path: Path,
        *,
        location: str,
        run: str | None = None,
        roots: Sequence[Place] | None = None,
        live: bool = False,
    ) -> None:
        self.path, self.location = path, location
        self._roots, self._live = roots, live
        self._may_have_checkpoints = run is None
        self._scalars = ScalarsSource(path, location=location, run=run, roots=roots, live=live)
        self.poll_seconds = self._scalars.poll_seconds
        self._weights: WeightsProcess | None = None
        self._directory: RunDirectorySource | None = None
        self._listed: tuple[Checkpoint, ...] = ()
        self._nameless: tuple[Path, ...] = ()
        self._files: Files = ()
        self._asked: Files = ()
        self._next = 0.0
        self._found: tuple[object, Manifest] | None = None
        self._recorded: Manifest | None = None
        self._course: Course | None = None
        self._seen: dict[int, tuple[object, ...]] = {}
        self._told: set[str] = set()
        self._again: frozenset[int] = frozenset()

    def manifest(self) -> Manifest | None:
        """Return what the run is, None where nothing is recognised; LogError if all is unusable.

        None as well where all of it was taken away.
        """
        if not os.path.lexists(self.path):
            return None
        self._look()
        if self._weights is None:
            return self._without_weights()
        self._weights.busy_now()
        recorded = None if self._directory is None else self._directory.manifest()
        if recorded is not None:
            return self._joined(recorded)
        if self.busy():
            return None
        found = self._scalars.manifest()
        if found is None and self._weights.bad:
            raise self._weights.bad[0]
        if found is None and self._nameless:
            raise LogError(self.path, "", nothing_numbered(self._nameless))
        return found

    def _without_weights(self) -> Manifest | None:
        found = self._scalars.manifest()
        number = len(self._listed) + len(self._nameless)
        if not number:
            return found
        if found is None:
            raise LogError(self.path, "", f"holds {_NO_TORCH}")
        origin = found.origin
        if origin is None or any(one.reason == _NO_TORCH for one in origin.dropped):
            return found
        if self._found is None or self._found[0] is not found:
            collected = self._scalars.collected
            dropped = {one.reason: one.times for one in origin.dropped}
            dropped[_NO_TORCH] = number
            told = origin_of(collected, dropped, path=self.location, notes=origin.notes)
            self._found = (found, replace(found, origin=told))
        return self._found[1]

    def _look(self) -> None:
        """List the checkpoints; have those converted that came, once they are written whole."""
        if not self._may_have_checkpoints or not self.path.is_dir():
            return
        if time.monotonic() < self._next or (self._asked and not self._live):
            return
        self._next = time.monotonic() + _LOOK_SECONDS
        found = find_checkpoints(self.path)
        self._listed = found.checkpoints
        # Of those whose name tells no iteration, the file may.
        self._nameless = found.nameless
        paths = [*(path for one in self._listed for path in one.files), *self._nameless]
        before, self._files = self._files, _files(paths)
        if not self._files or self._files == self._asked or not can_read_checkpoints():
            return
        for name, _, _ in self._files if self._roots is not None else ():
            check_inside(Path(name), roots=self._roots or ())
        if self._weights is None:
            if self._live and self._files != before:
                return  # one that is being written grows yet
            collected = self._read_scalars()
            self._weights = WeightsProcess(
                self.path, self._scalars.table, collected.iterations_per_epoch
            )
            self._directory = RunDirectorySource(self._weights.run_dir)
        elif self._weights.busy or self._files != before:
            return
        self._asked = self._files
        self._weights.look()

    def _read_scalars(self) -> Collected:
        try:
            self._scalars.manifest()
        except LogError:
            return Collected()  # told in its turn
        return self._scalars.collected

    def _joined(self, recorded: Manifest) -> Manifest:
        """Return what the run is, by what was recorded of its weights and by what else is there."""
        assert self._weights is not None
        scalars = self._scalars.manifest() if self._scalars_there() else None
        collected = self._scalars.collected
        remarks = tuple(self._weights.remarks)
        known = (id(recorded), id(scalars), remarks, self.busy(), len(self._files))
        if self._found is not None and self._found[0] == known:
            return self._found[1]
        epochs = bool(self._listed) and self._listed[0].by_epoch
        per_epoch = collected.iterations_per_epoch or (1 if epochs else None)
        course = course_of(collected, per_epoch=per_epoch, layers=False)
        paths = [*(one.files[0] for one in self._listed), *self._nameless]
        changed = [_changed_at(path) for path in paths]
        whole = replace(
            collected,
            kinds=[*collected.kinds, *_kinds(paths)],
            files=[*collected.files, *(_short(path, self.path) for path in paths)],
            hyperparameters=self._weights.settings | collected.hyperparameters,
        )
        notes = (*course.notes, *remarks)
        if epochs and collected.iterations_per_epoch is None:
            notes += ("The checkpoints count epochs: an iteration is an epoch here.",)
        # Checkpoints do not say whether another one comes.
        quiet = time.time() - max(changed, default=0.0) > QUIET_SECONDS
        over = quiet if scalars is None else scalars.state != "recording"
        going_on = self._live and not over
        base = manifest_of(
            whole,
            replace(course, notes=notes),
            run=run_uuid(self.location),
            name=self.path.name,
            path=self.location,
            created_at=min(changed, default=0.0),
            ended_at=None if going_on else max(changed, default=None),
            state="recording" if going_on else "complete",
        )
        found = replace(
            recorded,
            **{
                name: getattr(base, name)
                for name in (
                    "run", "name", "created_at", "ended_at", "state", "hyperparameters", "events",
                    "generations", "place", "origin",
                )
            },
            sampling=Sampling(iterations_per_epoch=base.sampling.iterations_per_epoch),
            contents=replace(
                recorded.contents,
                capabilities=(
                    *(("scalars",) if course.series else ()),
                    *recorded.contents.capabilities,
                ),
            ),
        )  # fmt: skip
        self._recorded, self._course, self._found = recorded, course, (known, found)
        return found

    def _scalars_there(self) -> bool:
        try:
            return self._scalars.manifest() is not None
        except LogError:
            return False

    def busy(self) -> bool:
        """Return whether checkpoints that are there are being converted."""
        return self._weights is not None and self._weights.busy

    def close(self) -> None:
        """End the process that converts checkpoints, and delete what it made."""
        if self._weights is not None:
            self._weights.close()

    def _cut(self) -> Course | None:
        """Return the course with a snapshot for each checkpoint that was converted."""
        if self._recorded is None or self._directory is None or self._course is None:
            return None
        # What is logged after a checkpoint that is not the last one comes with the next.
        return self._course.at(self._directory.iterations(), rest=not self.busy())

    def changed(self) -> list[int]:
        """Return the iterations whose snapshot was not read yet in its present form, rising."""
        cut = self._cut()
        if cut is None:
            return self._scalars.changed()
        stamps = {at: _stamp(cut, place) for place, at in enumerate(cut.iterations)}
        found = [at for at, stamp in stamps.items() if self._seen.get(at) != stamp]
        # The last one comes again with what was logged after it.
        self._again = frozenset(found) & frozenset(cut.iterations[-1:]) & self._seen.keys()
        return found

    def again(self) -> frozenset[int]:
        """Return the last snapshot, where scalars after it came."""
        return self._again

    def moved(self, stored: Iterable[int]) -> list[int]:
        """Return which stored snapshots have their values in a later one now."""
        return [] if self._recorded is not None else self._scalars.moved(stored)

    def size(self, iteration: int) -> int:
        """Return about how many bytes a snapshot has."""
        if self._directory is None or self._recorded is None:
            return self._scalars.size(iteration)
        return self._directory.size(iteration)

    def snapshots(
        self, manifest: Manifest, iterations: Sequence[int], *, on_bad: OnBad
    ) -> Iterator[Snapshot]:
        """Yield the checked snapshots; one that cannot be used goes to `on_bad` instead."""
        cut, recorded, directory = self._cut(), self._recorded, self._directory
        if cut is None or recorded is None or directory is None:
            yield from self._scalars.snapshots(manifest, iterations, on_bad=on_bad)
            return
        places = {at: place for place, at in enumerate(cut.iterations)}
        for found in directory.snapshots(recorded, iterations, on_bad=on_bad):
            at = found.iteration
            self._seen[at] = _stamp(cut, places[at])
            yield replace(
                found,
                epoch=cut.epoch(at),
                recorded_at=cut.time(at),
                scalars=cut.scalars(places[at]),
                generation=0,
            )

    def contact_sheets(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[tuple[int, bytes]]:
        """Tell of the files that cannot be used; there are no pictures."""
        self._scalars.tell(on_bad)
        for error in () if self._weights is None else self._weights.bad:
            if str(error) not in self._told:
                self._told.add(str(error))
                on_bad(error)
        return iter(())

    def ledgers(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Ledger]:
        """Return nothing: no other tool writes batch ledgers."""
        return iter(())

    def probes(self, manifest: Manifest, *, on_bad: OnBad) -> Iterator[Probe]:
        """Return nothing: no other tool writes probes."""
        return iter(())


def anything_at(path: Path) -> bool:
    """Return whether files of other tools are at a place, by what they are called and contain."""
    if not path.exists():
        return False
    if path.is_dir():
        found = find_checkpoints(path)
        if found.checkpoints or found.nameless:
            return True
    return bool(find_readers(path, only_run(path)))


def _files(paths: Sequence[Path]) -> Files:
    found = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(found)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def _kinds(paths: Sequence[Path]) -> list[str]:
    suffixes = dict.fromkeys(path.suffix or "folders" for path in paths)
    return [f"checkpoints ({', '.join(suffixes)})"] if suffixes else []


def _short(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder)


def _stamp(course: Course, place: int) -> tuple[object, ...]:
    at = course.iterations[place]
    scalars = course.scalars(place)
    return (
        repr((course.epoch(at), course.time(at))),
        *((name, hash(one.iterations.tobytes()), hash(one.values.tobytes()))
          for name, one in scalars.items()),
    )  # fmt: skip
