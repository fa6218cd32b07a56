"""One run being loaded: decides what is new, and writes batches in order or out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from db import load
from db.load_history import last_series
from db.load_rows import Shape, SnapshotRow
from deeptracker.format import SERIES, Manifest
from ingest.analysis.flips import FlipFinder, FlipState, Step, no_flips
from ingest.prepare import Prepared
from ingest.replay import replay


@dataclass(frozen=True)
class Outcome:
    """Iterations of a batch by what happened to them."""

    new: tuple[int, ...]
    replaced: tuple[int, ...]
    unchanged: int


class RunLoad:
    """Where the load of one run stands. Only one may exist for a run (see sole_loader)."""

    def __init__(
        self, connection: Connection, manifest: Manifest, *, location: str, owner_id: int | None
    ) -> None:
        self._connection = connection
        self._manifest = manifest
        self.shape = Shape(manifest)
        with load.batch(connection) as session:
            self.run_id = load.create_run(session, manifest, location=location, owner_id=owner_id)
            found = load.stored(session, run_id=self.run_id)
            self._last = last_series(session, run_id=self.run_id)
        self._digests = dict(found.digests)
        state = None
        if found.correct is not None and found.length is not None:
            state = FlipState(found.correct, found.length)
        self._finder = FlipFinder(state)

    @property
    def iterations(self) -> list[int]:
        """Return the iterations that the store has, rising."""
        return sorted(self._digests)

    def update_run(self, manifest: Manifest, *, location: str) -> None:
        """Bring state, end and the like of the stored run up to date where the manifest changed."""
        if manifest is self._manifest:
            return
        self._manifest = manifest
        with load.batch(self._connection) as session:
            load.create_run(session, manifest, location=location)

    def write(self, batch: Sequence[Prepared]) -> Outcome:
        """Write what is new of a batch, rising by iteration, in one transaction."""
        changed = [p for p in batch if self._digests.get(p.snapshot.iteration) != p.digest]
        iterations = [p.snapshot.iteration for p in changed]
        replaced = tuple(i for i in iterations if i in self._digests)
        if changed:
            in_order = iterations[0] > max(self._digests, default=-1)
            rows = [self._row(p, self._step(p) if in_order else no_flips()) for p in changed]
            self._store(rows, replaced, in_order=in_order)
        self._digests |= {p.snapshot.iteration: p.digest for p in changed}
        new = tuple(i for i in iterations if i not in replaced)
        return Outcome(new, replaced, len(batch) - len(changed))

    def write_contact_sheets(self, sheets: dict[int, bytes]) -> None:
        """Store contact sheets by class where they differ from the stored ones."""
        if sheets:
            with load.batch(self._connection) as session:
                load.save_contact_sheets(session, run_id=self.run_id, sheets=sheets)

    def _step(self, prepared: Prepared) -> Step:
        return no_flips() if prepared.correct is None else self._finder.add(prepared.correct)

    def _row(self, prepared: Prepared, step: Step) -> SnapshotRow:
        self._last = {name: prepared.values.get(name, self._last[name]) for name in SERIES}
        return SnapshotRow(
            snapshot=prepared.snapshot,
            digest=prepared.digest,
            series=self._last,
            transitions=step.transitions,
            class_error=prepared.class_error,
            flip_image=step.image,
            flip_before=step.before,
            flip_learned=step.learned,
            peaks={
                name: (peaks.layer_id, peaks.filter, peaks.value)
                for name, peaks in prepared.peaks.items()
            },
        )

    def _store(
        self, rows: Sequence[SnapshotRow], replaced: Sequence[int], *, in_order: bool
    ) -> None:
        with load.batch(self._connection) as session:
            load.load_batch(
                session, run_id=self.run_id, shape=self.shape, rows=rows, replaced=replaced
            )
            last = rows[-1].snapshot.iteration
            if not in_order:
                state, series = replay(
                    session,
                    run_id=self.run_id,
                    manifest=self._manifest,
                    shape=self.shape,
                    since=rows[0].snapshot.iteration,
                )
                self._finder, self._last = FlipFinder(state), dict(series)
                last = max(last, *self._digests)
            if self._finder.state is not None:
                load.save_flip_state(
                    session,
                    run_id=self.run_id,
                    iteration=last,
                    correct=self._finder.state.correct,
                    length=self._finder.state.length,
                )
            load.touch_run(session, run_id=self.run_id)
