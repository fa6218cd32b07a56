"""How the large tables are laid out, read from the database itself.

On one server each has a partition for every run, so that a purged run gives its space back at once.
On many nodes that would be thousands of shards: there a large table is whole, and its rows are
spread over the nodes by the hash of run_id. The same tables without nodes are the plain layout:
what a backup of many nodes becomes on one server.
"""

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

from db.models import measurements as tables

# Those that hold nearly all bytes of a run; the rest of it is a few megabytes, and stays with the
# team's tables. No statement names one of these together with another table: nodes refuse that, or
# copy rows between each other first, which takes many times as long.
LARGE: Final = (
    tables.filter_stat,
    tables.class_result,
    tables.layer_stat,
    tables.filter_peak,
)
LARGE_NAMES: Final = tuple(table.name for table in LARGE)
# Held with others by whoever loads a run, and alone by whoever converts the large tables.
LAYOUT_LOCK: Final = 0x4454_4C41_594F


class Layout(StrEnum):
    """What is done for a run in a large table."""

    PARTITIONED = "partitioned"
    PLAIN = "plain"
    DISTRIBUTED = "distributed"


_HAS_CITUS = text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')")
_KINDS = text(
    "SELECT relname, relkind = 'p' FROM pg_class WHERE relname = ANY(:names) "
    "AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
)
# Only where there is Citus. Citus may list local tables, too, which have neither key nor copies.
_DISTRIBUTED = text(
    "SELECT relname FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid "
    "WHERE relnamespace = 'public'::regnamespace AND (partmethod <> 'n' OR repmodel = 't')"
)


def has_citus(connection: Connection) -> bool:
    """Return whether the database can be spread over nodes."""
    return bool(connection.execute(_HAS_CITUS).scalar())


def distributed_tables(connection: Connection) -> set[str]:
    """Return the names of the tables of ours that are spread over nodes, or copied to all."""
    if not has_citus(connection):
        return set()
    return set(connection.scalars(_DISTRIBUTED))


def layouts(connection: Connection) -> dict[str, Layout]:
    """Return the layout of each large table; they differ while they are being converted."""
    spread = distributed_tables(connection)
    found = {}
    for name, partitioned in connection.execute(_KINDS, {"names": list(LARGE_NAMES)}):
        found[name] = Layout.PARTITIONED if partitioned else Layout.PLAIN
        if name in spread:
            found[name] = Layout.DISTRIBUTED
    return {name: found[name] for name in LARGE_NAMES if name in found}


def partitioned_tables(connection: Connection) -> list[str]:
    """Return the large tables in which a run has a partition of its own."""
    return [name for name, one in layouts(connection).items() if one is Layout.PARTITIONED]
