"""Keeps what the histories of a run's validation images come to, while the run is loaded.

It reads all predictions of the run: some seconds at paper scale, ten milliseconds for a small run.
"""

import logging
import time
from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db import load
from db.away import is_away
from db.queries.measurements import class_results, snapshots
from db.queries.runs import image_histories, runs, structure
from db.queries.runs.image_histories import HistoryRow
from ingest.analysis.data_review.history import (
    COLUMNS,
    ClassBlock,
    good_snapshots,
    image_history,
)
from ingest.reading import read_ahead

logger = logging.getLogger(__name__)

# Keeping them up to date may take this part of the time since that was last done.
BUSY_SHARE = 0.05


class ImageHistories:
    """Keeps the histories of one run's images again and again while it is loaded."""

    def __init__(self, connection: Connection, *, run_id: int) -> None:
        self._connection, self._run_id = connection, run_id
        self._seconds, self._ended = 0.0, time.monotonic()

    def looked(self) -> None:
        """Bring them up to date where that is cheap by now."""
        if self._seconds <= BUSY_SHARE * (time.monotonic() - self._ended):
            self.finish()

    def finish(self) -> None:
        """Bring them up to date; nothing is done where no snapshot is new."""
        begun = time.monotonic()
        try:
            with load.batch(self._connection) as session:
                if not _is_known(session, self._run_id):
                    keep_histories(session, run_id=self._run_id)
        except Exception as error:
            if is_away(error):
                raise  # the load is tried again
            # What is only looked at must not cost the load; the worker's log has it.
            logger.exception("the images of run %s could not be evaluated", self._run_id)
        self._ended = time.monotonic()
        self._seconds = self._ended - begun


def _is_known(session: Session, run_id: int) -> bool:
    run = runs.get_run(session, run_id=run_id)
    seen = image_histories.histories_seen(session, run_ids=[run_id]).get(run_id)
    return not run.validates or seen == (run.snapshot_count, run.last_iteration)


def keep_histories(session: Session, *, run_id: int) -> None:
    """Store the histories of the images of a run as its predictions are now; NotFound."""
    run = runs.get_run(session, run_id=run_id)
    sizes = structure.classes(session, run_id=run_id).image_count
    good = good_snapshots(snapshots.class_errors(session, run_id=run_id), sizes)
    found = image_history(_blocks(session, run_id, len(sizes)), images=run.image_count, good=good)
    image_histories.save_history(
        session,
        HistoryRow(
            run_id=run_id,
            image_set=image_histories.image_set(session, run_id=run_id),
            snapshots=run.snapshot_count,
            counted=int(good.sum()),
            last_iteration=run.last_iteration,
            columns={name: getattr(found, name) for name in COLUMNS},
        ),
    )


def _blocks(session: Session, run_id: int, classes: int) -> Iterator[ClassBlock]:
    """Return the images of one class after the other: all at once would be 200 MB."""

    def read(class_id: int) -> ClassBlock:
        found = class_results.class_images(session, run_id=run_id, class_id=class_id)
        return ClassBlock(class_id, found.images, found.prediction, found.probability)

    # Nobody else uses the session meanwhile.
    return read_ahead(range(classes), read)
