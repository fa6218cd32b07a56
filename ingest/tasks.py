"""The queue's tasks, and the worker that runs them."""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from procrastinate import BaseRetryStrategy, Blueprint, JobContext, RetryDecision
from procrastinate.jobs import Job
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from db.engine import database_url, make_engine
from db.errors import RunBusy
from db.queue import (
    HEARTBEAT_SECONDS,
    NAMESPACE,
    QUEUE,
    STALLED_SECONDS,
    make_queue,
)
from ingest.evaluate import evaluate_anew
from ingest.job import WorkerStopping, run_job
from ingest.locations import LocationSettings, Place
from ingest.purge import purge_run
from ingest.upkeep import Upkeep

tasks = Blueprint()


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
def ingest(context: JobContext, *, job_id: int) -> None:
    """Run one ingest job."""
    run_job(
        context.additional_context["engine"],
        job_id=job_id,
        roots=context.additional_context["roots"],
        stopping=context.should_abort,
        worker=context.additional_context["upkeep"].name,
    )


@tasks.task(name="evaluate", queue=QUEUE, retry=_Again(), pass_context=True)
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
    address = url or database_url()
    engine = make_engine(address, statement_timeout_ms=None, pool_size=2 * concurrency + 4)
    try:
        upkeep = Upkeep(engine, roots=folders, concurrency=concurrency)
        try:
            asyncio.run(_work(address, engine, folders, upkeep, concurrency, wait=wait))
        finally:
            with contextlib.suppress(OperationalError):
                upkeep.leave()
    finally:
        engine.dispose()


def _resolved(roots: Sequence[Place]) -> list[Place]:
    return [root.resolve() if isinstance(root, Path) else root for root in roots]


async def _work(
    url: str,
    engine: Engine,
    roots: Sequence[Place],
    upkeep: Upkeep,
    concurrency: int,
    *,
    wait: bool,
) -> None:
    queue = make_queue(url)
    queue.add_tasks_from(tasks, namespace=NAMESPACE)
    # asyncio's own pool is as wide as the machine has cores; jobs that follow a run mostly sleep.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency + 6))
    async with queue.open_async():
        duties = upkeep.start()
        try:
            await queue.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                wait=wait,
                fetch_job_polling_interval=2.0,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=0.5,
                additional_context={"engine": engine, "roots": roots, "upkeep": upkeep},
            )
        finally:
            for duty in duties:
                duty.cancel()
