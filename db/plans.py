"""Which plans the server keeps for statements that come again: the layout of the tables says it.

Where runs have partitions, a plan for any run would lock those of all runs: each statement is
planned by itself, for the partition of the run at hand. Where the large tables are whole, or spread
over nodes, one plan serves every run: there look-ups take a sixth less so (docs/many-nodes.md).
"""

from typing import Any, Final

from sqlalchemy import Engine, event

from db.layout import LARGE_NAMES

FOR_PARTITIONS: Final = "force_custom_plan"
FOR_WHOLE_TABLES: Final = "auto"

# One round trip for both: is every large table whole, and if so, keep plans.
_ASK = """
    SELECT whole, CASE WHEN whole THEN set_config('plan_cache_mode', %s, false) END
    FROM (SELECT bool_and(relkind = 'r') AS whole FROM pg_class WHERE relname = ANY(%s)
          AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')) AS found
"""


def watch(engine: Engine) -> None:
    """Let each connection of an engine keep plans where no large table has partitions.

    Once they have, nobody asks again: only a conversion ends that, and whoever is connected then is
    as right as before, and faster when started again.
    """
    partitioned = False

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        nonlocal partitioned
        if partitioned:
            return
        before = connection.autocommit
        connection.autocommit = True
        try:
            whole, _ = connection.execute(_ASK, (FOR_WHOLE_TABLES, list(LARGE_NAMES))).fetchone()
        finally:
            connection.autocommit = before
        # None: there is no schema yet, and what it will be nobody knows.
        partitioned = whole is False
