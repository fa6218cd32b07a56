"""Predictions of validation images in a CSV table: what each checkpoint said of each image."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError

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


def find_predictions(folder: Path) -> Path | None:
    """Return the table of predictions in a folder, by its columns; the first one by name."""
    for path in sorted(folder.glob("*.csv")):
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                head = next(csv.reader([file.readline(_MOST_HEAD)]), [])
        except (OSError, UnicodeDecodeError, csv.Error):
            continue
        if set(COLUMNS) <= {name.strip() for name in head}:
            return path
    return None


def read_predictions(path: Path) -> Predictions:
    """Return the table at `path`: iteration, image, label, prediction, and probability if known.

    Labels and predictions are names or numbers of classes; the probability is that of the true
    class. Raises LogError for a missing column, an unusable value, an image of two labels.
    """
    labels: dict[str, str] = {}
    said: dict[int, dict[str, tuple[str, float]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise LogError(
                    path, missing[0], f"is missing; the columns are {', '.join(COLUMNS)}"
                )
            for number, row in enumerate(table, start=2):
                at, image, label, guess, chance = _row(path, number, row)
                if labels.setdefault(image, label) != label:
                    raise LogError(path, f"line {number}", f"gives image {image} another label")
                said.setdefault(at, {})[image] = guess, chance
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(path, "", f"cannot be read as CSV ({error})") from error
    if not said:
        raise LogError(path, "", "has no rows")
    return _arranged(labels, said)


def _row(path: Path, number: int, row: Mapping[str, str]) -> tuple[int, str, str, str, float]:
    try:
        at = float(row["iteration"])
        chance = float(row.get("probability") or math.nan)
        if not (at >= 1 and at == int(at)):
            raise ValueError(f"iteration {row['iteration']} is no whole number from 1")
        if not (math.isnan(chance) or 0 <= chance <= 1):
            raise ValueError(f"probability {row['probability']} is not between 0 and 1")
        image, label, guess = (row[name].strip() for name in COLUMNS[1:])
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise LogError(path, f"line {number}", f"cannot be used ({error})") from error
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
