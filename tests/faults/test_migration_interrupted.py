"""A migration of an old database killed in its middle: the data stays, the next one ends it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, inspect, text

from db import migrate
from tests import servers
from tests.faults.conftest import SOAK
from tests.jobs.conftest import wait_until
from tests.migrations.test_migrations import GONE, contents

PROJECT = Path(__file__).parents[2]
DUMP = PROJECT / "tests" / "migrations" / "dumps" / "0002.sql"
KILLS = 30 if SOAK else 2
_IN_TRANSACTION = text(
    "SELECT xact_start IS NOT NULL FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)


@pytest.fixture
def old(victim):
    """An engine on a database of revision 0002 with data."""
    with servers.database(victim.url) as url:
        migrate.upgrade(servers.plain(url), revision=DUMP.stem)
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.connection.driver_connection.execute(DUMP.read_text(encoding="utf-8"))
        yield engine


def upgrading(engine):
    """Start an upgrade in a process of its own; return it as soon as it is in a transaction."""
    process = subprocess.Popen(
        [sys.executable, "-m", "db.migrate", "upgrade"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": servers.plain(engine.url)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: process.poll() is not None or at_work(engine), every=0.002)
    return process


def at_work(engine):
    with engine.connect() as connection:
        return connection.execute(_IN_TRANSACTION).first() is not None


@pytest.mark.timeout(900 if SOAK else 400)
def test_killed_and_run_again(old, rng):
    filled = dict.fromkeys(re.findall(r"INSERT INTO public\.\"?(\w+)", DUMP.read_text()))
    columns = {
        table: [
            column["name"]
            for column in inspect(old).get_columns(table)
            if (table, column["name"]) not in GONE
        ]
        for table in filled
    }
    before = contents(old, columns)
    assert sum(map(len, before.values())) > 100
    killed = 0
    for _ in range(KILLS):
        process = upgrading(old)
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        killed += process.returncode < 0
        # Its server process may take a moment to see that nobody is there.
        wait_until(lambda: not at_work(old))
        assert contents(old, columns) == before
    assert killed, "every upgrade had ended before it was killed"
    process = upgrading(old)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert migrate.is_current(old)
    assert contents(old, columns) == before
