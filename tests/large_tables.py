"""Which statements name a large table together with another one.

Where the large tables are spread, the other one is on the coordinator alone: such a statement is
refused (a correlated one), or copies rows to the nodes first. Ask for one after the other.
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
    named = {match[1] for match in _TABLE.finditer(_bare(statement))}
    whole = {
        next(name for name in LARGE_NAMES if one.startswith(name)) if is_partition(one) else one
        for one in named
    }
    return whole & OURS


def joins_small(statement: str) -> bool:
    """Return whether a statement, or one of several, names a large table and another of ours."""
    if not _NAMED.search(statement) or _ONE_SERVER in statement:
        return False
    each = [tables_of(one) for one in _bare(statement).split(";") if not _SCHEMA.match(one)]
    return any(one & set(LARGE_NAMES) and one - set(LARGE_NAMES) for one in each)


def _bare(statement: str) -> str:
    return _COMMENT.sub(" ", _LITERAL.sub("''", statement))


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yield a list that fills with the statements of this process that join, each once."""
    found: list[str] = []
    known: dict[str, bool] = {}
    execute = psycopg.Cursor.execute

    def watching(self, query, params=None, **options):
        statement = query.as_string(self) if isinstance(query, psycopg.sql.Composable) else query
        statement = statement.decode() if isinstance(statement, bytes) else statement
        if statement not in known:
            known[statement] = joins_small(statement)
            if known[statement]:
                found.append(statement)
        return execute(self, query, params, **options)

    with patch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", watching)
        yield found
