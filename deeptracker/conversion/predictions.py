"""Predictions of validation images in a table: what each checkpoint said of each image."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deeptracker.conversion.readers import is_inside
from deeptracker.conversion.readers.parquet import is_parquet, opened
from deeptracker.conversion.readers.tables import separator_of
from deeptracker.conversion.told import told
from deeptracker.errors import LogError, MissingExtra

_ENDINGS = (".csv", ".tsv", ".parquet")
COLUMNS = ("iteration", "image", "label", "prediction")
_MOST_HEAD = 65_536


@dataclass(frozen=True)
class Predictions:
    """N images in the order in which they first occur, and what was predicted of them.

    `labels` i8 [N] are places in `classes`; `prediction` i8 [N] by iteration, -1 where the table
    has none for the image; `probability` f8 [N] of the true class by iteration, NaN where it has
    none.
    """

    images: tuple[str, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    prediction: Mapping[int, NDArray[np.int64]]
    probability: Mapping[int, NDArray[np.float64]]


def read_predictions(path: Path) -> Predictions:
    """Return a table in CSV or Parquet: iteration, image, label, prediction, probability if known.

    Labels and predictions are names or numbers of classes; the probability is that of the true
    class. Raises LogError for a missing column, an unusable value, an image of two labels.
    """
    labels: dict[str, str] = {}
    said: dict[int, dict[str, tuple[str, float]]] = {}
    for number, row in _rows(path):
        at, image, label, guess, chance = _row(path, number, row)
        if labels.setdefault(image, label) != label:
            raise LogError(path, number, f"gives image {image} another label")
        said.setdefault(at, {})[image] = guess, chance
    if not said:
        raise LogError(path, "", "has no rows")
    return _arranged(labels, said)


def find_predictions(folder: Path) -> Path | None:
    """Return the table of predictions in a folder, by its columns; the first one by name."""
    if not folder.is_dir():
        return None
    there = filter(told(folder).belongs, sorted(folder.iterdir()))
    return next((path for path in there if _is_table(path, folder)), None)


def _is_table(path: Path, folder: Path) -> bool:
    if path.suffix.lower() not in _ENDINGS or not (path.is_file() and is_inside(path, folder)):
        return False
    try:
        if is_parquet(path):
            with opened(path) as table:
                return set(COLUMNS) <= set(table.schema_arrow.names)
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            header = file.readline(_MOST_HEAD)
        return set(COLUMNS) <= {name.strip() for name in header.split(separator_of(header))}
    except (OSError, LogError, MissingExtra):
        return False


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the rows of a table as texts, and what to call each of them."""
    if is_parquet(path):
        yield from _rows_of_parquet(path)
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline(_MOST_HEAD)
            file.seek(0)
            table = csv.DictReader(file, delimiter=separator_of(header))
            table.fieldnames = [name.strip() for name in table.fieldnames or ()]
            _check(path, table.fieldnames)
            for number, row in enumerate(table, start=2):
                yield f"line {number}", row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(path, "", f"cannot be read as CSV ({error})") from error


def _rows_of_parquet(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    with opened(path) as table:
        names = table.schema_arrow.names
        _check(path, names)
        wanted = [name for name in (*COLUMNS, "probability") if name in names]
        number = 0
        for batch in table.iter_batches(65_536, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", {name: _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    """Return a cell as CSV would have it: a missing one empty, whole numbers without a point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and math.isfinite(value) and value == math.trunc(value):
        return str(int(value))
    return str(value)


def _check(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise LogError(path, missing[0], f"is missing; the columns are {', '.join(COLUMNS)}")


def _row(path: Path, place: str, row: Mapping[str, str]) -> tuple[int, str, str, str, float]:
    try:
        at = float(row["iteration"])
        chance = float(row.get("probability") or math.nan)
        if not (at >= 1 and at == int(at)):
            raise ValueError(f"iteration {row['iteration']} is no whole number from 1")
        if not (math.isnan(chance) or 0 <= chance <= 1):
            raise ValueError(f"probability {row['probability']} is not between 0 and 1")
        image, label, guess = (row[name].strip() for name in COLUMNS[1:])
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise LogError(path, place, f"cannot be used ({error})") from error
    return int(at), image, label, guess, chance


def _arranged(
    labels: Mapping[str, str], said: Mapping[int, Mapping[str, tuple[str, float]]]
) -> Predictions:
    names = {*labels.values(), *(guess for rows in said.values() for guess, _ in rows.values())}
    classes = tuple(sorted(names - {""}, key=_order))
    place = {name: i for i, name in enumerate(classes)}
    absent = ("", math.nan)
    return Predictions(
        tuple(labels),
        classes,
        np.array([place[label] for label in labels.values()]),
        {
            at: np.array([place.get(rows.get(image, absent)[0], -1) for image in labels])
            for at, rows in said.items()
        },
        {
            at: np.array([rows.get(image, absent)[1] for image in labels])
            for at, rows in said.items()
        },
    )


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (2**62, name)
