"""Which statements name a large table together with another one, or twice.

Where the large tables are spread, the other one is on the coordinator alone: such a statement is
refused (a correlated one), or copies rows to the nodes first. Ask for one after the other. One that
names a large table once, and the run, is planned by the shortest way, and its plan can be kept for
every run; with a second table or a subquery it is planned each time it is asked.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from db.layout import LARGE_NAMES
from db.models import Base
from db.partitions import is_partition

_NAMED = re.compile("|".join(LARGE_NAMES))
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
# A word where a statement names tables: after these, or in a list of them. `a.b` is a column.
_TABLE = re.compile(
    r"(?:\b(?:FROM|JOIN|INTO|UPDATE|USING|ONLY|TABLE|COPY)\s+|,\s*)"
    r'(?:public\.)?"?(\w+)"?(?![\w"]*\s*[.(])',
    re.IGNORECASE,
)
_SCHEMA = re.compile(r"\s*(?:CREATE|ALTER|DROP|LOCK|VACUUM|ANALYZE|GRANT)\b", re.IGNORECASE)
# What a test asks for in one statement because nothing else sees one moment.
_ONE_SERVER = "/* one server */"
OURS = {table.name for table in Base.metadata.sorted_tables}


def tables_of(statement: str) -> set[str]:
    """Return the tables of ours that a statement reads or writes; a partition is its table."""
    return {_whole(match[1]) for match in _TABLE.finditer(_bare(statement))} & OURS


def _whole(name: str) -> str:
    if is_partition(name):
        return next(large for large in LARGE_NAMES if name.startswith(large))
    return name


def joins_small(statement: str) -> bool:
    """Return whether a statement, or one of several, names a large table and another of ours."""
    if not _NAMED.search(statement) or _ONE_SERVER in statement:
        return False
    each = [tables_of(one) for one in _bare(statement).split(";") if not _SCHEMA.match(one)]
    return any(one & set(LARGE_NAMES) and one - set(LARGE_NAMES) for one in each)


def asks_twice(statement: str) -> bool:
    """Return whether a SELECT names large tables in more than one place."""
    if not _NAMED.search(statement) or _ONE_SERVER in statement:
        return False
    each = [one for one in _bare(statement).split(";") if re.match(r"\s*(SELECT|WITH)\b", one)]
    return any(
        sum(_whole(match[1]) in LARGE_NAMES for match in _TABLE.finditer(one)) > 1 for one in each
    )


def _bare(statement: str) -> str:
    return _COMMENT.sub(" ", _LITERAL.sub("''", statement))


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yield a list that fills with what this process asks that nodes are slow at, each once."""
    found: list[str] = []
    known: dict[str, bool] = {}
    execute = psycopg.Cursor.execute

    def watching(self, query, params=None, **options):
        statement = query.as_string(self) if isinstance(query, psycopg.sql.Composable) else query
        statement = statement.decode() if isinstance(statement, bytes) else statement
        if statement not in known:
            known[statement] = joins_small(statement) or asks_twice(statement)
            if known[statement]:
                found.append(statement)
        return execute(self, query, params, **options)

    with patch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", watching)
        yield found
