"""Tools about what the training script logged: the names of series, and their values, thinned."""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from deeptracker.assistant.asked_run import AskedRun, find_run
from deeptracker.assistant.result import Number, Part, Points, fitting, number, points
from deeptracker.assistant.tools_layers import First, Last
from deeptracker.assistant.tools_runs import Offset, RunName
from deeptracker.connection import Connection
from deeptracker.thinning import telling


class ScalarNames(Part):
    """Names of logged series, sorted."""

    run: str
    names: list[str]


class Series(BaseModel):
    """One series, or a range of it."""

    name: str
    logged: int = Field(description="number of values in the range")
    first: Number
    last: Number
    lowest: Number
    lowest_at: int | None
    highest: Number
    highest_at: int | None
    not_finite: int = Field(default=0, description="how many are NaN or infinite")
    not_finite_at: int | None = Field(default=None, description="the first of them")
    values: Points = Field(description="iteration and value: lowest and highest of each stretch")


class Scalars(Part):
    """Series of a run."""

    run: str
    series: list[Series]


class ScalarTools:
    """Tools about what the script logged."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_scalars(
        self,
        run: RunName,
        search: Annotated[str, Field(description="Words, all of which occur in a name.")] = "",
        offset: Offset = 0,
        limit: Annotated[int, Field(ge=1, le=500, description="The most that are told.")] = 100,
    ) -> ScalarNames:
        """List the names of everything that the training script logged as numbers over time."""
        found = find_run(self._connection, run)
        words = search.lower().split()
        names = [
            name for name in found.json("/scalars") if all(word in name.lower() for word in words)
        ]
        return fitting(
            names[offset : offset + limit],
            lambda rows, more: ScalarNames(
                page=found.page("scalars"),
                run=found.name,
                names=rows,
                more=more,
                note="" if names else "not recorded: a series of such a name.",
            ),
            offset=offset,
            total=len(names),
        )

    def read_scalars(
        self,
        run: RunName,
        names: Annotated[list[str], Field(min_length=1, max_length=8, description="Of series.")],
        first: First = None,
        last: Last = None,
        values: Annotated[int, Field(ge=4, le=200, description="The most of each series.")] = 30,
    ) -> Scalars:
        """Tell logged series over a range of iterations: extremes, what is not finite, values.

        Values are thinned; ask for a shorter range to see more of it.
        """
        found = find_run(self._connection, run)
        return fitting(
            [_series(found, name, first, last, values) for name in names],
            lambda rows, more: Scalars(
                page=found.page("scalars"),
                run=found.name,
                series=rows,
                more=more and f"{len(names) - len(rows)} more: ask for fewer names or values.",
            ),
        )


def _series(run: AskedRun, name: str, first: int | None, last: int | None, most: int) -> Series:
    arrays, _ = run.arrays("/scalar", name=name)
    iterations, values = arrays["iteration"], arrays["value"]
    inside = np.full(len(iterations), True)
    if first is not None:
        inside &= iterations >= first
    if last is not None:
        inside &= iterations <= last
    iterations, values = iterations[inside], values[inside]
    finite = np.flatnonzero(np.isfinite(values))
    wrong = np.flatnonzero(~np.isfinite(values))
    lowest = finite[np.argmin(values[finite])] if len(finite) else None
    highest = finite[np.argmax(values[finite])] if len(finite) else None
    return Series(
        name=name,
        logged=len(values),
        first=number(values[0]) if len(values) else None,
        last=number(values[-1]) if len(values) else None,
        lowest=None if lowest is None else number(values[lowest]),
        lowest_at=None if lowest is None else int(iterations[lowest]),
        highest=None if highest is None else number(values[highest]),
        highest_at=None if highest is None else int(iterations[highest]),
        not_finite=len(wrong),
        not_finite_at=int(iterations[wrong[0]]) if len(wrong) else None,
        values=points(iterations, values, telling(values, most), of=number),
    )
