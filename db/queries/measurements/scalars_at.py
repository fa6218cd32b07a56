"""What scalars said last up to some iterations: a row or two of each, not the whole series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.raw import fetch, joined, numbers


@dataclass(frozen=True)
class ScalarRows:
    """Where the rows of the series of a run begin and end, by name: each array [rows].

    `row` is the snapshot that a row came with, rising; `first` and `last` are the iterations that
    it begins and ends with, i4. Rows without a value are left out. Rows may overlap, where a run
    went back to an earlier checkpoint.
    """

    row: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def about(self, at: int) -> NDArray[np.int32]:
        """Return the rows that can hold the last value up to `at`: at most one that ends by then,
        and those that go on beyond.
        """
        beyond = self.row[(self.first <= at) & (self.last > at)]
        ended = np.flatnonzero(self.last <= at)
        if not len(ended):
            return beyond
        # Of equal ends the later row counts.
        best = ended[len(ended) - 1 - int(np.argmax(self.last[ended][::-1]))]
        return np.append(beyond, self.row[best])


def scalar_rows(session: Session, *, run_id: int) -> dict[str, ScalarRows]:
    """Return where the rows of all series of a run begin and end, by name, sorted."""
    rows = fetch(
        session,
        "SELECT name, iteration, substring(iterations FOR 4), "
        "substring(iterations FROM octet_length(iterations) - 3) FROM scalar "
        "WHERE run_id = %(run)s AND octet_length(iterations) > 0 ORDER BY name, iteration",
        {"run": run_id},
    )
    if not rows:
        return {}
    names = np.array([row[0] for row in rows], dtype=object)
    found = {}
    row, first, last = numbers(rows, 1, "i4"), joined(rows, 2, "i4"), joined(rows, 3, "i4")
    starts = np.flatnonzero(np.append(True, names[1:] != names[:-1]))
    for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
        part = slice(int(start), int(end))
        found[str(names[start])] = ScalarRows(row[part], first[part], last[part])
    return found


def scalars_at(
    session: Session, *, run_id: int, rows: dict[str, ScalarRows], iterations: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Return the last value of series up to each of some iterations, f8 [n]; NaN: none by then.

    `rows` are those of the wanted series, as `scalar_rows` has them at this moment. Of an iteration
    that was logged twice the value of the later snapshot counts.
    """
    asked = {
        (name, int(row)) for name, own in rows.items() for at in iterations for row in own.about(at)
    }
    stored = fetch(
        session,
        'SELECT s.name, s.iteration, s.iterations, s."values" '
        "FROM unnest(%(names)s::text[], %(rows)s::integer[]) AS a (name, iteration) "
        "JOIN scalar AS s ON s.run_id = %(run)s AND s.name = a.name AND s.iteration = a.iteration",
        {
            "run": run_id,
            "names": [name for name, _ in asked],
            "rows": [row for _, row in asked],
        },
    )
    best = {name: [(-1, -1, np.nan)] * len(iterations) for name in rows}
    for name, row, logged, values in stored:
        own = np.frombuffer(logged, "<i4")
        for place, at in enumerate(iterations):
            last = int(np.searchsorted(own, at, side="right")) - 1
            if last >= 0:
                value = float(np.frombuffer(values, "<f8", 1, 8 * last)[0])
                best[name][place] = max(best[name][place], (int(own[last]), row, value))
    return {name: np.array([value for *_, value in found]) for name, found in best.items()}
