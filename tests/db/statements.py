"""The statements that a look-up sends, as the driver sends them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[bytes, Any]]]:
    """Yield a list that fills with (statement, parameters) of whatever psycopg executes.

    Savepoints, which the tests' own session sets, do not count.
    """
    sent: list[tuple[bytes, Any]] = []
    execute = psycopg.Cursor.execute

    def recording(self, query, params=None, **options):
        text = query.as_bytes(self) if isinstance(query, psycopg.sql.Composable) else query.encode()
        if b"SAVEPOINT" not in text:
            sent.append((text, params))
        return execute(self, query, params, **options)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", recording)
        yield sent
