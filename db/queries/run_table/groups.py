"""The table of runs by groups: how many runs share a value, and what their numbers come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    Text,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from db.models import Account, Run
from db.queries.run_table.fields import Kind, Known, group_key, kind_of, known
from db.queries.run_table.page import PAGE, Asked, on_shelf, wanted
from db.queries.run_table.tree import Field, FilterError

_GROUPING = (Kind.ANY, Kind.TEXT, Kind.TAGS, Kind.SEVERITY)
_NUMBERS = (Kind.ANY, Kind.NUMBER, Kind.SHARE, Kind.DURATION)
# Squares of larger numbers are no longer doubles, and a server that tries raises.
_LARGEST: ColumnElement[float] = literal_column("1e150::double precision")


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of `count` finite numbers; None of too few of them."""

    mean: float | None
    deviation: float | None
    count: int


@dataclass(frozen=True)
class Group:
    """`runs` runs that share a value (None: they lack it), with a Spread for each measure."""

    value: str | None
    runs: int
    spreads: tuple[Spread, ...]


@dataclass(frozen=True)
class GroupPage:
    """A page of groups; `total` groups of `matching` runs in all, the rest as in TablePage.

    A run with several tags is in several groups, and counts once in `matching`.
    """

    groups: tuple[Group, ...] = ()
    number: int = 1
    pages: int = 1
    total: int = 0
    matching: int = 0
    found: int = 0
    recording: bool = False


def can_group(field: Field) -> bool:
    """Return whether runs can be grouped by a field: not by what each has its own of."""
    return kind_of(field) in _GROUPING


def is_measure(field: Field) -> bool:
    """Return whether groups have a mean of a field."""
    return kind_of(field) in _NUMBERS


def group_page(
    session: Session,
    asked: Asked,
    *,
    by: Field,
    measures: Sequence[Field] = (),
    sort: int | None = None,
) -> GroupPage:
    """Return a page of groups by one statement; FilterError where a field cannot be meant.

    They are sorted by the measure at the place `sort`, None: by their number of runs; in the
    direction of `asked`, whose order and columns are not looked at.
    """
    grouped = _grouped(asked, by, measures)
    order = grouped.c.runs if sort is None else grouped.c[f"mean_{sort}"]
    number = select(func.count()).select_from(grouped).scalar_subquery()
    before = func.least(max(asked.page, 1) - 1, func.greatest(number - 1, 0) // PAGE) * PAGE
    shelf = on_shelf(asked)
    query = (
        select(grouped, number.label("total"), shelf)
        .join_from(shelf, grouped, true(), isouter=True)
        .order_by(
            (order.desc() if asked.descending else order.asc()).nulls_last(),
            grouped.c.runs.desc(),
            grouped.c.key.collate("C"),
        )
        .limit(PAGE)
        .offset(before)
    )
    rows = session.execute(query).all()
    first = rows[0]
    if first.runs is None:
        return GroupPage(found=first.found, recording=first.recording)
    pages = -(-first.total // PAGE)
    return GroupPage(
        tuple(_group(row._mapping, len(measures)) for row in rows),
        min(max(asked.page, 1), pages),
        pages,
        first.total,
        first.matching,
        first.found,
        first.recording,
    )


def _grouped(asked: Asked, by: Field, measures: Sequence[Field]) -> CTE:
    key = _key(by)
    numbers = [_finite(known(one)).label(f"number_{at}") for at, one in enumerate(measures)]
    matching = (
        select(Run.id.label("id"), key.label("key"), *numbers)
        .outerjoin(Account, Account.id == Run.owner_id)
        .where(*wanted(asked))
        .cte("matching")
    )
    number = select(func.count(matching.c.id.distinct())).scalar_subquery()
    parts: list[ColumnElement[Any]] = []
    for at in range(len(measures)):
        value = matching.c[f"number_{at}"]
        parts += [
            func.avg(value).label(f"mean_{at}"),
            func.stddev_samp(value).label(f"deviation_{at}"),
            func.count(value).label(f"count_{at}"),
        ]
    columns = (matching.c.key, func.count().label("runs"), number.label("matching"), *parts)
    return select(*columns).group_by(matching.c.key).cte("grouped")


def _finite(field: Known) -> ColumnElement[float]:
    value = cast(field.number, Double)
    return case((func.abs(value) < _LARGEST, value))


def _key(by: Field) -> ColumnElement[Any]:
    if not can_group(by):
        raise FilterError(f"Runs cannot be grouped by {by}, which each has its own of,", 1)
    field = known(by)
    if field.kind is Kind.TAGS:
        none = array([cast(null(), Text)])
        return func.unnest(case((func.cardinality(field.value) > 0, field.value), else_=none))
    return group_key(field)


def _group(row: Any, measures: int) -> Group:
    spreads = tuple(
        Spread(row[f"mean_{at}"], row[f"deviation_{at}"], row[f"count_{at}"])
        for at in range(measures)
    )
    return Group(row["key"], row["runs"], spreads)
