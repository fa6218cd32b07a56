"""A checksum of all that the store has of a run."""

from sqlalchemy import text

from db.models import Base

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
            if table not in but:
                columns = [c.name for c in Base.metadata.tables[table].c if c.name != "run_id"]
                found[table] = _sum(connection, table, columns, "run_id", run_id)
        found["run"] = _sum(connection, "run", RUN, "id", run_id)
    return found


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
