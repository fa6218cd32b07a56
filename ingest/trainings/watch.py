"""Watches over the process of a training until its end, and notes down what becomes of it."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine

from db.away import is_away
from db.engine import session_scope
from db.queries.trainings import training_notes, trainings
from deeptracker.errors import LogError
from ingest.job import WorkerStopping
from ingest.locations import Place
from ingest.sources.opening import is_there
from ingest.trainings.process import End, Process

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0


class Watch:
    """Tells the database of the process of a training; `roots` are where logs may be read."""

    def __init__(
        self,
        engine: Engine,
        roots: Sequence[Place],
        training_id: int,
        process: Process,
        worker: Callable[[], str],
        stopping: Callable[[], bool],
    ) -> None:
        self._engine, self._roots, self._id, self._process = engine, roots, training_id, process
        self._worker, self._stopping = worker, stopping
        self._told: str | None = None

    def to_its_end(self) -> None:
        """Tell the database of the process until it is over; outages of it end nothing."""
        while True:
            alive = self._process.alive  # before its end is read: it is written by who lives
            end = self._process.end()
            try:
                if end is not None or not alive:
                    self._finish(end)
                    return
                self._beat()
            except Exception as error:
                if not is_away(error):
                    raise
                logger.warning("training %s: the database is away", self._id)
            if self._stopping():
                raise WorkerStopping
            time.sleep(WATCH_SECONDS)

    def _beat(self) -> None:
        output = self._process.output()
        new = None if output == self._told else output
        with session_scope(self._engine) as session:
            stop = training_notes.beat(
                session, training_id=self._id, worker=self._worker(), output=new
            )
            if stop:
                training_notes.say(session, training_id=self._id, message="It was asked to stop.")
        self._told = output
        if stop:
            self._process.stop()

    def _finish(self, end: End | None) -> None:
        output = self._process.output()
        state, message = outcome(end, output)
        with session_scope(self._engine) as session:
            run_dir = trainings.get_training(session, training_id=self._id).run_dir
            training_notes.finish(
                session,
                training_id=self._id,
                state=state,
                message=message,
                exit_status=None if end is None else end.exit_status,
                output=output,
                recorded=run_dir is not None and _recorded(Path(run_dir), self._roots),
            )


def _recorded(run_dir: Path, roots: Sequence[Place]) -> bool:
    """Return whether there is anything that an ingest job could load, or say is wrong."""
    try:
        return is_there(run_dir, roots=roots)
    except LogError:
        return True


def outcome(end: End | None, output: str) -> tuple[str, str]:
    """Return the state of a training that is over, and what is said about it."""
    if end is None:
        return "lost", (
            "It ended without a word: its process was killed, or the host was restarted. "
            "What it recorded until then is there."
        )
    if end.reason == "stop":
        return "stopped", "Stopped."
    if end.reason == "shutdown":
        return "failed", "Ended by the shutdown of its host or service."
    last = next((line.strip() for line in reversed(output.split("\n")) if line.strip()), "")
    if end.reason == "time":
        return "failed", "Ended at the time limit of its script (max_hours)."
    if end.exit_status is None:
        return "failed", f"Not started: {end.reason.removeprefix('not started: ')}"
    if end.exit_status == 0:
        return "succeeded", last[:300]
    how = (
        f"Exit status {end.exit_status}"
        if end.exit_status > 0
        else f"Ended by signal {-end.exit_status}"
    )
    return "failed", f"{how}: {last[:300]}" if last else f"{how}."
