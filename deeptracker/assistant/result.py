"""What the tools answer: JSON in names, small enough to be read; `more` says what was left out."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, Field

# Some four thousand tokens.
MOST_CHARACTERS = 16_000
MOST_TEXT = 1_500

# A value that was logged as such, not finite; one that was not recorded is null.
NotFinite = Literal["NaN", "Infinity", "-Infinity"]
Number = float | NotFinite | None
# Iteration and value.
Points = list[tuple[int, Number]]
# What a run's verdict may be, as the results describe it.
VERDICTS = (
    "healthy; not judged: nothing was found, but too few rules could look; unexplained; fault; "
    "null: no rule looked at it yet"
)

_Row = TypeVar("_Row")
_Part = TypeVar("_Part", bound="Part")


class Result(BaseModel):
    """One answer; what is null or empty is left out of its text."""

    page: str = Field(default="", description="Address of the page that shows it to a person.")

    def text(self) -> str:
        """Return it as JSON on one line, without what is empty."""
        return self.model_dump_json(exclude_defaults=True)


class Part(Result):
    """A part of a longer list."""

    more: str = Field(default="", description="How many more there are, and how to ask for them.")
    note: str = Field(default="", description="What is missing, and how to have it.")


def fitting(
    rows: Sequence[_Row],
    make: Callable[[list[_Row], str], _Part],
    *,
    offset: int = 0,
    total: int | None = None,
) -> _Part:
    """Return what `make` makes of as many rows as fit into an answer, and of what `more` says.

    `rows` begin at `offset` of `total`; by default they are all there are.
    """
    whole = offset + len(rows) if total is None else total
    kept = list(rows)
    while True:
        left = whole - offset - len(kept)
        said = f"{left} more: ask with offset={offset + len(kept)}." if left > 0 else ""
        found = make(kept, said)
        size = len(found.text())
        if len(kept) <= 1 or size <= MOST_CHARACTERS:
            return found
        kept = kept[: max(1, min(len(kept) - 1, len(kept) * MOST_CHARACTERS // size))]


def number(value: Any, digits: int = 4) -> Number:
    """Return a number of few digits; null where it is None."""
    if value is None:
        return None
    found = float(value)
    if math.isnan(found):
        return "NaN"
    if math.isinf(found):
        return "Infinity" if found > 0 else "-Infinity"
    return float(f"{found:.{digits}g}")


def measured(value: Any, digits: int = 4) -> Number:
    """Return a number of few digits; null where it is NaN, which says that it was not measured."""
    return None if value is None or math.isnan(float(value)) else number(value, digits)


def points(
    iterations: Any, values: Any, places: Any, *, of: Callable[[Any], Number] = measured
) -> Points:
    """Return the values at some places, each with its iteration; `of` says what NaN is."""
    return [(int(iterations[at]), of(values[at])) for at in places]


def shortened(text: str | None, most: int = MOST_TEXT) -> str:
    """Return a text, cut where it is long."""
    found = text or ""
    return found if len(found) <= most else f"{found[:most]}... ({len(found):,} characters)"


def plain(value: Any) -> Any:
    """Return a value of JSON with finite numbers alone: the others as text."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return number(value, 6)
    return shortened(value) if isinstance(value, str) else value


def nearest(iterations: Any, wanted: int | None) -> int:
    """Return the place of the last iteration up to `wanted`, of the first where none is; -1: none.

    Without `wanted` that of the last.
    """
    if len(iterations) == 0:
        return -1
    if wanted is None:
        return len(iterations) - 1
    return max(int(np.searchsorted(iterations, wanted, side="right")) - 1, 0)
