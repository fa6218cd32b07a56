"""A page of the table of runs as the database gives it, with what is thought of its runs."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.components import live_table
from app.components.verdict import Verdict, judged_verdicts
from app.views.runs.columns import is_numeric
from app.views.runs.row import row
from app.views.runs.rows import CURVE, USUAL, State
from db.queries.run_table.grammar import read_field, read_filter
from db.queries.run_table.page import Asked, TablePage, Within, table_page
from db.queries.runs import run_upkeep
from db.queries.runs.runs import Shelf
from db.queries.runs.verdicts import Judged


@dataclass(frozen=True)
class Listing:
    """A page with the verdict and the last evaluation of its runs, and which are being deleted."""

    state: State
    page: TablePage
    thought: Mapping[int, Verdict]
    judged: Mapping[int, Judged]
    ending: AbstractSet[int]
    only: tuple[int, ...]

    def rows(self, boxes: AbstractSet[int], *, inside_group: bool = False) -> list[Component]:
        """Return the rows; `boxes` are the runs that can be ticked."""
        numeric = self.numeric
        return [
            row(
                run,
                self._worst(run.id),
                thought=self.thought[run.id],
                annotations=self.page.annotations[run.id],
                choice=run.id in boxes if boxes else None,
                ending=run.id in self.ending,
                columns=self.state.columns,
                values=self._values(run.id),
                numeric=numeric,
                inside_group=inside_group,
            )
            for run in self.page.rows
        ]

    @property
    def numeric(self) -> set[str]:
        """The columns that stand to the right."""
        found = [self._values(run.id) for run in self.page.rows]
        return {n for n in self.state.columns if is_numeric(n, [one.get(n) for one in found])}

    @property
    def listings(self) -> list["Listing"]:
        """The runs that are listed: these."""
        return [self]

    def _worst(self, run_id: int) -> tuple[str, int] | None:
        found = self.judged.get(run_id)
        return None if found is None or found.worst is None else (found.worst, found.number)

    @property
    def digest(self) -> str:
        """A text that changes when anything that the page shows does (times aside)."""
        now = datetime.now(UTC)
        parts: list[Any] = [
            (
                *(run.id, run.this_version, run.state, run.owner, run.snapshot_count, run.name),
                *(run.tags, run.silent_since(now), self.page.annotations[run.id]),
                *(self._worst(run.id), self.thought[run.id], self._kept(run.id)),
            )
            for run in self.page.rows
        ]
        totals = (self.page.found, self.page.matching, self.page.number)
        return live_table.digest(parts, self.state, totals, self.only, sorted(self.ending))

    def _values(self, run_id: int) -> dict[str, Any]:
        values = dict(zip(_others(self.state), self.page.values[run_id], strict=True))
        return {**values, CURVE: self.page.curves.get(run_id)}

    def _kept(self, run_id: int) -> dict[str, Any]:
        # An age is another one with every look.
        return {name: value for name, value in self._values(run_id).items() if name != "age"}


def _others(state: State) -> list[str]:
    """Return the columns whose values come with the rows as they are asked for."""
    return [name for name in state.columns if name not in (*USUAL, CURVE)]


def asked_of(state: State, only: tuple[int, ...] = (), within: Within | None = None) -> Asked:
    """Return what the database is asked for; FilterError."""
    return Asked(
        shelf=state.shelf,
        tree=read_filter(state.search),
        within=within,
        only=only,
        order=state.order.field,
        descending=state.order.descending,
        page=state.page,
        columns=tuple(read_field(name) for name in _others(state)),
        curves=CURVE in state.columns,
    )


def listing(
    session: Session, state: State, only: tuple[int, ...] = (), *, within: Within | None = None
) -> Listing:
    """Return the page that is asked for, of the runs `only` where there are any; FilterError.

    `within`: of the runs of a group alone.
    """
    page = table_page(session, asked_of(state, only, within))
    ending = run_upkeep.being_deleted(session) if state.shelf is Shelf.TRASH else set()
    thought, judged = judged_verdicts(session, page.rows)
    return Listing(state, page, thought, judged, ending, only)
