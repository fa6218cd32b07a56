"""What the command line says of a failure: one line that names what is wrong and what to do."""

from sqlalchemy.exc import DBAPIError

from db.away import is_away, is_unreachable
from db.refusals import is_other_schema
from deeptracker import standard_output
from deeptracker.errors import DeepTrackerError

_NOT_PERMITTED = "42501"


def one_line(error: Exception) -> str | None:
    """Return what to say of a failure, "" where nobody reads on; None of a fault of ours, whose
    traceback is wanted.
    """
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, DeepTrackerError):
        return " ".join(str(error).split())
    return standard_output.told(error) if isinstance(error, OSError) else None


def _of_database(error: DBAPIError) -> str | None:
    why = _cause(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if is_other_schema(error):
        return f"The database is not as it should be ({why}). Run: deeptracker db upgrade"
    if state == _NOT_PERMITTED:
        return (
            f"The database refused it ({why}). Give the account of DATABASE_URL the rights of the "
            "one that owns the tables."
        )
    if is_unreachable(error):
        return f"The database did not answer ({why}). {_advice()}"
    if is_away(error):
        return f"The database could not do it ({why}). {_advice()}"
    # Refused before anything was sent: a setting in the URL.
    return f"The database cannot be asked ({why}). {_advice()}" if state is None else None


def _cause(error: BaseException | None) -> str:
    said = str(error).strip()
    return said.splitlines()[0] if said else "no reason given"


def _advice() -> str:
    from db.config import DatabaseSettings

    settings = DatabaseSettings()
    if settings.database_url:
        return "Check DATABASE_URL."
    return f"What happened to it is in {settings.home / 'postgresql' / 'log'}"
