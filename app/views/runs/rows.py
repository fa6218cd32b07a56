"""What the table of runs is asked for: its order, its columns, what is typed; no Dash here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

from db.queries.run_table.fields import known
from db.queries.run_table.grammar import read_field
from db.queries.run_table.page import PAGE
from db.queries.run_table.tree import Field, FilterError
from db.queries.runs.runs import RunRow, Shelf

__all__ = ["PAGE", "Columns", "Order", "State", "next_order", "planned_snapshots"]

MOST_COLUMNS = 30
CURVE = "error curve"
# The columns of everybody who chose none.
USUAL = ("state", "name", "model", "dataset", "snapshots", "error", "findings", "owner", "created")
# What a head sorts by where it is not what the column is called.
SORTS_BY = MappingProxyType({"findings": "severity", CURVE: "error"})
# What people want to see first of these columns are the largest.
_DESCENDING_FIRST = ("snapshots", "created", "findings", "duration")


@dataclass(frozen=True)
class Order:
    """A column, and the direction."""

    by: str = "created"
    descending: bool = True

    @property
    def field(self) -> Field:
        """What is sorted by."""
        return read_field(SORTS_BY.get(self.by, self.by))


@dataclass(frozen=True)
class Columns:
    """The columns of the table by name, from the left, and why a name is none ("": all are)."""

    names: tuple[str, ...] = USUAL
    problem: str = ""


@dataclass(frozen=True)
class State:
    """All that the address of the table says."""

    search: str = ""
    shelf: Shelf = Shelf.ACTIVE
    order: Order = Order()
    columns: tuple[str, ...] = USUAL
    page: int = 1

    def query(self) -> str:
        """Return it as the query of an address, "" where all is as usual."""
        parts: dict[str, object] = {}
        if self.search.strip():
            parts["q"] = self.search
        if self.shelf is not Shelf.ACTIVE:
            parts["shelf"] = self.shelf
        if self.order != Order():
            parts["sort"] = f"{'-' if self.order.descending else ''}{self.order.by}"
        if self.columns != USUAL:
            parts["columns"] = list(self.columns)
        if self.page > 1:
            parts["page"] = self.page
        return urlencode(parts, doseq=True)


def read_state(search: str) -> State:
    """Return what an address says; what it says wrongly is as usual."""
    given = parse_qs(search.removeprefix("?"))
    first: Mapping[str, str] = {name: values[0] for name, values in given.items()}
    sort, page, shelf = first.get("sort", ""), first.get("page", ""), first.get("shelf")
    order = read_order({"by": sort.removeprefix("-"), "descending": sort.startswith("-")})
    return State(
        first.get("q", ""),
        Shelf(shelf) if shelf in list(Shelf) else Shelf.ACTIVE,
        order,
        read_columns(given.get("columns")).names,
        int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1,
    )


def read_order(data: object) -> Order:
    """Return the order that a browser sent, the default where it sent none that exists."""
    by = data.get("by") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(by, str) or _problem(by):
        return Order()
    return Order(by, bool(data.get("descending")))


def next_order(order: Order, clicked: str) -> Order:
    """Return the order after a click on a column's head: the other way round, or by that column."""
    if clicked == order.by:
        return Order(order.by, not order.descending)
    return Order(clicked, clicked in _DESCENDING_FIRST)


def read_columns(given: object) -> Columns:
    """Return the columns that a browser sent, each once; the name stays whatever it sends."""
    listed: Sequence[object] = given if isinstance(given, list) else []
    names = list(dict.fromkeys(one.strip() for one in listed if isinstance(one, str)))
    names = [one for one in names if one][:MOST_COLUMNS]
    problem = next((f"{name}: {_problem(name)}" for name in names if _problem(name)), "")
    good = tuple(name for name in names if not _problem(name))
    if not good:
        return Columns(problem=problem)
    return Columns(good if "name" in good else ("name", *good), problem)


def _problem(name: str) -> str:
    """Return why there is no column of this name; "" where there may be one."""
    if name in (*USUAL, CURVE):
        return ""
    try:
        known(read_field(name))
    except FilterError as error:
        return str(error)
    return ""


def planned_snapshots(run: RunRow) -> int | None:
    """Return how many snapshots there will be, by the speed so far; None where unknown."""
    if not run.planned_iterations or not run.last_iteration or not run.snapshot_count:
        return None
    every = run.last_iteration / run.snapshot_count
    return max(run.snapshot_count, round(run.planned_iterations / every))
