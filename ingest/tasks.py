"""The queue's tasks, and the worker that runs them."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from procrastinate import BaseRetryStrategy, Blueprint, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.signals import on_stop
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from db.engine import database_url, make_engine
from db.errors import RunBusy, ServerUnavailable
from db.queue import (
    HEARTBEAT_SECONDS,
    NAMESPACE,
    QUEUE,
    STALLED_SECONDS,
    make_queue,
)
from ingest.allocator import trimmed
from ingest.evaluate import evaluate_anew
from ingest.helping import help_load
from ingest.job import WorkerStopping, run_job
from ingest.locations import LocationSettings, Place
from ingest.purge import purge_run
from ingest.upkeep import Upkeep

logger = logging.getLogger(__name__)
tasks = Blueprint()

# How long a worker waits between two looks whether a database that went away is back.
AWAY_SECONDS = 1.0


class _Again(BaseRetryStrategy):
    """Which ends of a job are none: the run is busy, the worker stops, the database was away."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, WorkerStopping):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, RunBusy):
            return RetryDecision(retry_in={"seconds": 3})
        if isinstance(exception, OperationalError):  # run_job gives up after a few times
            return RetryDecision(retry_in={"seconds": 5})
        return None


@tasks.task(name="ingest", queue=QUEUE, retry=_Again(), pass_context=True)
@trimmed()
def ingest(context: JobContext, *, job_id: int) -> None:
    """Run one ingest job."""
    run_job(
        context.additional_context["engine"],
        job_id=job_id,
        roots=context.additional_context["roots"],
        stopping=context.should_abort,
        worker=context.additional_context["upkeep"].name,
    )


@tasks.task(name="help", queue=QUEUE, pass_context=True)
@trimmed()
def help_(context: JobContext, *, job_id: int, run_id: int, plan: int) -> None:
    """Help with the load that another worker leads."""
    try:
        help_load(
            context.additional_context["engine"],
            job_id=job_id,
            run_id=run_id,
            plan=plan,
            roots=context.additional_context["roots"],
            stopping=context.should_abort,
            worker=context.additional_context["upkeep"].name,
        )
    except OperationalError:  # who leads the load takes over what was in hand
        logger.warning("the help with job %s lost its database", job_id)


@tasks.task(name="evaluate", queue=QUEUE, retry=_Again(), pass_context=True)
@trimmed()
def evaluate(context: JobContext, *, run_id: int) -> None:
    """Judge a run anew, as after a change of thresholds."""
    evaluate_anew(context.additional_context["engine"], run_id=run_id)


@tasks.task(name="purge", queue=QUEUE, retry=_Again(), pass_context=True)
def purge(context: JobContext, *, run_id: int) -> None:
    """Delete a run in the trash for good."""
    purge_run(context.additional_context["engine"], run_id=run_id)


def run_worker(
    url: str | None = None,
    *,
    concurrency: int = 4,
    roots: Sequence[Place] | None = None,
    wait: bool = True,
) -> None:
    """Run ingest jobs until SIGINT or SIGTERM, `concurrency` at a time, and see to schedules.

    Jobs in hand then go back to the queue after their present batch. With `wait=False` it ends when
    the queue is empty. `roots` are the folders whose logs jobs may read (DEEPTRACKER_LOG_ROOTS).
    """
    folders = LocationSettings().roots() if roots is None else _resolved(roots)
    engine = make_engine(url, statement_timeout_ms=None, pool_size=2 * concurrency + 4)
    try:
        upkeep = Upkeep(engine, roots=folders, concurrency=concurrency)
        try:
            asyncio.run(_work(url, engine, folders, upkeep, concurrency, wait=wait))
        finally:
            with contextlib.suppress(OperationalError):
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
    concurrency: int,
    *,
    wait: bool,
) -> None:
    # asyncio's own pool is as wide as the machine has cores; jobs that follow a run mostly sleep.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency + 6))
    options = {
        "queues": [QUEUE, upkeep.queue],
        "concurrency": concurrency,
        "wait": wait,
        "fetch_job_polling_interval": 2.0,
        "update_heartbeat_interval": HEARTBEAT_SECONDS,
        "stalled_worker_timeout": STALLED_SECONDS,
        "shutdown_graceful_timeout": 0.5,
        "additional_context": {"engine": engine, "roots": roots, "upkeep": upkeep},
    }
    stop = asyncio.Event()
    duties = upkeep.start()
    try:
        with on_stop(stop.set):
            while True:
                lost = await _take_jobs(engine, options, stop)
                if stop.is_set() or not (wait or lost):
                    return
                logger.warning("the worker lost its database, and waits for it")
                await _until_back(url, engine, stop)
    finally:
        for duty in duties:
            duty.cancel()


async def _take_jobs(engine: Engine, options: Mapping[str, Any], stop: asyncio.Event) -> bool:
    """Take jobs until told to stop, or the queue's worker ends; return whether by an error.

    That worker gives up for good when one sign of life could not be written.
    """
    queue = make_queue(engine.url.render_as_string(hide_password=False))
    queue.add_tasks_from(tasks, namespace=NAMESPACE)
    stopping = asyncio.create_task(stop.wait())
    try:
        async with queue.open_async():
            worker = asyncio.create_task(
                queue.run_worker_async(**options, install_signal_handlers=False)
            )
            await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not worker.done():
                worker.cancel()  # it hands its jobs on before it ends
            with contextlib.suppress(asyncio.CancelledError):
                await worker
    except (ConnectorException, OperationalError) as error:
        logger.warning("the queue could not be reached: %s", error)
        return True
    finally:
        stopping.cancel()
    return False


async def _until_back(url: str | None, engine: Engine, stop: asyncio.Event) -> None:
    """Wait until the database answers, or the worker shall stop; start the embedded one anew."""
    while not stop.is_set():
        with contextlib.suppress(ServerUnavailable):
            if url is None:
                await asyncio.to_thread(database_url)
            if await asyncio.to_thread(_answers, engine):
                return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), AWAY_SECONDS)


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect():
            return True
    except OperationalError:
        return False
