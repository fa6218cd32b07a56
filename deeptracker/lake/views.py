"""The views of a lake: their columns, and the SQL that makes them of files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from deeptracker.format import BAND_THRESHOLDS, STATISTICS

_INTEGERS = ("class_count", "layer_count", "image_count", "filter_count", "snapshot_count")
# The columns of each view besides run_id, and their types in DuckDB. The files have them in Parquet
# (ingest/whole/parquet_files.py); a test compares the two.
VIEWS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "runs": {
            "run_uuid": "VARCHAR",
            **dict.fromkeys(("name", "model", "dataset", "state", "owner", "notes"), "VARCHAR"),
            "tags": "VARCHAR[]",
            "hyperparameters": "MAP(VARCHAR, VARCHAR)",
            **dict.fromkeys((*_INTEGERS, "last_iteration"), "INTEGER"),
            "last_error": "DOUBLE",
            **dict.fromkeys(("created_at", "ended_at", "loaded_at", "archived_at"), "TIMESTAMP"),
            "location": "VARCHAR",
        },
        "hyperparameters": {"name": "VARCHAR", "value": "VARCHAR"},
        "scalars": {"name": "VARCHAR", "iteration": "INTEGER", "value": "DOUBLE"},
        "class_errors": {
            "class_id": "INTEGER",
            "class": "VARCHAR",
            "iteration": "INTEGER",
            "error": "FLOAT",
        },
        "layers": {
            "layer_id": "INTEGER",
            "layer": "VARCHAR",
            "quantity": "VARCHAR",
            "iteration": "INTEGER",
            **dict.fromkeys(STATISTICS, "FLOAT"),
            **dict.fromkeys((f"share_at_most_{limit:g}" for limit in BAND_THRESHOLDS), "FLOAT"),
        },
        "findings": {
            **dict.fromkeys(("kind", "title", "text", "severity", "author"), "VARCHAR"),
            "first_iteration": "INTEGER",
            "last_iteration": "INTEGER",
        },
    }
)


def view(name: str, files: Sequence[Path]) -> str:
    """Return the statement that makes a view of files; an empty one where there are none.

    `run_id` comes from the name of the folder of a run.
    """
    columns = VIEWS[name]
    if not files:
        empty = ", ".join(f"NULL::{kind} AS {quoted(one)}" for one, kind in columns.items())
        return f"CREATE VIEW {name} AS SELECT NULL::INTEGER AS run_id, {empty} WHERE false"
    shown = ", ".join(quoted(one) for one in columns)
    return (
        f"CREATE VIEW {name} AS SELECT run_id, {shown} FROM read_parquet({listed(files)}, "  # noqa: S608
        "hive_partitioning = true, hive_types = {'run_id': INTEGER})"
    )


def quoted(name: str) -> str:
    """Return a column's name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def listed(files: Sequence[Path]) -> str:
    """Return paths as a list in SQL."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in files) + "]"
