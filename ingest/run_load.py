"""One run being loaded: decides what is new, and writes batches in order or out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db import load
from db.load_history import last_series
from db.load_ledger import drop_abandoned_ledgers, save_ledger
from db.load_probe import drop_abandoned_probes, save_probe
from db.load_results import join_results
from db.load_summary import add_to_summary, summarise
from db.measured_rows import Array, Shape, SnapshotRow
from db.partitions import keep_in_pages
from deeptracker.format import SERIES, Ledger, Manifest, Probe
from ingest.analysis.flips import FlipFinder, FlipState, Step, no_flips
from ingest.prepare import Prepared, former_digest
from ingest.reading import BATCH_SNAPSHOTS, together
from ingest.replay import replay


@dataclass(frozen=True)
class Outcome:
    """Iterations of a batch by what happened to them."""

    new: tuple[int, ...]
    replaced: tuple[int, ...]
    unchanged: int


@dataclass(frozen=True)
class Followed:
    """The rows of a batch that comes after all others, and where the search for flips then stands.

    They are known before the batch is written, and before those ahead of it are.
    """

    rows: list[SnapshotRow]
    state: FlipState | None


class RunLoad:
    """Where the load of one run stands, which one process alone loads (see sole_loader)."""

    def __init__(self, connection: Connection, manifest: Manifest, *, run_id: int) -> None:
        self._connection, self._manifest = connection, manifest
        self.run_id = run_id
        self.shape = Shape(manifest)
        with load.batch(connection) as session:
            self._take_stock(session)

    def _take_stock(self, session: Session) -> None:
        """Read where the stored run stands."""
        found = load.stored(session, run_id=self.run_id)
        self._last = last_series(session, run_id=self.run_id)
        self._digests = dict(found.digests)
        state = None
        if found.correct is not None and found.length is not None:
            state = FlipState(found.correct, found.length)
        self._finder = FlipFinder(state)
        # How many snapshots a batch has, and whether any came in smaller ones.
        self._together, self._apart = BATCH_SNAPSHOTS, False

    @property
    def iterations(self) -> list[int]:
        """Return the iterations that the store has, rising."""
        return sorted(self._digests)

    def has_grown(self, manifest: Manifest) -> bool:
        """Say whether the run had scalars alone, and has layers or images now."""
        mine = self._manifest
        bare = not (mine.layers or len(mine.images.class_id))
        return bare and bool(manifest.layers or len(manifest.images.class_id))

    def update_run(self, manifest: Manifest, *, location: str) -> None:
        """Bring state, end and the like of the stored run up to date where the manifest changed."""
        if manifest is self._manifest:
            return
        self._manifest = manifest
        with load.batch(self._connection) as session:
            load.create_run(session, manifest, location=location)

    def drop_abandoned(self, manifest: Manifest) -> int:
        """Remove what a later generation of the run replaced; return how many snapshots."""
        seams = [(g.start_iteration, g.began_at) for g in manifest.generations[1:]]
        if not seams:
            return 0
        with load.batch(self._connection) as session:
            drop_abandoned_ledgers(session, run_id=self.run_id, seams=seams)
            drop_abandoned_probes(session, run_id=self.run_id, seams=seams)
            gone = load.abandoned(session, run_id=self.run_id, seams=seams)
            self._remove(session, gone)
        return len(gone)

    def drop(self, iterations: Sequence[int]) -> None:
        """Remove snapshots that are none any more."""
        if iterations:
            with load.batch(self._connection) as session:
                self._remove(session, iterations)

    def _remove(self, session: Session, gone: Sequence[int]) -> None:
        if not gone:
            return
        load.remove_snapshots(session, run_id=self.run_id, iterations=gone)
        summarise(session, run_id=self.run_id)
        self._digests = {i: d for i, d in self._digests.items() if i not in gone}
        if self._digests:
            self._replay(session, since=min(gone))
        else:
            self._finder, self._last = FlipFinder(), dict.fromkeys(SERIES, float("nan"))
            load.forget_flip_state(session, run_id=self.run_id)
        self._end(session, self._finder.state, last=max(self._digests, default=-1))

    def follow(self, batch: Sequence[Prepared]) -> Followed:
        """Return the rows of a batch that comes after all that are stored or were followed.

        Who does so before he writes does so with every batch, in their order.
        """
        rows = [self._row(prepared, self._step(prepared)) for prepared in batch]
        return Followed(rows, self._finder.state)

    def write(
        self,
        batch: Sequence[Prepared],
        *,
        durable: bool = True,
        followed: Followed | None = None,
    ) -> Outcome:
        """Write what is new of a batch, rising by iteration, in one transaction.

        `durable` as of load.batch.
        """
        changed = [p for p in batch if not self._has(p)]
        iterations = [p.snapshot.iteration for p in changed]
        replaced = tuple(i for i in iterations if i in self._digests)
        new = tuple(i for i in iterations if i not in replaced)
        outcome = Outcome(new, replaced, len(batch) - len(changed))
        if not changed:
            return outcome
        with load.batch(self._connection, durable=durable) as session:
            if iterations[0] > max(self._digests, default=-1):
                self._append(session, followed or self.follow(changed))
            else:
                self._insert(session, changed, replaced)
        before = len(self._digests)
        self._digests |= {p.snapshot.iteration: p.digest for p in changed}
        self._together = together(changed[-1].snapshot.nbytes)
        self._apart |= len(changed) < self._together
        if self._apart:
            self._join(before // self._together, len(self._digests) // self._together)
        return outcome

    def join_results(self) -> None:
        """Join the results of images of snapshots that came one by one, as one load has them."""
        if self._apart:
            self._join(0, -(-len(self._digests) // self._together))
            self._apart = False

    def _join(self, first: int, end: int) -> None:
        """Join the results of the batches from `first` on up to `end`.

        Not with the snapshot that completes one: who waits to see it need not wait for this.
        """
        iterations = self.iterations
        for number in range(first, end):
            part = iterations[number * self._together :][: self._together]
            with load.batch(self._connection) as session:
                join_results(session, run_id=self.run_id, first=part[0], last=part[-1])

    def _has(self, prepared: Prepared) -> bool:
        """Return whether the store has this very snapshot."""
        stored = self._digests.get(prepared.snapshot.iteration)
        if stored is None or stored == prepared.digest:
            return stored is not None
        return stored == former_digest(prepared.snapshot)

    def write_contact_sheets(self, sheets: dict[int, bytes]) -> None:
        """Store contact sheets by class where they differ from the stored ones."""
        if sheets:
            with load.batch(self._connection) as session:
                load.save_contact_sheets(session, run_id=self.run_id, sheets=sheets)

    def write_ledger(self, ledger: Ledger) -> None:
        """Store the batch ledger of an iteration where it differs from the stored one."""
        with load.batch(self._connection) as session:
            save_ledger(session, run_id=self.run_id, ledger=ledger)

    def write_probe(self, probe: Probe) -> None:
        """Store the probes of an iteration where they differ from the stored ones."""
        with load.batch(self._connection) as session:
            save_probe(session, run_id=self.run_id, probe=probe)

    def _save(self, session: Session, rows: list[SnapshotRow]) -> None:
        load.save_rows(session, run_id=self.run_id, shape=self.shape, measured=rows, rows=rows)

    def _append(self, session: Session, followed: Followed) -> None:
        """Add snapshots that come after all stored ones."""
        rows = followed.rows
        if not self._digests:
            size = self.shape.result_bytes(len(rows))
            keep_in_pages(session, run_id=self.run_id, table="class_result", size=size)
        self._save(session, rows)
        add_to_summary(session, run_id=self.run_id, rows=rows)
        self._end(session, followed.state, last=rows[-1].snapshot.iteration)

    def _insert(self, session: Session, batch: Sequence[Prepared], replaced: Sequence[int]) -> None:
        """Add snapshots before stored ones or in place of them, and redo what follows them."""
        load.remove_snapshots(session, run_id=self.run_id, iterations=replaced)
        rows = [self._row(prepared, no_flips()) for prepared in batch]
        self._save(session, rows)
        self._replay(session, since=rows[0].snapshot.iteration)
        summarise(session, run_id=self.run_id)
        last = max(rows[-1].snapshot.iteration, *self._digests)
        self._end(session, self._finder.state, last=last)

    def _replay(self, session: Session, *, since: int) -> None:
        """Redo what depends on snapshots before, from an iteration on."""
        state, series = replay(
            session,
            run_id=self.run_id,
            manifest=self._manifest,
            shape=self.shape,
            since=since,
        )
        self._finder, self._last = FlipFinder(state), dict(series)
        if state is None:
            load.forget_flip_state(session, run_id=self.run_id)

    def _end(self, session: Session, state: FlipState | None, *, last: int) -> None:
        """Close a change: the search for flips stands at `state` after the iteration `last`."""
        if state is not None:
            load.save_flip_state(
                session,
                run_id=self.run_id,
                iteration=last,
                correct=state.correct,
                length=state.length,
            )
        load.touch_run(session, run_id=self.run_id)

    def _step(self, prepared: Prepared) -> Step:
        return no_flips() if prepared.correct is None else self._finder.add(prepared.correct)

    def _row(self, prepared: Prepared, step: Step) -> SnapshotRow:
        self._last = {name: prepared.values.get(name, self._last[name]) for name in SERIES}
        return SnapshotRow(
            snapshot=prepared.snapshot,
            prediction=prepared.prediction,
            probability=prepared.probability,
            class_error=prepared.class_error,
            class_no_prediction=prepared.class_no_prediction,
            peaks=_peaks(prepared),
            digest=prepared.digest,
            series=self._last,
            transitions=step.transitions,
            flip_image=step.image,
            flip_before=step.before,
            flip_learned=step.learned,
        )


def _peaks(prepared: Prepared) -> dict[str, tuple[Array, Array, Array]]:
    return {
        name: (peaks.layer_id, peaks.filter, peaks.value) for name, peaks in prepared.peaks.items()
    }
