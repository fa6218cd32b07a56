"""The queue's tasks, and the worker that runs them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job
from procrastinate.signals import on_stop
from sqlalchemy import Engine

from db.away import is_away, is_outage
from db.engine import make_engine
from db.errors import RunBusy
from db.queue import EVALUATE, INGEST, LOOK, PROBE, PURGE, QUEUE, TRAIN
from ingest.allocator import trimmed
from ingest.evaluate import evaluate_anew
from ingest.job import WorkerStopping, run_job
from ingest.locations import LocationSettings, Place
from ingest.looking import answer_look
from ingest.pipeline import OnLoaded
from ingest.purge import purge_run
from ingest.taking import take_jobs
from ingest.trainings.running import make_trainer, run_training
from ingest.upkeep import Upkeep, connections_name

logger = logging.getLogger(__name__)


class _Again(BaseRetryStrategy):
    """Which ends of a job are none: the run is busy, the worker stops, the database was away."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, WorkerStopping):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, RunBusy):
            return RetryDecision(retry_in={"seconds": 3})
        if is_outage(exception):  # each try leaves rows behind: more seldom where it takes long
            return RetryDecision(retry_in={"seconds": min(2 + job.attempts // 30, 15)})
        if is_away(exception):  # run_job gives up after a few times
            return RetryDecision(retry_in={"seconds": 5})
        return None


def add_tasks(queue: App) -> None:
    """Let a queue run our tasks.

    Each queue gets tasks of its own: procrastinate changes those that it is given, so that what is
    added to a second queue goes by another name.
    """
    tasks: tuple[tuple[str, Callable[..., None], Any], ...] = (
        (INGEST, ingest, _Again()),
        (EVALUATE, evaluate, _Again()),
        (PURGE, purge, _Again()),
        (LOOK, look, _Again()),
        (PROBE, probe, False),
        (TRAIN, train, _Again()),
    )
    for name, function, retry in tasks:
        queue.task(name=name, queue=QUEUE, retry=retry, pass_context=True)(function)


@trimmed()
def ingest(context: JobContext, *, job_id: int) -> None:
    """Run one ingest job."""
    upkeep: Upkeep = context.additional_context["upkeep"]
    run_job(
        context.additional_context["engine"],
        job_id=job_id,
        roots=context.additional_context["roots"],
        stopping=context.should_abort,
        worker=upkeep.name,
        interruptions=upkeep.hand.interruptions,
        on_loaded=context.additional_context["on_loaded"],
    )


@trimmed()
def evaluate(context: JobContext, *, run_id: int) -> None:
    """Re-evaluate a run, as after a change of thresholds."""
    evaluate_anew(context.additional_context["engine"], run_id=run_id)


def purge(context: JobContext, *, run_id: int) -> None:
    """Delete a run in the trash for good."""
    purge_run(context.additional_context["engine"], run_id=run_id)


@trimmed()
def look(context: JobContext, *, look_id: int) -> None:
    """Say what could be loaded from a place."""
    answer_look(
        context.additional_context["engine"],
        look_id=look_id,
        roots=context.additional_context["roots"],
    )


def probe(context: JobContext, **_about: object) -> None:
    """Show that this worker takes what is put on its queue; there is nothing more to it."""


def train(context: JobContext, *, training_id: int) -> None:
    """Start a training, and watch over it."""
    upkeep: Upkeep = context.additional_context["upkeep"]
    if upkeep.trainer is None or context.job.id is None:
        raise WorkerStopping  # it is another worker's
    run_training(
        context.additional_context["engine"],
        upkeep.trainer,
        training_id=training_id,
        queue_job=context.job.id,
        worker=lambda: upkeep.name,
        stopping=context.should_abort,
    )


def run_worker(
    url: str | None = None,
    *,
    concurrency: int = 4,
    roots: Sequence[Place] | None = None,
    wait: bool = True,
    on_loaded: OnLoaded = lambda engine, run_id: None,
) -> None:
    """Run ingest jobs until SIGINT or SIGTERM, `concurrency` at a time, and see to schedules.

    Jobs in hand then go back to the queue after their present batch. With `wait=False` it ends when
    the queue is empty. `roots` are the folders whose logs jobs may read (DEEPTRACKER_LOG_ROOTS).
    Trainings are started where DEEPTRACKER_SCRIPTS names some; ScriptsInvalid.
    """
    folders = LocationSettings().roots() if roots is None else _resolved(roots)
    trainer = make_trainer(folders)
    connections = connections_name()
    at_once = concurrency + (trainer.settings.at_once if trainer else 0)
    engine = make_engine(
        url, statement_timeout_ms=None, pool_size=2 * at_once + 4, name=connections
    )
    try:
        upkeep = Upkeep(
            engine,
            roots=folders,
            concurrency=concurrency,
            connections=connections,
            trainer=trainer,
        )
        try:
            asyncio.run(
                _work(url, engine, folders, upkeep, at_once, wait=wait, on_loaded=on_loaded)
            )
        finally:
            with contextlib.suppress(Exception):  # it is gone soon anyway, and others see that
                upkeep.leave()
    finally:
        engine.dispose()


def _resolved(roots: Sequence[Place]) -> list[Place]:
    return [root.resolve() if isinstance(root, Path) else root for root in roots]


async def _work(
    url: str | None,
    engine: Engine,
    roots: Sequence[Place],
    upkeep: Upkeep,
    at_once: int,
    *,
    wait: bool,
    on_loaded: OnLoaded,
) -> None:
    # asyncio's own pool is as wide as the machine has cores; jobs that follow a run mostly sleep,
    # and a duty may wait long for a folder that does not answer.
    threads = at_once + len(upkeep.duties()) + 2
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads))
    stop = asyncio.Event()
    duties = upkeep.start()
    try:
        taken = [upkeep.queues()]
        if upkeep.trainer is not None:
            taken.append(upkeep.training_queues(upkeep.trainer))
        context = {
            "engine": engine,
            "roots": roots,
            "upkeep": upkeep,
            "on_loaded": on_loaded,
        }
        with on_stop(stop.set):
            await asyncio.gather(
                *(
                    take_jobs(one, stop, url=url, add_tasks=add_tasks, context=context, wait=wait)
                    for one in taken
                )
            )
    finally:
        for duty in duties:
            duty.cancel()
