"""What the table of runs is asked for: its order, its columns, what is typed; no Dash here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

from app.components import table_state
from app.components.table_state import Look, read_names, read_widths
from db.queries.run_table.fields import known
from db.queries.run_table.grammar import MOST_CHARACTERS, read_field
from db.queries.run_table.groups import can_group
from db.queries.run_table.page import PAGE
from db.queries.run_table.tree import Field, FilterError
from db.queries.runs.runs import RunRow, Shelf

__all__ = ["PAGE", "Columns", "Order", "State", "planned_snapshots"]

MOST_COLUMNS = 30
# The runs of each are asked for by a statement of its own.
MOST_UNFOLDED = 3
CURVE = "error curve"
# The columns of everybody who chose none.
USUAL = ("state", "name", "model", "dataset", "snapshots", "error", "findings", "owner", "created")
# What a head sorts by where it is not what the column is called.
SORTS_BY = MappingProxyType({"findings": "severity", CURVE: "error"})
# What people want to see first of these columns are the largest.
DESCENDING_FIRST = ("snapshots", "created", "findings", "duration")


@dataclass(frozen=True)
class Order(table_state.Order):
    """A column, and the direction."""

    by: str = "created"

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
    """All that the address of the table says.

    `group`: the field that runs are grouped by, "" for none; `unfolded` are the groups whose runs
    are listed, "=value", "" for those that lack it.
    """

    search: str = ""
    shelf: Shelf = Shelf.ACTIVE
    order: Order = Order()
    columns: tuple[str, ...] = USUAL
    page: int = 1
    group: str = ""
    unfolded: tuple[str, ...] = ()
    look: Look = field(default_factory=Look)

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
        if self.group:
            parts |= {"group": self.group, "open": list(self.unfolded)}
        if self.look.widths:
            parts["width"] = [f"{width}:{name}" for name, width in self.look.widths.items()]
        if self.look.pinned:
            parts["pin"] = list(self.look.pinned)
        if self.page > 1:
            parts["page"] = self.page
        return urlencode(parts, doseq=True)


def read_state(search: str) -> State:
    """Return what an address says; what it says wrongly is as usual."""
    given = parse_qs(search.removeprefix("?"))
    first: Mapping[str, str] = {name: values[0] for name, values in given.items()}
    sort, page, shelf = first.get("sort", ""), first.get("page", ""), first.get("shelf")
    order = read_order({"by": sort.removeprefix("-"), "descending": sort.startswith("-")})
    columns = read_columns(given.get("columns")).names
    widths = [text.partition(":") for text in given.get("width", [])]
    return State(
        first.get("q", ""),
        Shelf(shelf) if shelf in list(Shelf) else Shelf.ACTIVE,
        order,
        columns,
        int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1,
        read_group(first.get("group")),
        read_unfolded(given.get("open")),
        read_look(
            {name: int(width) for width, _, name in widths if re.fullmatch("[0-9]{1,4}", width)},
            given.get("pin"),
            columns,
        ),
    )


def read_order(data: object) -> Order:
    """Return the order that a browser sent, the default where it sent none that exists."""
    by = data.get("by") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(by, str) or _problem(by):
        return Order()
    return Order(by, bool(data.get("descending")))


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


def read_look(widths: object, pinned: object, columns: Sequence[str]) -> Look:
    """Return the widths and the columns in sight that a browser sent."""
    return Look(read_widths(widths, columns), read_names(pinned, columns))


def read_group(given: object) -> str:
    """Return what a browser wants runs to be grouped by; "" where they cannot be."""
    if not isinstance(given, str) or not given.strip():
        return ""
    try:
        return given.strip() if can_group(read_field(given)) else ""
    except FilterError:
        return ""


def read_unfolded(given: object) -> tuple[str, ...]:
    """Return the groups whose runs a browser wants to see, at most MOST_UNFOLDED."""
    listed = given if isinstance(given, list) else []
    texts = [one[:MOST_CHARACTERS] for one in listed if isinstance(one, str)]
    return tuple(dict.fromkeys(one for one in texts if not one or one[0] == "="))[-MOST_UNFOLDED:]


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
