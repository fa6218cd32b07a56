"""`deeptracker lake query`: one question in SQL, its answer as a table or CSV."""

import argparse
import csv
import math
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from deeptracker.extras import needed
from deeptracker.lake.layout import ENVIRONMENT, LakeError
from deeptracker.lake.reading import connect

_ABOUT = (
    "Answer a question about all runs: views runs, hyperparameters, scalars, class_errors, layers "
    "and findings. Examples are in docs/lake.md."
)
_MOST_ROWS = 200
_ROWS_AT_ONCE = 10_000
# Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the answer; LakeError where there is none, in one line."""
    parser = argparse.ArgumentParser("deeptracker lake query", description=_ABOUT)
    parser.add_argument("sql", metavar="SQL", help='such as "SELECT name, last_error FROM runs"')
    parser.add_argument(
        "--lake", metavar="FOLDER", help=f"a folder or s3://bucket/folder; by default {ENVIRONMENT}"
    )
    parser.add_argument("--csv", action="store_true", help="print CSV, all rows of it")
    given = parser.parse_args(arguments)
    with needed("lake", "deeptracker lake query"):
        import duckdb
    connection = connect(given.lake)
    try:
        _check(connection, given.sql)
        if given.csv:
            _print_csv(connection.execute(given.sql))
        else:
            width = shutil.get_terminal_size((120, 40)).columns
            connection.sql(given.sql).show(max_rows=_MOST_ROWS, max_width=width, null_value="")
    except duckdb.Error as error:
        # The first line says what, those after the next empty one where.
        raise LakeError(str(error).strip()) from error
    finally:
        connection.close()


def _check(connection: Any, sql: str) -> None:
    """Raise LakeError for all that is not one statement that only asks."""
    from duckdb import StatementType

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != StatementType.SELECT:
        raise LakeError("Only one question is answered: SELECT, WITH, FROM, DESCRIBE or SUMMARIZE.")


def _print_csv(answer: Any) -> None:
    """Print all rows; texts that spreadsheets would take for a formula get an apostrophe.

    NaN as the tables of the pages have it: polars takes a column with nan for text.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([_safe(name) for name, *_ in answer.description])
    while rows := answer.fetchmany(_ROWS_AT_ONCE):
        writer.writerows([[_safe(cell) for cell in row] for row in rows])


def _safe(cell: Any) -> Any:
    if isinstance(cell, float) and math.isnan(cell):
        return "NaN"
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
