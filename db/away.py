"""Which errors say that the database cannot work now, whatever was asked of it: try again later.

From the narrowest: `is_unreachable` is what pages say and wait for, `is_outage` what costs a job
none of its attempts, `is_away` what a worker survives.
"""

import psycopg
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    TimeoutError,
)

from db.errors import ServerUnavailable

# The driver knows these as errors of other kinds: a server that only reads (a standby, or one that
# is kept from filling its disk), and transactions that the server has ended.
_STATES = frozenset({"25006", "25P03", "25P04"})
# No connection; ended by an administrator, by a crash, starting up, its database dropped, idle for
# too long; no connection is free. A failure to connect has no state.
_NO_CONNECTION = "08"
_UNREACHABLE = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "53300"})
_CANCELLED = "57014"


def is_unreachable(error: BaseException | None) -> bool:
    """Return whether an error says that the database cannot be reached now, and nothing else.

    A statement that was wrong, too slow or refused is none.
    """
    if isinstance(error, (TimeoutError, ServerUnavailable)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if _is_of_another(error):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    return state.startswith(_NO_CONNECTION) or state in _UNREACHABLE


def _is_of_another(error: DBAPIError) -> bool:
    """Return whether another driver raised it: another tool's file is no database of ours."""
    return not isinstance(error.orig, psycopg.Error | None)


def is_too_slow(error: BaseException | None) -> bool:
    """Return whether the database ended a statement that ran longer than it may."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _CANCELLED


def is_away(error: BaseException) -> bool:
    """Return whether an error is of the server's or the network's making, not of what was asked.

    So it is where the server is down, starting, unreachable or full, where it only reads, or where
    it ended a statement, transaction or connection; also as psycopg raises it.
    """
    if isinstance(error, DBAPIError) and _is_of_another(error):
        return False
    if isinstance(error, (OperationalError, InterfaceError, TimeoutError, PendingRollbackError)):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_state(error.orig)
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)) or _is_state(error)


def is_outage(error: BaseException) -> bool:
    """Return whether such an error ends by itself or by an administrator, not by other requests.

    A server that is down, unreachable, full or read-only; not a statement that was cancelled or too
    large, nor a deadlock: those come again where the request is at fault.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return is_away(error) and (state is None or state in _STATES or state.startswith(_OUTAGES))


# Connection, disk full, too many connections, ended by an administrator or a crash, input/output.
_OUTAGES = ("08", "53100", "53300", "57P", "58")


def _is_state(error: BaseException | None) -> bool:
    return isinstance(error, psycopg.Error) and error.sqlstate in _STATES


def said_by_server(error: BaseException) -> str:
    """Return the server's own first line, as of a full disk; a lost connection names hosts."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = getattr(getattr(cause, "diag", None), "message_primary", None)
    return f"the database said: {said}." if said else "the database did not answer."
