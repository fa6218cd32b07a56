"""Keeps the lake as the store is: writes what is missing or stale, removes what is gone.

Every worker does it, and the command `deeptracker lake sync`; of one run, one of them at a time.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from db.away import is_away
from db.engine import read_scope
from db.load import is_loading
from db.queries.runs.run_marks import RunMark, lock_copy, run_mark, run_marks
from db.queries.store import this_store
from deeptracker.lake.layout import FORM, LakeError, RunSet, current, marker, store_of
from ingest.lake.places import LakePlace
from ingest.whole import parquet_files
from ingest.whole.content import WholeRun

logger = logging.getLogger(__name__)

# Who has begun to read a set may go on for so long after there is another one.
GRACE_SECONDS = 600.0
# So often the files are looked at also where nothing changed in the store.
LOOK_SECONDS = 600.0
# A worker has other duties, and may be told to stop.
TURN_SECONDS = 10.0


@dataclass(frozen=True)
class Synced:
    """What was done: how many runs had a current set, got one, are left to who loads them, are
    gone and were removed, could not be read.
    """

    current: int
    written: int
    loading: int
    removed: int
    failed: int


class Lake:
    """The lake of one store, which it keeps up to date."""

    def __init__(self, engine: Engine, place: LakePlace) -> None:
        self._engine, self._place = engine, place
        # The marks of the runs whose sets are known to be there.
        self._seen: dict[int, str] = {}
        self._looked = -math.inf
        self._told = ""

    def __str__(self) -> str:
        return str(self._place)

    def keep(self, run_id: int) -> bool:
        """Write the set of a run unless it is there as the run is now; return whether it was.

        Nothing is done for a run that is gone, or that another worker is writing.
        """
        self._claim(take_over=False)
        return self._keep(run_id)

    def _keep(self, run_id: int) -> bool:
        with read_scope(self._engine) as session:
            if not lock_copy(session, run_id=run_id):
                return False
            run = run_mark(session, run_id=run_id)
            if run is None:
                return False
            sets = self._place.sets(run_id)
            there = current(sets).get(run_id)
            if there is not None and there.mark == _mark(run):
                return False
            for one, files in sets.items():
                if len(files) < one.files:  # nobody else writes now: it was broken off
                    self._place.remove(one, files)
            number = max((one.number for one in sets), default=0) + 1
            whole = WholeRun(session, run_id)
            self._place.add(
                run_id, number, _mark(run), lambda folder: parquet_files.write(whole, folder)
            )
        return True

    def sync(self, *, seconds: float = math.inf, take_over: bool = False) -> Synced:
        """Bring everything up to date, or go on with that for about so many seconds.

        A run that is being loaded is left to who loads it. LakeError where the lake is that of
        another store, unless it is to be taken over.
        """
        end = time.monotonic() + seconds
        self._claim(take_over=take_over)
        with read_scope(self._engine) as session:
            runs = run_marks(session)
        sets = self._place.sets()
        there = current(sets)
        removed = self._remove(sets, there, set(runs))
        good = {i: one.mark for i, one in there.items() if i in runs and one.mark == _mark(runs[i])}
        written = loading = failed = 0
        left = False
        for run_id, run in runs.items():
            if run_id in good:
                continue
            if time.monotonic() > end:
                left = True
                break
            if self._loads(run):
                loading += 1
                continue
            try:
                written += self._keep(run_id)
            except Exception as error:
                if isinstance(error, LakeError) or is_away(error):
                    raise
                # The other runs do not wait for it; it is tried again when all are looked at.
                logger.exception("run %s could not be written to the lake", run_id)
                failed += 1
                good[run_id] = _mark(run)
        self._seen = good
        self._looked = -math.inf if left else time.monotonic()
        return Synced(len(good) - failed, written, loading, removed, failed)

    def look(self) -> None:
        """Do a turn where there is something to do; what is wrong is said once, and tried again."""
        try:
            if self._is_due():
                done = self.sync(seconds=TURN_SECONDS)
                if done.written or done.removed:
                    logger.info("the lake: %s runs written, %s removed", done.written, done.removed)
            self._told = ""
        except LakeError as error:
            if str(error) != self._told:
                logger.warning("%s", error)
            self._told = str(error)

    def _is_due(self) -> bool:
        """Say whether the store has changed since all was well, or nobody looked for long."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            return True
        with read_scope(self._engine) as session:
            runs = run_marks(session)
        if self._seen.keys() - runs.keys():
            return True
        return any(
            self._seen.get(run_id) != _mark(run) and not self._loads(run)
            for run_id, run in runs.items()
        )

    def _loads(self, run: RunMark) -> bool:
        """Say whether a run is being loaded: who does writes its set at the end."""
        with read_scope(self._engine) as session:
            return is_loading(session, run=run.uuid.hex)

    def _claim(self, *, take_over: bool) -> None:
        """See to it that the lake is ours."""
        with read_scope(self._engine) as session:
            ours = this_store(session)
        theirs = store_of(self._place.marker(), str(self._place))
        if theirs is not None and theirs != ours and not take_over:
            raise LakeError(
                f"{self._place} is the lake of another database. Name another folder in "
                "DEEPTRACKER_LAKE; or, after a restored backup, make it this one's: "
                "deeptracker lake sync --take-over"
            )
        if theirs != ours:
            self._place.write_marker(marker(ours))

    def _remove(
        self, sets: dict[RunSet, set[str]], there: dict[int, RunSet], runs: set[int]
    ) -> int:
        """Remove the sets of runs that are gone, and old ones of others; count the runs gone."""
        gone = set()
        for one, files in sets.items():
            if one.run_id not in runs:
                gone.add(one.run_id)
                self._place.remove(one, files)
            elif self._is_old(one, there.get(one.run_id)):
                self._place.remove(one, files)
        return len(gone)

    def _is_old(self, one: RunSet, newest: RunSet | None) -> bool:
        if newest is None or one.number >= newest.number:
            return False
        return time.time() - self._place.written_at(newest) > GRACE_SECONDS


def keep_loaded(
    engine: Engine, place: LakePlace, *, run_id: int, on_line: Callable[[str], None]
) -> None:
    """Write the set of a run that was loaded; what goes wrong is told, and costs the load nothing.

    The workers' upkeep makes it good.
    """
    try:
        Lake(engine, place).keep(run_id)
    except LakeError as error:
        on_line(f"Not written to the lake: {error}")
    except Exception as error:
        on_line("Not written to the lake: the worker's log says why.")
        if is_away(error):
            logger.warning("the database is away; run %s is written to the lake later", run_id)
        else:
            logger.exception("run %s could not be written to the lake", run_id)


def _mark(run: RunMark) -> str:
    """Return the mark of the set of a run as it is now."""
    # Files of another form are stale, whatever the run is.
    number = int(run.mark[:16], 16) ^ FORM
    return f"{number:016x}"
