"""Follows a demo's training and its loading, and notices when a part of the demo ends."""

import threading
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.components.texts import counted
from app.demo.stage import DemoFailed, Stage
from app.demo.studies import save_studies
from app.processes import Child
from db.engine import session_scope
from db.errors import StoreError
from db.queries.jobs import job_requests, jobs
from db.queries.jobs.jobs import OPEN_STATES, JobRow

# How long the database may be away.
AWAY_SECONDS = 120.0


def check_alive(child: Child) -> None:
    """Raise DemoFailed where a child has ended."""
    if child.process.poll() is not None:
        raise DemoFailed(
            f"The {child.name} ended with status {child.process.returncode}; "
            f"{child.log} says: {child.last_lines() or 'nothing (is its disk full?)'}"
        )


class Watch:
    """Looks at a demo's job and its processes until it is done or is to stop."""

    def __init__(
        self,
        console: Console,
        engine: Engine,
        stage: Stage,
        servers: tuple[Child, ...],
        training: Child,
        stopping: threading.Event,
    ) -> None:
        self._console, self._engine, self._stage = console, engine, stage
        self._servers, self._training, self._stopping = servers, training, stopping
        self._name = stage.run_dir.name
        self._seen = time.monotonic()

    def until_done(self) -> bool:
        """Wait until the run is trained and loaded, or the demo is to stop; False for a failure."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bar(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as bar:
            task = bar.add_task(self._name, total=None)
            while (job := self._look(bar, task)) is None or job.state in OPEN_STATES:
                if self._stopping.wait(0.5):
                    return True
        trained = self._training.process.poll() in (0, None)
        if not trained:
            self._console.print(
                f"The training failed; {self._training.log} says: {self._training.last_lines()}",
                markup=False,
            )
        said = job.error or f"{counted(job.done, 'snapshot')} loaded."
        self._console.print(f"{self._name}: {said}", markup=False)
        if trained and job.state == "succeeded" and job.run_id is not None:
            self._save_studies(job.run_id)
        return trained and job.state == "succeeded"

    def _save_studies(self, run_id: int) -> None:
        """Save what there is to tell of the run as views, or say why that could not be."""
        try:
            with session_scope(self._engine) as session:
                names = save_studies(session, run_id, self._stage.account_id)
        except (OperationalError, StoreError) as error:
            self._console.print(f"Its case studies could not be saved: {error}", markup=False)
            return
        address = f"{self._stage.settings.address}/views"
        self._console.print(f"{len(names)} case studies of it: {address}", markup=False)

    def _look(self, bar: Bar, task: TaskID) -> JobRow | None:
        """Return the job; None while the database is away: web server and worker wait for it."""
        for child in self._servers:
            check_alive(child)
        try:
            with session_scope(self._engine) as session:
                job = jobs.get_job(session, job_id=self._stage.job_id)
                if self._training.process.poll() not in (0, None):
                    # Nothing more will come: do not wait for it.
                    job_requests.cancel(session, job_id=self._stage.job_id)
        except OperationalError:
            if time.monotonic() - self._seen > AWAY_SECONDS:
                raise
            return None
        self._seen = time.monotonic()
        bar.update(task, completed=job.done, total=job.total)
        return job

    def until_stopped(self) -> None:
        """Wait for a signal; DemoFailed where the web server or the worker ends before."""
        while not self._stopping.wait(1):
            for child in self._servers:
                check_alive(child)
