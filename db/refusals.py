"""Which errors say why the database refused a statement that was in order when it was begun."""

from sqlalchemy.exc import IntegrityError, ProgrammingError

# PostgreSQL knows no such table, or column: somebody has put another database in place.
_NO_SUCH_PART = ("42P01", "42703")
# What a row belongs to is not there.
_NO_SUCH_ROW = "23503"


def is_other_schema(error: BaseException | None) -> bool:
    """Return whether a table or column is not there: the database is of another version."""
    return isinstance(error, ProgrammingError) and _state(error) in _NO_SUCH_PART


def is_gone_meanwhile(error: BaseException | None) -> bool:
    """Return whether somebody deleted what is written about, after it was seen to be there."""
    return isinstance(error, IntegrityError) and _state(error) == _NO_SUCH_ROW


def _state(error: ProgrammingError | IntegrityError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
