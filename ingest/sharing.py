"""One large load shared by several workers: who leads it divides it, all take parts of it.

Everybody writes a part in a transaction of his own, nearly all of it at once; what depends on the
snapshots before (flips, carried values) follows when these are visible, so parts become visible
whole and in the order of the log, and a load that is broken off has loaded the log up to a point.
There is nothing to be put right at the end. Who leads takes over what a helper leaves behind, and
does alone what a helper may not decide: files that are missing or bad, and changes of stored rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db import load, load_shares
from db.load_shares import Part
from deeptracker.errors import LogError
from deeptracker.format import Manifest
from ingest.prepare import Prepared
from ingest.reading import preparing, read_ahead
from ingest.run_load import Outcome, RunLoad
from ingest.sources import Source

# A look at a log that finds at least so many batches lets other workers help.
SHARE_BATCHES = 4
# So many parts there are at least where there are helpers, of at least so many snapshots: with few
# large ones, somebody would have nothing to do for long at the end.
_LEAST_PARTS = 24
_LEAST_SNAPSHOTS = 8
# How often somebody who waits for his turn looks, and how often for those who left.
TURN_SECONDS = 0.01
CARE_SECONDS = 1.0


class NotOurs(Exception):  # noqa: N818 - a way out of a transaction
    """The part in hand will not be ours to finish, or not now: roll back."""


@dataclass(frozen=True)
class Sharing:
    """In whose name a load is shared: the job, and the worker that runs it."""

    job_id: int
    worker: str


def finer(parts: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Cut batches into smaller ones where they are few."""
    pieces = -(-_LEAST_PARTS // len(parts))
    cut = []
    for part in parts:
        size = max(_LEAST_SNAPSHOTS, -(-len(part) // pieces))
        cut += [part[at : at + size] for at in range(0, len(part), size)]
    return cut


@dataclass(frozen=True)
class Batch:
    """A part of the load, read and prepared; `bad` are the files that could not be used."""

    part: Part
    found: list[Prepared]
    bad: list[LogError] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Return whether every snapshot of the part is there."""
        return len(self.found) == len(self.part.iterations)


@dataclass(frozen=True)
class Seat:
    """One worker's place at a plan: takes parts, reads them ahead, waits for their turn."""

    connection: Connection
    run_id: int
    plan: int
    worker: str
    leads: bool
    wait_for: Callable[[Session, int], None]

    @property
    def place(self) -> dict[str, int]:
        """Return what names the plan in every query."""
        return {"run_id": self.run_id, "plan": self.plan}

    def batches(self, source: Source, manifest: Manifest, run: RunLoad) -> Iterator[Batch]:
        """Yield batches as parts of the plan can be had, each taken after the one before it."""
        prepare = preparing(source, manifest, run.shape)

        def read(part: Part) -> Batch:
            bad: list[LogError] = []
            return Batch(part, prepare(part.iterations, bad.append), bad)

        return read_ahead(self._parts(), read)

    def _parts(self) -> Iterator[Part]:
        after = -1
        while True:
            with load.batch(self.connection) as session:
                part = load_shares.take(
                    session, **self.place, worker=self.worker, after=after, leads=self.leads
                )
            if part is None:
                return
            yield part
            # A lower one, left behind meanwhile, is not for one who has a later one in hand.
            after = part.number

    def write(self, run: RunLoad, batch: Batch) -> None:
        """Write a batch; NotOurs, NotInOrder where nothing was written."""
        run.write(batch.found, turn=_Turn(self, batch.part.number))

    def give_back(self, *, part: int | None = None, state: str = "open") -> None:
        """Let others have what was taken and is not done."""
        with load.batch(self.connection) as session:
            load_shares.give_back(session, **self.place, part=part, state=state)


@dataclass(frozen=True)
class _Turn:
    """The turn of one part; see ingest.run_load.Turn."""

    seat: Seat
    part: int

    def wait(self, session: Session) -> None:
        """Wait until all parts before are visible."""
        self.seat.wait_for(session, self.part)

    def done(self, session: Session, outcome: Outcome) -> None:
        """Mark the part as done with the batch's transaction."""
        mine = load_shares.finish_part(
            session,
            **self.seat.place,
            part=self.part,
            loaded=outcome.new,
            replaced=outcome.replaced,
            unchanged=outcome.unchanged,
        )
        if not mine:
            raise NotOurs
