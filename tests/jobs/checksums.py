"""A checksum of all that the store has of a run."""

import hashlib

from sqlalchemy import text

from db.models import Base
from db.predictions import block_iterations

MEASURED = (
    "snapshot",
    "scalar",
    "scalar_summary",
    "layer_stat",
    "layer_profile",
    "filter_stat",
    "filter_peak",
    "class_result",
    "flip_state",
    "batch_ledger",
    "probe",
    "probe_map",
    "probe_top",
    "probe_saliency",
    "layer",
    "class",
    "image",
)
RUN = ("name", "state", "snapshot_count", "last_iteration", "last_error", "lost_snapshots")


def checksum(engine, *, run_id=None, but=()):
    """Return {table: (rows, checksum)} of a run (the only one, where none is named)."""
    found = {}
    with engine.connect() as connection:
        if run_id is None:
            run_id = connection.execute(text("SELECT id FROM run")).scalar_one()
        for table in MEASURED:
            if table == "class_result":
                found[table] = _results(connection, run_id)
            elif table not in but:
                columns = [c.name for c in Base.metadata.tables[table].c if c.name != "run_id"]
                found[table] = _sum(connection, table, columns, "run_id", run_id)
        found["run"] = _sum(connection, "run", RUN, "id", run_id)
    return found


def _results(connection, run_id):
    """Of each snapshot, whichever block it is in: that depends on what came together."""
    rows = connection.execute(
        text("SELECT * FROM class_result WHERE run_id = :run"), {"run": run_id}
    ).mappings()
    parts = []
    for row in rows:
        block = block_iterations(row["iteration"], row["iterations"])
        for place, iteration in enumerate(block.tolist()):
            arrays = [
                row[name][len(row[name]) // len(block) * place :][: len(row[name]) // len(block)]
                for name in ("prediction", "probability")
            ]
            parts.append(repr((row["class_id"], iteration, *arrays)))
    return len(parts), hashlib.md5("".join(sorted(parts)).encode()).hexdigest()


def _sum(connection, table, columns, key, run_id):
    # A mean that batches were added to may differ in its last digits.
    rounded = {"mean": "mean::real"} if table == "scalar_summary" else {}
    listed = ", ".join(rounded.get(name, f'"{name}"') for name in columns)
    row = connection.execute(
        text(
            "SELECT count(*), md5(string_agg(md5(part::text), '' ORDER BY md5(part::text))) "
            f'FROM (SELECT {listed} FROM "{table}" WHERE {key} = :run) part'
        ),
        {"run": run_id},
    ).one()
    return tuple(row)
