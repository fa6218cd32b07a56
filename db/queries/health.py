"""Whether the store can be used: the database answers, has our schema, and workers serve it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from db import migrate
from db.engine import keep_running, kept_home
from db.patience import waits
from db.queries.jobs.workers import crew

# Whoever watches the server does not wait longer than this for an answer.
PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class Readiness:
    """What works.

    `worker` is a state of `workers.Crew`, or "unknown" where it could not be asked; `heartbeat` is
    when any of them sent its last heartbeat. `newer` is the revision of a schema that is newer
    than this code, "" where it is not.
    """

    database: bool
    schema: bool
    worker: str = "unknown"
    heartbeat: datetime | None = None
    newer: str = ""

    @property
    def ready(self) -> bool:
        """Return whether pages can be served; without workers they can."""
        return self.database and self.schema


def probing_engine(engine: Engine) -> Engine:
    """Return an engine on the same database that opens a connection for every question.

    So a full pool of the application does not count as a database that is away, nor the reverse.
    It starts the embedded server again like `engine`: who asks may be the only one for long.
    """
    options = f"-c statement_timeout={PATIENCE_SECONDS * 1000} -c timezone=UTC"
    probe = create_engine(
        engine.url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            **waits(engine.url),
            "connect_timeout": PATIENCE_SECONDS,
            "options": options,
            "application_name": "deeptracker health",
        },
    )
    keep_running(probe, kept_home(engine))
    return probe


def readiness(probe: Engine) -> Readiness:
    """Return what works now, by an engine of probing_engine."""
    database = schema = False
    worker, heartbeat, newer = "unknown", None, ""
    try:
        with probe.connect() as connection:
            database = True
            found = migrate.revisions(connection)
            schema = found == _heads()
            if schema:
                found_crew = crew(connection)
                worker, heartbeat = found_crew.state, found_crew.seen_at
            else:
                newer = migrate.unknown_revision(found)
    except SQLAlchemyError:
        # Away in the middle of the questions: what was not answered does not work.
        schema = False
    return Readiness(
        database=database, schema=schema, worker=worker, heartbeat=heartbeat, newer=newer
    )


@cache
def _heads() -> frozenset[str]:
    return frozenset(migrate.heads())
