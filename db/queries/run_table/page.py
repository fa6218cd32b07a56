"""One page of the table of runs: filtered, sorted and cut in the database, by one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    any_,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from db.models import Account, Run
from db.queries.run_table.conditions import condition
from db.queries.run_table.fields import FIELDS, Kind, group_key, known
from db.queries.run_table.tree import All, Field, Name, Tree
from db.queries.runs.run_names import RUN_NAME
from db.queries.runs.runs import LARGEST_ID, ON_SHELF, RunRow, Shelf, run_row, select_runs

PAGE = 50
EVERYTHING: Tree = All(())
NEWEST = Name("created")
# How many points a curve has at most.
CURVE_POINTS = 40


@dataclass(frozen=True)
class Within:
    """A group of runs: those that have `value` for a field, None: those that lack it."""

    field: Field
    value: str | None


@dataclass(frozen=True)
class Asked:
    """Which runs the table shows, in which order; what is not known comes last in both directions.

    `within`: of this group alone. `only`: of these runs alone; those in use and those in the
    archive then count as one shelf. Each of `columns` comes with every row, besides what a RunRow
    is; with `curves` also its error over time.
    """

    shelf: Shelf = Shelf.ACTIVE
    tree: Tree = EVERYTHING
    within: Within | None = None
    only: tuple[int, ...] = ()
    order: Field = NEWEST
    descending: bool = True
    page: int = 1
    columns: tuple[Field, ...] = ()
    curves: bool = False


@dataclass(frozen=True)
class TablePage:
    """The rows of a page with `number` (1 and up, within bounds) of `pages`.

    `matching` runs are on all pages, `found` on the shelf, `recording`: any of these still records.
    `annotations` counts the open ones by run; `values` has those of the columns asked for, by run,
    in their order: numbers, texts, dates, None. `curves` has at most CURVE_POINTS errors by run, of
    validation or else of training, from the first snapshot to the last; None: not measured.
    """

    rows: list[RunRow] = field(default_factory=list)
    number: int = 1
    pages: int = 1
    matching: int = 0
    found: int = 0
    recording: bool = False
    annotations: Mapping[int, int] = field(default_factory=dict)
    values: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)
    curves: Mapping[int, list[float | None]] = field(default_factory=dict)


# The last snapshot of each of CURVE_POINTS stretches.
_CURVE = """(SELECT array_agg(nullif(part.error, 'NaN') ORDER BY part.place) FROM (
    SELECT DISTINCT ON (place) place, error FROM (
        SELECT (row_number() OVER (ORDER BY s.iteration) - 1) * 40
                / greatest(count(*) OVER (), 40) AS place,
            s.iteration, coalesce(nullif(s.validation_error, 'NaN'), s.train_error) AS error
        FROM snapshot AS s WHERE s.run_id = run.id) AS one
    ORDER BY place, iteration DESC) AS part)"""


def table_page(session: Session, asked: Asked) -> TablePage:
    """Return a page of the table; FilterError where a condition or a column cannot be meant."""
    matching = _matching(asked)
    page = _page(matching, asked)
    shelf = on_shelf(asked)
    columns = [known(one).value.label(f"column_{at}") for at, one in enumerate(asked.columns)]
    if asked.curves:
        columns.append(literal_column(_CURVE).label(f"column_{len(columns)}"))
    number = select(func.count()).select_from(matching).scalar_subquery().label("matching")
    notes = FIELDS["annotations"][1]().label("annotations")
    rows = session.execute(
        select_runs()
        .add_columns(number, shelf.c.found, shelf.c.recording, notes, *columns)
        .join(page, page.c.id == Run.id)
        .join(shelf, true())
        .order_by(page.c.place)
    ).all()
    if not rows:
        found, recording = session.execute(select(shelf)).one()
        return TablePage(found=found, recording=recording)
    taken = [_taken(row._asdict(), len(columns)) for row in rows]
    first = rows[0]
    pages = -(-first.matching // PAGE)
    return TablePage(
        [run for run, _, _ in taken],
        min(max(asked.page, 1), pages),
        pages,
        first.matching,
        first.found,
        first.recording,
        {run.id: number for run, number, _ in taken},
        {run.id: values[: len(asked.columns)] for run, _, values in taken},
        {run.id: values[-1] or [] for run, _, values in taken} if asked.curves else {},
    )


def matching_ids(session: Session, asked: Asked, *, most: int) -> list[int]:
    """Return the ids of all runs that match, in order, at most `most`."""
    return [run_id for run_id, *_ in matching_runs(session, asked, most=most)]


def matching_runs(
    session: Session, asked: Asked, *, most: int
) -> list[tuple[int, str, int | None]]:
    """Return id, name and owner of all runs that match, in order, at most `most`."""
    matching = _matching(asked)
    query = select(Run.id, RUN_NAME, Run.owner_id).join(matching, matching.c.id == Run.id)
    rows = session.execute(query.order_by(*_order(matching, asked)).limit(most))
    return [(found[0], found[1], found[2]) for found in rows]


def _place(asked: Asked) -> ColumnElement[bool]:
    if asked.only and asked.shelf is not Shelf.TRASH:
        return or_(ON_SHELF[Shelf.ACTIVE], ON_SHELF[Shelf.ARCHIVED])
    return ON_SHELF[asked.shelf]


def on_shelf(asked: Asked) -> CTE:
    """Return one row: how many runs there are on the shelf, and whether any of them records."""
    recording = func.coalesce(func.bool_or(Run.state == "recording"), False)
    there = select(func.count().label("found"), recording.label("recording"))
    return there.select_from(Run).where(_place(asked)).cte("shelf").prefix_with("MATERIALIZED")


def wanted(asked: Asked) -> list[ColumnElement[bool]]:
    """Return what holds of the runs that are asked for, beside their owners in `account`."""
    found = [_place(asked), condition(asked.tree)]
    if asked.only:
        found.append(Run.id.in_([one for one in asked.only if one <= LARGEST_ID]))
    if asked.within is not None:
        found.append(_inside(asked.within))
    return found


def _inside(within: Within) -> ColumnElement[bool]:
    field = known(within.field)
    if field.kind is not Kind.TAGS:
        return group_key(field).is_not_distinct_from(within.value)
    if within.value is None:
        return func.cardinality(field.value) == 0
    return literal(within.value) == any_(field.value)


def _matching(asked: Asked) -> CTE:
    sorts = known(asked.order).sorts
    return (
        select(
            Run.id.label("id"),
            Run.created_at.label("created"),
            *(one.label(f"sort_{at}") for at, one in enumerate(sorts)),
        )
        .outerjoin(Account, Account.id == Run.owner_id)
        .where(*wanted(asked))
        .cte("matching")
    )


def _order(matching: CTE, asked: Asked) -> list[ColumnElement[Any]]:
    sorts = [column for name, column in matching.c.items() if name.startswith("sort_")]
    by = [one.desc() if asked.descending else one.asc() for one in sorts]
    # The newest first among equals.
    return [*(one.nulls_last() for one in by), matching.c.created.desc(), matching.c.id.desc()]


def _page(matching: CTE, asked: Asked) -> CTE:
    number = select(func.count()).select_from(matching).scalar_subquery()
    last = func.greatest(number - 1, 0) // PAGE
    before = func.least(max(asked.page, 1) - 1, last) * PAGE
    order = _order(matching, asked)
    query: Select[Any] = select(
        matching.c.id, func.row_number().over(order_by=order).label("place")
    )
    return query.order_by(*order).limit(PAGE).offset(before).cte("page")


def _taken(values: dict[str, Any], columns: int) -> tuple[RunRow, int, tuple[Any, ...]]:
    for name in ("matching", "found", "recording"):
        del values[name]
    shown = tuple(values.pop(f"column_{at}") for at in range(columns))
    number = values.pop("annotations")
    return run_row(values), number, shown
