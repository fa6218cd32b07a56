"""Keeps what the histories of a run's validation images come to, while the run is loaded.

It reads all predictions of the run: some seconds at paper scale, ten milliseconds for a small run.
"""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from db import load
from db.away import is_away
from db.queries.measurements import class_results, snapshots
from db.queries.measurements.class_results import ClassImages
from db.queries.runs import image_histories, runs, structure
from db.queries.runs.image_histories import HistoryRow
from db.queries.runs.runs import RunRow
from ingest.analysis.data_review.history import (
    COLUMNS,
    ClassBlock,
    good_snapshots,
    image_history,
)
from ingest.gathered import Gathered
from ingest.reading import read_ahead

logger = logging.getLogger(__name__)

# Keeping them up to date may take this part of the time since that was last done.
BUSY_SHARE = 0.05
# Results of images that are read together: 4 bytes each.
AT_ONCE = 2_000_000


class ImageHistories:
    """Keeps the histories of one run's images again and again while it is loaded."""

    def __init__(self, connection: Connection, *, run_id: int) -> None:
        self._connection, self._run_id = connection, run_id
        self._seconds, self._ended = 0.0, time.monotonic()

    def looked(self) -> None:
        """Bring them up to date where that is cheap by now."""
        if self._seconds <= BUSY_SHARE * (time.monotonic() - self._ended):
            begun = time.monotonic()
            with self._unharmed(), load.batch(self._connection) as session:
                if not _is_known(session, self._run_id):
                    keep_histories(session, run_id=self._run_id)
            self._ended = time.monotonic()
            self._seconds = self._ended - begun

    def finish(
        self, engine: Engine, early: HistoryRow | None, meanwhile: Callable[[], None]
    ) -> None:
        """Bring them up to date, reading on a connection of its own, while `meanwhile` is done.

        They are saved on the loader's, so that nobody else has got the run by then. Where they are
        known as `early` already, nothing is read.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="histories") as reader:
            found = None if early else reader.submit(_read_news, engine, self._run_id)
            meanwhile()
            with self._unharmed():
                row = found.result() if found else early
                if row is not None:
                    with load.batch(self._connection) as session:
                        image_histories.save_history(session, row)

    @contextmanager
    def _unharmed(self) -> Iterator[None]:
        """Let what is only looked at not cost the load; the worker's log has it."""
        try:
            yield
        except Exception as error:
            if is_away(error):
                raise  # the load is tried again
            logger.exception("the images of run %s could not be evaluated", self._run_id)


def _read_news(engine: Engine, run_id: int) -> HistoryRow | None:
    """Return the histories where they are not known as they are now."""
    with engine.connect() as connection, load.batch(connection) as session:
        return None if _is_known(session, run_id) else _histories(session, run_id)


def _is_known(session: Session, run_id: int) -> bool:
    run = runs.get_run(session, run_id=run_id)
    seen = image_histories.histories_seen(session, run_ids=[run_id]).get(run_id)
    return not run.validates or seen == (run.snapshot_count, run.last_iteration)


def keep_histories(session: Session, *, run_id: int) -> None:
    """Store the histories of the images of a run as its predictions are now; NotFound."""
    image_histories.save_history(session, _histories(session, run_id))


def _histories(session: Session, run_id: int) -> HistoryRow:
    run = runs.get_run(session, run_id=run_id)
    errors = snapshots.class_errors(session, run_id=run_id)

    def read(classes: range) -> list[ClassImages]:
        return class_results.images_of_classes(session, run_id=run_id, classes=classes)

    return _row(session, run, errors, read, seen=(run.snapshot_count, run.last_iteration))


def histories_of(session: Session, gathered: Gathered, *, run_id: int) -> HistoryRow | None:
    """Return the histories of a run that is gathered, and perhaps not stored; None: no images."""
    run = runs.get_run(session, run_id=run_id)
    if not run.validates:
        return None
    read = gathered.images_of_classes
    return _row(session, run, gathered.class_errors(), read, seen=gathered.seen)


def _row(
    session: Session,
    run: RunRow,
    errors: NDArray[np.float32],
    read: Callable[[range], list[ClassImages]],
    *,
    seen: tuple[int, int | None],
) -> HistoryRow:
    """Return the histories from errors f4 [C, T] and results of classes; `seen` with the last."""
    sizes = structure.classes(session, run_id=run.id).image_count
    good = good_snapshots(errors, sizes)
    blocks = _blocks(read, sizes, snapshots=len(good))
    found = image_history(blocks, images=run.image_count, good=good)
    return HistoryRow(
        run_id=run.id,
        image_set=image_histories.image_set(session, run_id=run.id),
        snapshots=seen[0],
        counted=int(good.sum()),
        last_iteration=seen[1],
        columns={name: getattr(found, name) for name in COLUMNS},
    )


def _blocks(
    read: Callable[[range], list[ClassImages]], sizes: NDArray[np.int32], *, snapshots: int
) -> Iterator[ClassBlock]:
    """Return the images of one class after the other: all at once would be 200 MB."""
    together = max(1, AT_ONCE // max(1, int(sizes.max(initial=0)) * snapshots))
    groups = (
        range(first, min(first + together, len(sizes))) for first in range(0, len(sizes), together)
    )

    def of_classes(group: range) -> list[ClassBlock]:
        return [
            ClassBlock(class_id, one.images, one.prediction, one.probability)
            for class_id, one in zip(group, read(group), strict=True)
        ]

    # Nobody else uses the session meanwhile.
    return chain.from_iterable(read_ahead(groups, of_classes))
