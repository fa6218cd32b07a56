"""How long we wait for a database that does not answer (db.away: which errors say so)."""

import select
import threading
import time
from typing import Any

import psycopg
from psycopg.pq import ConnStatus, TransactionStatus
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import InvalidatePoolError

CONNECT_SECONDS = 5
# Data that nobody acknowledges, or a peer that says nothing, end a connection after so long.
SILENT_SECONDS = 15
# A connection of the pool that does not answer an empty statement in this time is given up.
PING_SECONDS = 3.0
# For one of the pool's connections to become free.
POOL_SECONDS = 5.0
# Who has just waited in vain for a connection has done so for the others, too.
REMEMBERED_SECONDS = 1.0

# libpq's own names.
_WAITS = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
}


def waits(address: URL) -> dict[str, Any]:
    """Return the parameters of a connection that bound its waits, but for those in the URL."""
    return {name: value for name, value in _WAITS.items() if name not in address.query}


def watch(engine: Engine) -> None:
    """Let an engine give up connections that do not answer, each before it is used."""
    attempts = _Attempts()
    event.listen(engine, "checkout", _ping)
    event.listen(engine, "do_connect", attempts.connect)


def _ping(connection: Any, _record: object, _proxy: object) -> None:
    """Ask a connection for nothing; all of the pool are given up where there is no answer."""
    try:
        answered = _answers(connection.pgconn)
    except (psycopg.Error, OSError, ValueError) as error:
        raise InvalidatePoolError("the connection is closed") from error
    if not answered:
        raise InvalidatePoolError(f"the connection is silent for {PING_SECONDS:g} s")


def _answers(pgconn: Any) -> bool:
    # By hand, since psycopg would wait for as long as the kernel believes in the connection.
    if pgconn.transaction_status != TransactionStatus.IDLE:
        return bool(pgconn.transaction_status != TransactionStatus.UNKNOWN)
    pgconn.send_query(b"")
    end = time.monotonic() + PING_SECONDS
    waiting = select.poll()
    waiting.register(pgconn.socket, select.POLLIN)
    while pgconn.is_busy():
        if not waiting.poll(max(0.0, end - time.monotonic()) * 1e3):
            return False
        pgconn.consume_input()
    while pgconn.get_result() is not None:
        pass
    # The last word of a server that ended it is a result, too.
    return bool(pgconn.status == ConnStatus.OK)


class _Attempts:
    """Attempts to connect: one that waited long and failed fails the next ones at once.

    Otherwise every thread of a server would wait at once for a database that cannot be reached,
    and none were left for what needs no database.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._text = ""

    def connect(self, dialect: Any, _record: object, cargs: Any, cparams: Any) -> Any:
        with self._lock:
            if time.monotonic() < self._until:
                raise psycopg.OperationalError(self._text)
        began = time.monotonic()
        try:
            return dialect.connect(*cargs, **cparams)
        except psycopg.OperationalError as error:
            ended = time.monotonic()
            if ended - began >= REMEMBERED_SECONDS:
                with self._lock:
                    self._until, self._text = ended + REMEMBERED_SECONDS, str(error)
            raise
