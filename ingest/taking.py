"""Takes jobs off the queue for as long as the worker lives: again after every loss of the database.

The queue's worker gives up for good when one heartbeat could not be written. So it is made again
each time, with all that belongs to it; nothing of what it was is used again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine

from db.away import is_away
from db.engine import database_url
from db.errors import ServerUnavailable
from db.queue import HEARTBEAT_SECONDS, STALLED_SECONDS, give_up, make_queue
from ingest.hand import Hand

logger = logging.getLogger(__name__)

# How long a worker waits between two looks whether a database that went away is back.
AWAY_SECONDS = 0.5
# A queue that is not open by then is tried again: the database went away once more.
OPEN_SECONDS = 8.0


@dataclass(frozen=True)
class Queues:
    """Queues that a worker takes from, so many at a time, and what it keeps of that.

    `names` may change with the worker's number; `connections` is the name of its connections to
    them, and `come_back` puts in order what an outage left behind.
    """

    engine: Engine
    names: Callable[[], list[str]]
    concurrency: int
    hand: Hand
    connections: str
    come_back: Callable[[], None]


async def take_jobs(
    queues: Queues,
    stop: asyncio.Event,
    *,
    url: str | None,
    add_tasks: Callable[[App], None],
    context: Mapping[str, Any],
    wait: bool,
) -> None:
    """Take jobs until told to stop, whatever becomes of the database; `url` as in run_worker.

    With `wait=False` it ends when the queues are empty.
    """
    while not stop.is_set():
        options = {
            "queues": queues.names(),
            "concurrency": queues.concurrency,
            "wait": wait,
            "fetch_job_polling_interval": 2.0,
            "update_heartbeat_interval": HEARTBEAT_SECONDS,
            "stalled_worker_timeout": STALLED_SECONDS,
            "shutdown_graceful_timeout": 0.5,
            "additional_context": dict(context),
            "worker_middleware": [queues.hand.hold],
            "install_signal_handlers": False,
        }
        if not await _take(queues, stop, add_tasks, options) and not wait:
            return
        if not stop.is_set():
            await _until_back(url, queues, stop)


async def _take(
    queues: Queues, stop: asyncio.Event, add_tasks: Callable[[App], None], options: dict[str, Any]
) -> bool:
    """Take jobs until told to stop, or the queue's worker ends; return whether by an error."""
    lost = asyncio.Event()
    queue = make_queue(_address(queues.engine), name=queues.connections, on_lost=lost.set)
    add_tasks(queue)
    ends: list[asyncio.Task[Any]] = [asyncio.create_task(event.wait()) for event in (stop, lost)]
    ends.append(asyncio.create_task(_moved(queues)))
    try:
        await asyncio.wait_for(queue.open_async(), OPEN_SECONDS)
        worker = asyncio.create_task(queue.run_worker_async(**options))
        await asyncio.wait({worker, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if lost.is_set():
            await give_up(queue)
        if not worker.done():
            worker.cancel()  # it hands its jobs on before it ends
        with contextlib.suppress(asyncio.CancelledError):
            await worker
    except Exception as error:
        if isinstance(error, (ConnectorException, TimeoutError)) or is_away(error):
            logger.warning("the queue could not be reached: %s", error.__cause__ or error)
        else:
            logger.exception("the queue failed; it is taken up again")
        return True
    finally:
        for end in ends:
            end.cancel()
        with contextlib.suppress(Exception):
            await queue.close_async()
    return False


def _address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


async def _moved(queues: Queues) -> None:
    """Return when the worker goes by another number, and so looks into another queue of its own."""
    names = queues.names()
    while queues.names() == names:
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _until_back(url: str | None, queues: Queues, stop: asyncio.Event) -> None:
    """Wait until the database does its work, or the worker is to stop; restart an embedded one.

    What this worker left behind there is put in order before it goes on.
    """
    told = False
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), AWAY_SECONDS)
        try:
            if url is None:
                await asyncio.to_thread(database_url)
            await asyncio.to_thread(queues.come_back)
            return
        except Exception as error:
            if not (is_away(error) or isinstance(error, ServerUnavailable)):
                logger.exception("the database cannot be used; it is tried again")
            elif not told:
                logger.warning("the worker lost its database, and waits for it")
            told = True
