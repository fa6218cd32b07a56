"""What is wrong with how the large tables are laid out, each as a sentence with its remedy."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from db.distribute import remains
from db.layout import LARGE_NAMES, Layout, distributed_tables, has_citus, layouts

_GO_ON = "Run deeptracker db distribute"

# A table's column that decides where its rows are, and the group of tables that lie together.
_PLACES = text(
    "SELECT relname, partmethod, colocationid, "
    "CASE WHEN partmethod = 'h' THEN column_to_column_name(logicalrelid, partkey) END "
    "FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid "
    "WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:names)"
)
_NODES = text(
    "SELECT nodename, nodeport, isactive, (SELECT count(*) FROM pg_dist_placement AS p "
    "WHERE p.groupid = n.groupid) FROM pg_dist_node AS n WHERE noderole = 'primary' "
    "AND NOT (isactive AND citus_check_connection_to_node(nodename, nodeport)) "
    "ORDER BY nodename, nodeport"
)
_KEYS = text(
    "SELECT relname FROM pg_class JOIN pg_index ON indrelid = pg_class.oid AND indisprimary "
    "JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] "
    "WHERE relname = ANY(:names) AND relnamespace = 'public'::regnamespace AND attname = 'run_id'"
)
_WORDS = {
    Layout.PARTITIONED: "a partition for each run, on one server",
    Layout.PLAIN: "whole, on one server",
    Layout.DISTRIBUTED: "spread over nodes by run_id",
}


def layout_words(connection: Connection) -> str:
    """Return in words how the large tables are laid out."""
    found = layouts(connection)
    if len(set(found.values())) == 1:
        [one] = set(found.values())
        more = ""
        if one is not Layout.DISTRIBUTED and has_citus(connection):
            more = " The database has Citus: deeptracker db distribute spreads them over its nodes."
        return f"Large tables: {_WORDS[one]} ({one}).{more}"
    each = ", ".join(f"{name} is {one}" for name, one in found.items())
    return f"Large tables: being converted ({each})."


def problems(connection: Connection) -> list[str]:
    """Return what is wrong; empty where nothing is."""
    return [*_mixed(connection), *_remains(connection), *_keys(connection), *_spread(connection)]


def _mixed(connection: Connection) -> Iterator[str]:
    found = layouts(connection)
    for layout in (Layout.DISTRIBUTED, Layout.PLAIN):
        if layout in found.values():
            left = [name for name, one in found.items() if one is not layout]
            if left:
                option = " --plain" if layout is Layout.PLAIN else ""
                yield (
                    f"{', '.join(left)}: not {layout} as the other large tables are. A conversion "
                    f"was interrupted, or left them out. {_GO_ON}{option}"
                )
            return


def _remains(connection: Connection) -> Iterator[str]:
    option = "" if Layout.DISTRIBUTED in layouts(connection).values() else " --plain"
    if left := remains(connection):
        yield (
            f"{', '.join(left)}: left by a conversion that was interrupted. "
            f"{_GO_ON}{option}, which removes them"
        )


def _keys(connection: Connection) -> Iterator[str]:
    sound = set(connection.scalars(_KEYS, {"names": list(LARGE_NAMES)}))
    for name in layouts(connection):
        if name not in sound:
            yield f"{name} has no primary key that begins with run_id. Restore a backup"


def _spread(connection: Connection) -> Iterator[str]:
    if not has_citus(connection):
        return
    for name in sorted(distributed_tables(connection) - set(LARGE_NAMES)):
        yield (
            f"{name} is distributed, but is joined with tables that are not. "
            f"SELECT undistribute_table('{name}');"
        )
    yield from _places(connection)
    for host, port, active, shards in connection.execute(_NODES):
        then = "" if active else f"SELECT citus_activate_node('{host}', {port}); "
        yield (
            f"Node {host}:{port} does not answer, and has {shards} shards: their runs cannot be "
            f"read. Start it again; {then}docs/many-nodes.md has more"
        )


def _places(connection: Connection) -> Iterator[str]:
    groups: dict[int, list[str]] = {}
    for name, method, group, column in connection.execute(_PLACES, {"names": list(LARGE_NAMES)}):
        if method != "h" or column != "run_id":
            yield (
                f"{name} is not distributed by the hash of run_id. "
                f"SELECT undistribute_table('{name}'); then deeptracker db distribute"
            )
        else:
            groups.setdefault(group, []).append(name)
    for _, names in sorted(groups.items(), key=lambda one: -len(one[1]))[1:]:
        for name in names:
            others = max(groups.values(), key=len)
            yield (
                f"{name} does not lie with the other large tables: its runs are on other nodes. "
                f"SELECT alter_distributed_table('{name}', colocate_with => '{others[0]}');"
            )
