"""Which runs the table shows, in which order: no Dash here."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.views.runs.ids import Ids
from db.queries.runs.runs import RunRow

PAGE = 50
MAX_SEARCH = 200


@dataclass(frozen=True)
class Order:
    """A column by the id of its button, and the direction."""

    by: str = Ids.SORT_CREATED
    descending: bool = True


def _error(run: RunRow) -> float | None:
    return None if run.last_error is None or math.isnan(run.last_error) else run.last_error


SORT_KEYS: dict[str, Callable[[RunRow], Any]] = {
    Ids.SORT_STATE: lambda run: run.state,
    Ids.SORT_NAME: lambda run: run.name.casefold(),
    Ids.SORT_MODEL: lambda run: run.model.casefold(),
    Ids.SORT_DATASET: lambda run: run.dataset.casefold(),
    Ids.SORT_SNAPSHOTS: lambda run: run.snapshot_count,
    Ids.SORT_ERROR: _error,
    Ids.SORT_OWNER: lambda run: run.owner and run.owner.casefold(),
    Ids.SORT_CREATED: lambda run: run.created_at,
}
# What people want to see first of these columns are the largest.
_DESCENDING_FIRST = (Ids.SORT_SNAPSHOTS, Ids.SORT_CREATED)


def read_order(data: object) -> Order:
    """Return the order that a browser sent, the default where it sent none that exists."""
    if not isinstance(data, dict) or data.get("by") not in SORT_KEYS:
        return Order()
    return Order(str(data["by"]), bool(data.get("descending")))


def next_order(order: Order, clicked: str) -> Order:
    """Return the order after a click on a column's head: the other way round, or by that column."""
    if clicked == order.by:
        return Order(order.by, not order.descending)
    return Order(clicked, clicked in _DESCENDING_FIRST)


def matching(runs: Sequence[RunRow], search: str) -> list[RunRow]:
    """Return the runs that hold every word of `search` in one of their texts."""
    words = search[:MAX_SEARCH].casefold().split()
    return [run for run in runs if all(word in _text(run) for word in words)]


def _text(run: RunRow) -> str:
    texts = (run.name, run.recorded_name, run.model, run.dataset, run.state, run.owner or "")
    return " ".join((*texts, *run.tags, run.notes)).casefold()


def ordered(runs: Sequence[RunRow], order: Order) -> list[RunRow]:
    """Return the runs in order; what is not known comes last in both directions."""
    key = SORT_KEYS[order.by]
    known = [run for run in runs if key(run) is not None]
    unknown = [run for run in runs if key(run) is None]
    return sorted(known, key=key, reverse=order.descending) + unknown


def page_of(runs: Sequence[RunRow], number: int) -> tuple[list[RunRow], int, int]:
    """Return the runs of a page, its number (1 and up, within bounds), and the number of pages."""
    pages = max(1, math.ceil(len(runs) / PAGE))
    number = min(max(number, 1), pages)
    return list(runs[(number - 1) * PAGE : number * PAGE]), number, pages


def planned_snapshots(run: RunRow) -> int | None:
    """Return how many snapshots there will be, by the speed so far; None where unknown."""
    if not run.planned_iterations or not run.last_iteration or not run.snapshot_count:
        return None
    every = run.last_iteration / run.snapshot_count
    return max(run.snapshot_count, round(run.planned_iterations / every))
