"""Helps another worker with a large load; see ingest/sharing.py."""

import logging
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import load, load_shares
from db.engine import session_scope
from db.errors import NotFound
from db.load_run import is_same_run
from db.queries.jobs import jobs
from db.queries.runs import runs
from deeptracker.errors import LogError
from deeptracker.format import Manifest
from ingest.copies import as_run
from ingest.locations import LocationRefused, Place, resolve_location
from ingest.run_load import NotInOrder, RunLoad
from ingest.sharing import CARE_SECONDS, TURN_SECONDS, NotOurs, Seat
from ingest.sources import Source
from ingest.sources.opening import open_source

logger = logging.getLogger(__name__)

# A helper that can do so little of what it takes leaves it to the others.
_MOST_RETURNED = 3


def help_load(
    engine: Engine,
    *,
    job_id: int,
    run_id: int,
    plan: int,
    roots: Sequence[Place],
    stopping: Callable[[], bool],
    worker: str,
) -> None:
    """Load parts of the run's log until none is left, or the load is over.

    Nothing happens where this worker cannot read the log, or what it reads is another run: who
    leads the load finishes it alone.
    """
    try:
        with session_scope(engine) as session:
            job = jobs.get_job(session, job_id=job_id)
            run = runs.get_run(session, run_id=run_id).uuid
        source = open_source(resolve_location(job.location, roots=roots), roots=roots)
        manifest = source.manifest()
        if manifest is not None:
            source = as_run(source, manifest, run=run.hex)
            manifest = source.manifest()
    except (NotFound, LocationRefused, LogError) as error:
        logger.info("no help with job %s: %s", job_id, error)
        return
    if manifest is None or UUID(manifest.run) != run:
        logger.info("no help with job %s: here is no log of run %s", job_id, run_id)
        return
    with load_shares.helping(engine, plan=plan) as connection:
        with load.batch(connection) as session:
            if not is_same_run(session, manifest, run_id=run_id):
                return
        helper = _Helper(run.hex, stopping)
        seat = Seat(connection, run_id, plan, worker, leads=False, wait_for=helper.wait_for)
        helper.work(seat, source, manifest)


class _Helper:
    def __init__(self, run: str, stopping: Callable[[], bool]) -> None:
        self._run, self._stopping = run, stopping

    def work(self, seat: Seat, source: Source, manifest: Manifest) -> None:
        """Load parts until there are none, the load is over, or little of it can be done here."""
        self._place = seat.place
        run = RunLoad(seat.connection, manifest, run_id=seat.run_id, leads=False)
        there = set(source.changed())
        returned = 0
        try:
            for batch in seat.batches(source, manifest, run):
                try:
                    if not batch.whole or not there.issuperset(batch.part.iterations):
                        raise NotInOrder
                    seat.write(run, batch)
                except NotInOrder:
                    returned += 1
                    seat.give_back(part=batch.part.number, state="returned")
                if returned == _MOST_RETURNED or self._stopping():
                    break
        except NotOurs:
            pass
        seat.give_back()

    def wait_for(self, session: Session, part: int) -> None:
        """Wait for the turn of a part; NotOurs where the load is over or has lost its leader."""
        looked = time.monotonic()
        while True:
            front = load_shares.front(session, **self._place)
            if front is None or front.number > part:
                raise NotOurs
            if front.number == part:
                return
            if time.monotonic() - looked > CARE_SECONDS:
                looked = time.monotonic()
                if self._stopping() or not load_shares.is_led(session, run=self._run):
                    raise NotOurs
            time.sleep(TURN_SECONDS)
