"""Scalars since the last snapshot: a line for each iteration, added as soon as it is logged.

A line is a JSON list of the iteration and an object of values by name; NaN and infinities are the
texts "nan", "inf" and "-inf". A writer that is killed leaves at most one line unfinished.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deeptracker.errors import LogError
from deeptracker.format.entries import check_name, parse_json
from deeptracker.format.files import read_limited
from deeptracker.format.names import SCALARS
from deeptracker.format.snapshot import MAX_ITERATION, Series

MAX_TAIL = 256 * 2**20
_MAX_NAMES = 1_000
_ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

Values = dict[str, dict[int, float]]

_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def tail_line(iteration: int, values: Mapping[str, float]) -> bytes:
    """Return one line of the file."""
    try:
        text = _encode([iteration, values])
    except ValueError:
        plain = {n: v if math.isfinite(v) else str(float(v)) for n, v in values.items()}
        text = _encode([iteration, plain])
    return text.encode() + b"\n"


def read_tail(run_dir: Path) -> Values:
    """Return the values of scalars.jsonl by name and iteration; empty where there is none.

    An unfinished last line is passed over; LogError where anything else is wrong.
    """
    path = run_dir / SCALARS
    if not os.path.lexists(path):
        return {}
    return parse_tail(path, read_limited(path, MAX_TAIL))


def parse_tail(path: Path, data: bytes) -> Values:
    """Return what the bytes of scalars.jsonl say; `path` is only named in errors, see above."""
    *lines, _ = data.split(b"\n")
    found: Values = {}
    for number, line in enumerate(lines, 1):
        place = f"line {number}"
        match parse_json(path, place, line):
            case [int(iteration), dict(values)] if 0 <= iteration <= MAX_ITERATION:
                for name, value in values.items():
                    if name not in found:
                        check_name(path, place, name)
                        if len(found) >= _MAX_NAMES:
                            raise LogError(path, place, f"has more than {_MAX_NAMES} names")
                    found.setdefault(name, {})[iteration] = _number(path, place, value)
            case _:
                raise LogError(path, place, "must be an iteration and an object of values")
    return found


def _number(path: Path, place: str, value: Any) -> float:
    if isinstance(value, str) and value in _ODD:
        return _ODD[value]
    if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > 1.8e308:
        raise LogError(path, place, "holds a value that is not a number")
    return float(value)


def with_tail(scalars: Mapping[str, Series], tail: Values, *, after: int) -> dict[str, Series]:
    """Return series that go on with the values of the tail from the last snapshot's, `after`, on.

    Those of `after` itself were logged when the snapshot was on disk, or stand in it already.
    """
    found = dict(scalars)
    for name, values in tail.items():
        series = found.get(name)
        last = after - 1
        if series is not None and len(series.iterations):
            last = max(last, int(series.iterations[-1]))
        more = sorted((at, value) for at, value in values.items() if at > last)
        if not more:
            continue
        iterations = np.array([at for at, _ in more], np.int64)
        new = np.array([value for _, value in more], np.float64)
        if series is not None:
            iterations = np.concatenate([series.iterations, iterations])
            new = np.concatenate([series.values, new])
        found[name] = Series(iterations, new)
    return found
