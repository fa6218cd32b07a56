"""The full data of charts that compare runs: the table of each run, one after the other."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.data import scalars
from app.export.change_tables import OF_RUNS
from app.export.columns import table, whole
from app.export.tables import make_table
from app.table_names import COMPARED, OF_TWO
from db.queries.runs import runs

# What says how a chart aligns and groups; the table has every run as it is.
_SHOWN = frozenset(
    {"v", "runs", "align", "group", "members", "by", "band", "picked", "first", "second"}
)


def compared_table(
    session: Session, run_ids: Sequence[int], name: str, given: dict[str, str]
) -> pa.Table:
    """Return the tables of some runs under each other, with run_id and run as first columns.

    `name` is one of COMPARED; `given` the chart's arguments. NotFound where a run is not there. Of
    OF_TWO it is one table about both.
    """
    if name in OF_TWO:
        runs.get_runs(session, run_ids=list(run_ids))
        arguments = Arguments(
            {key: text for key, text in given.items() if key not in ("v", "runs")}
        )
        columns = OF_RUNS[name](session, run_ids, arguments)
        arguments.check_all_read()
        return table(columns)
    own = {key: text for key, text in given.items() if key not in _SHOWN}
    parts = []
    for run_id in run_ids:
        run = runs.get_run(session, run_id=run_id)
        asked = own if name != "scalar-lines" else _of_the_run(session, run_id, own)
        part = whole(make_table(session, run_id, COMPARED[name], Arguments(asked)))
        rows = part.num_rows
        part = part.add_column(0, "run_id", pa.array([run_id], "int32").take(_first(rows)))
        named = pa.DictionaryArray.from_arrays(_first(rows), pa.array([run.name], "utf8"))
        parts.append(part.add_column(1, "run", named))
    # A run that logged other series, or none, lacks some columns.
    return pa.concat_tables(parts, promote_options="permissive").unify_dictionaries()


def _of_the_run(session: Session, run_id: int, given: dict[str, str]) -> dict[str, str]:
    """Return the arguments with those scalars alone that this run has."""
    known = {scalars.key_of(name) for name in scalars.names_of(session, run_id)}
    keys = [key for key in given.get("names", "").split(",") if key in known]
    return {**given, "names": ",".join(keys)}


def _first(rows: int) -> pa.Array:
    """Return `rows` times the place 0."""
    return pa.array(np.zeros(rows, np.int32))
