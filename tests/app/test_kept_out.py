"""pandas stays out of a process that writes tables, which are written as with it."""

import subprocess
import sys

# Prints a table as CSV, the rows of its Parquet, and whether pandas was loaded.
_SCRIPT = """
import io
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from app.export.columns import table
from app.export.writing import write_csv, write_parquet
from app.kept_out import keep_out

{before}
made = table({{"value": np.array([0.5, np.nan]), "name": pa.array(["a", None])}})
print(b"".join(write_csv(made)).decode(), end="")
file = io.BytesIO(b"".join(write_parquet(made, {{"run": "one"}})))
print(pyarrow.parquet.read_table(file).num_rows)
print("pandas" in sys.modules)
"""


def _said(before: str) -> list[str]:
    script = _SCRIPT.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()


def test_tables_are_written_without_pandas():
    *table, without = _said('keep_out("pandas")')
    *same, loaded = _said("")
    assert (without, loaded) == ("False", "True")  # else nothing has to be kept out any more
    assert table == same
    assert table[-1] == "2"
