"""pandas stays out of a process that writes tables, which are written as with it."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet

# Prints a table as CSV and whether pandas was loaded, and writes its Parquet into a file. That is
# not read there: pyarrow reads in threads that hold an object of Python's a little longer, and an
# interpreter that ends meanwhile is aborted.
_SCRIPT = """
import sys

import numpy as np
import pyarrow as pa

from app.export.columns import table
from app.export.writing import write_csv, write_parquet
from app.kept_out import keep_out

{before}
made = table({{"value": np.array([0.5, np.nan]), "name": pa.array(["a", None])}})
print(b"".join(write_csv(made)).decode(), end="")
with open(sys.argv[1], "wb") as file:
    file.writelines(write_parquet(made, {{"run": "one"}}))
print("pandas" in sys.modules)
"""


def _said(path: Path, before: str) -> list[str]:
    script = [sys.executable, "-c", _SCRIPT.format(before=before), str(path)]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_tables_are_written_without_pandas(tmp_path):
    without, as_usual = tmp_path / "without.parquet", tmp_path / "as_usual.parquet"
    *table, kept_out = _said(without, 'keep_out("pandas")')
    *same, loaded = _said(as_usual, "")
    assert (kept_out, loaded) == ("False", "True")  # else nothing has to be kept out any more
    assert table == same
    assert pyarrow.parquet.read_table(without).num_rows == 2
    assert without.read_bytes() == as_usual.read_bytes()
