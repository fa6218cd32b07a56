"""How long it takes to delete a run for good, and whether its space comes back.

`python -m benchmarks.purge --scale 0.1`. The run is loaded from a synthetic log, of the reference
scale at scale 1. The reference is what a plain DELETE of the same rows takes, which gives no space
back.
"""

import time
from collections.abc import Iterator

from sqlalchemy import Engine, delete

from benchmarks.database import benchmark_engine
from benchmarks.ingest import benchmark_log, database_size
from benchmarks.report import Row, main
from db.engine import session_scope
from db.layout import LARGE
from db.permissions import Role
from db.queries.runs import run_upkeep
from db.queries.team import accounts
from ingest.pipeline import load_log
from ingest.purge import purge_run

# What the catalogue of the database keeps of tables that are gone, until it is vacuumed.
REMAINS = 8e6


def measure(scale: float) -> Iterator[Row]:
    """Load a run, throw it away, delete it for good."""
    with benchmark_log(scale) as path, benchmark_engine() as engine:
        before = database_size(engine)
        run_id = load_log(engine, path).run_id
        loaded = database_size(engine)
        reference = _deleted(engine, run_id)
        with session_scope(engine) as session:
            admin = accounts.add_account(session, email="a@example.org", role=Role.ADMIN)
            run_upkeep.trash(session, by=admin.id, run_id=run_id)
        start = time.perf_counter()
        if not purge_run(engine, run_id=run_id):
            raise RuntimeError("the run was not there")
        seconds = time.perf_counter() - start
        left = database_size(engine) - before
        yield Row("purge, against DELETE", seconds, "s", reference, "below 5 s", seconds < 5)
        yield Row(
            "bytes left, against the run's",
            left / 1e6,
            "MB",
            (loaded - before) / 1e6,
            f"below {REMAINS / 1e6:.0f} MB, or 0.05 x",
            left < max(REMAINS, 0.05 * (loaded - before)),
        )


def _deleted(engine: Engine, run_id: int) -> float:
    """Return the seconds that DELETE takes for the rows of the large tables; they stay."""
    with engine.connect() as connection:
        start = time.perf_counter()
        for table in LARGE:
            connection.execute(delete(table).where(table.c.run_id == run_id))
        seconds = time.perf_counter() - start
        connection.rollback()
    return seconds


if __name__ == "__main__":
    main("purge", measure)
