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
OURS = {table.name for table in Base.metadata.sorted_tables}


def tables_of(statement: str) -> set[str]:
    """Return the tables of ours that a statement reads or writes; a partition is its table."""
    bare = _COMMENT.sub(" ", _LITERAL.sub("''", statement))
    named = {match[1] for match in _TABLE.finditer(bare)}
    whole = {
        next(name for name in LARGE_NAMES if one.startswith(name)) if is_partition(one) else one
        for one in named
    }
    return whole & OURS


def joins_small(statement: str) -> bool:
    """Return whether a statement names both a large table and another one of ours."""
    if not _NAMED.search(statement) or _SCHEMA.match(statement):
        return False
    named = tables_of(statement)
    return bool(named & set(LARGE_NAMES)) and bool(named - set(LARGE_NAMES))


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
