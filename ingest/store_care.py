"""Duties that any worker does alike: schedules, trash, queue, trainings, sums, alerts, lake."""

import logging

from sqlalchemy import Engine

from db import queue_care
from db.engine import session_scope
from db.load_summary import lock_summary, not_summarised, summarise
from db.queries.jobs import schedules
from db.queries.runs import run_upkeep
from db.queries.trainings import training_notes
from ingest.alerts import AlertSettings, deliver
from ingest.lake.keeping import Lake
from ingest.lake.settings import LakeSettings
from ingest.trainings.process import forget_old
from ingest.trainings.running import Trainer

logger = logging.getLogger(__name__)

_RUNS_AT_ONCE = 100


class StoreCare:
    """Those duties; `trainer` is what the worker has for trainings, None where they are off."""

    def __init__(self, engine: Engine, trainer: Trainer | None) -> None:
        self.engine, self.trainer = engine, trainer
        self._alerts = AlertSettings()
        place = LakeSettings().place()
        self._lake = None if place is None else Lake(engine, place)

    def fire_schedules(self) -> None:
        """Ask for the jobs whose time has come."""
        with session_scope(self.engine) as session:
            schedules.fire_due(session)

    def empty_trash(self) -> None:
        """Ask for the deletion of runs that were in the trash for long enough."""
        with session_scope(self.engine) as session:
            run_upkeep.empty_trash(session)

    def clear_queue(self) -> None:
        """Delete what the queue has ended long ago, and what trainings printed long ago."""
        with session_scope(self.engine) as session:
            queue_care.forget_ended(session)
        if self.trainer is not None:
            forget_old(self.trainer.folder)

    def see_lost_trainings(self) -> None:
        """Mark trainings that no worker watches over any more."""
        with session_scope(self.engine) as session:
            lost = training_notes.mark_lost(session)
        if lost:
            logger.warning("trainings %s have no worker any more", lost)

    def summarise_old_runs(self) -> None:
        """Summarise the series of runs that an older release has loaded, some at a time."""
        with session_scope(self.engine) as session:
            runs = not_summarised(session, most=_RUNS_AT_ONCE)
        for run_id, key in runs:
            with session_scope(self.engine) as session:
                if lock_summary(session, key=key):
                    summarise(session, run_id=run_id)

    def tell_alerts(self) -> None:
        """Tell webhooks and people by e-mail about findings of live runs."""
        deliver(self.engine, self._alerts)

    def keep_lake(self) -> None:
        """Write what is missing or stale in the lake, and remove what is gone."""
        if self._lake is not None:
            self._lake.look()
