"""The lines of a run in a comparison, kept in the store beside its first answers.

As long as no line is taken from another and none are grouped, what a comparison draws of a run
follows from that run alone, whatever it is compared with. A million values are read for each line
of a few thousand points: of a run that is prepared (app/large_runs.py) the first lines are kept, by
iteration, by epoch and by time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.data.series import averages, put_series, within
from app.kept_arrays import archived, arrays_in
from app.large_runs import is_prepared
from app.versions import version_token
from db.queries.runs.prepared_answers import find_answer
from db.queries.runs.runs import RunRow

# Of a chart of the compare page in most windows: app/web/scalars/first.ts.
LINE_PIXELS: Final = 512
# Places on the axis of Compare lie evenly: a pixel is an equal part of it.
_EVENLY = np.zeros(0, np.int32)
_ABOUT = "about"


@dataclass(frozen=True)
class Line:
    """What is drawn of a series: arrays by "series.iterations" and the like, as app/data/series.py
    makes them, and how many values there are, are shown, and are odd.
    """

    parts: Mapping[str, NDArray[Any]]
    counts: Mapping[str, int]


def drawn(
    where: NDArray[np.int32],
    values: NDArray[np.float64],
    *,
    low: int | None,
    high: int | None,
    pixels: int,
) -> Line:
    """Return the line of values [n] at rising ticks [n], of the part in low..high of the axis.

    Where it does not hold all from the beginning, it has the means that a smooth line is made of.
    """
    parts: dict[str, Any] = {}
    seen = within(where, values, low=low, high=high)
    counts = put_series(parts, "series", seen, ticks=_EVENLY, buckets=pixels).counts
    if low or counts["shown"] + counts["odd"] < counts["total"]:
        means = averages(where, values, low=low, high=high, ticks=_EVENLY, buckets=pixels)
        for name, found in zip(("iterations", "values", "counts"), means, strict=True):
            parts[f"mean.{name}"] = found
    return Line(parts, counts)


def lines_place(run: RunRow, alignment: str) -> tuple[str, str]:
    """Return under which token, and as what, the first lines of a run are kept."""
    # Those by iteration were kept before the others were.
    by = "" if alignment == "iteration" else f" {alignment}"
    return version_token(run.this_version), f"lines {LINE_PIXELS}{by}"


def find_lines(session: Session, run: RunRow, alignment: str) -> dict[str, Line]:
    """Return the lines that are kept of a run as the session sees it, by the names of scalars."""
    if not is_prepared(run):
        return {}
    token, asked = lines_place(run, alignment)
    data = find_answer(session, run_id=run.id, asked=asked, token=token)
    return {} if data is None else _unpacked(data)


def packed(lines: Mapping[str, Line]) -> bytes:
    """Return lines as bytes: numpy's own archive of their arrays, and JSON of the rest in it."""
    about = [[name, dict(line.counts)] for name, line in lines.items()]
    arrays: dict[str, Any] = {_ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for at, line in enumerate(lines.values()):
        arrays |= {f"{at}.{part}": array for part, array in line.parts.items()}
    return archived(arrays)


def _unpacked(data: bytes) -> dict[str, Line]:
    arrays = arrays_in(data)
    about = json.loads(arrays.pop(_ABOUT).tobytes())
    parts: list[dict[str, NDArray[Any]]] = [{} for _ in about]
    for name, array in arrays.items():
        at, _, part = name.partition(".")
        parts[int(at)][part] = array
    return {name: Line(parts[at], counts) for at, (name, counts) in enumerate(about)}
