"""The table of runs by groups: a row says what the runs of a group come to, and folds open."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.components import live_table
from app.components.attributes import aria, data
from app.components.tables import cell, percent
from app.components.texts import counted
from app.components.times import duration
from app.views.runs.columns import is_numeric
from app.views.runs.listing import Listing, asked_of, listing
from app.views.runs.rows import CURVE, State
from db.queries.run_table.fields import Kind, kind_of
from db.queries.run_table.grammar import read_field
from db.queries.run_table.groups import Group, GroupPage, Spread, group_page, is_measure
from db.queries.run_table.page import Within


def token(value: str | None) -> str:
    """Return how the browser and the address call a group: "=value", "" where runs lack one."""
    return "" if value is None else f"={value}"


@dataclass(frozen=True)
class Grouped:
    """A page of groups, and the runs of those that are unfolded by the token of each."""

    state: State
    page: GroupPage
    measures: tuple[str, ...]
    unfolded: Mapping[str, Listing]

    @property
    def listings(self) -> list[Listing]:
        """The runs that are listed, group by group."""
        return list(self.unfolded.values())

    @property
    def numeric(self) -> set[str]:
        """The columns that stand to the right: those in which a group has a mean."""
        named = {
            name
            for at, name in enumerate(self.measures)
            if is_numeric(name, [group.spreads[at].mean for group in self.page.groups])
        }
        return named.union(*(one.numeric for one in self.listings))

    @property
    def digest(self) -> str:
        """A text that changes when anything that the page shows does (times aside)."""
        inner = [(name, one.digest) for name, one in self.unfolded.items()]
        return live_table.digest(self.state, self.page, inner)

    def rows(self, boxes: AbstractSet[int]) -> list[Component]:
        """Return the groups, each before its runs; `boxes` are the runs that can be ticked."""
        made: list[Component] = []
        for group in self.page.groups:
            made.append(self._row(group, boxes=bool(boxes)))
            inside = self.unfolded.get(token(group.value))
            if inside is None:
                continue
            listed = inside.rows(boxes, inside_group=True)
            made += listed
            if group.runs > len(listed):
                made.append(self._more(group, len(listed)))
        return made

    def _row(self, group: Group, *, boxes: bool) -> Component:
        key = token(group.value)
        words = "none" if group.value is None else group.value or "(empty)"
        fold = html.Button(
            html.Span(f"{self.state.group}: {words}"),
            type="button",
            className="runs-fold",
            **aria(expanded="true" if key in self.unfolded else "false"),
            **data(fold=key),
        )
        number = html.Span(f" {counted(group.runs, 'run')}", className="dt-soft")
        spreads = dict(zip(self.measures, group.spreads, strict=True))
        made = [
            cell([fold, number])
            if name == "name"
            else cell(_spread(name, spreads.get(name), group.runs), numeric=name in self.numeric)
            for name in self.state.columns
        ]
        return html.Tr(
            [html.Td(hidden=not boxes), *made, html.Td()], key=f"group{key}", className="runs-group"
        )

    def _more(self, group: Group, listed: int) -> Component:
        words = f"The first {listed:,} of {group.runs:,} runs; a search finds the others."
        width = len(self.state.columns) + 2
        return html.Tr(html.Td(words, colSpan=width, className="dt-soft"), key=f"more{group.value}")


def _spread(name: str, spread: Spread | None, runs: int) -> Any:
    """Return mean ± deviation as the column writes a number; nothing where there is none."""
    if spread is None or spread.mean is None:
        return None
    text = _written(name, spread.mean)
    if spread.deviation is not None and spread.deviation > 0:
        text += f" ± {_written(name, spread.deviation, digits=2)}"
    of = f"mean and standard deviation of {spread.count:,} of {runs:,} runs"
    few = html.Span(f" ({spread.count:,})", className="dt-soft") if spread.count < runs else None
    return html.Span([text, few], title=of, className="runs-spread")


def _written(name: str, value: float, *, digits: int = 4) -> str:
    kind = kind_of(read_field(name))
    if kind is Kind.SHARE:
        return percent(value)
    if kind is Kind.DURATION:
        return duration(value) or f"{value:.3g} s"
    return f"{value:.{digits}g}"


def grouped(session: Session, state: State, only: tuple[int, ...] = ()) -> Grouped:
    """Return the groups that are asked for with the runs of those unfolded; FilterError."""
    by = read_field(state.group)
    measures = tuple(
        name for name in state.columns if name != CURVE and is_measure(read_field(name))
    )
    page = group_page(
        session,
        asked_of(state, only),
        by=by,
        measures=[read_field(name) for name in measures],
        sort=measures.index(state.order.by) if state.order.by in measures else None,
    )
    there = {token(group.value): group.value for group in page.groups}
    unfolded = {
        key: listing(session, replace(state, page=1), only, within=Within(by, there[key]))
        for key in state.unfolded
        if key in there
    }
    return Grouped(state, page, measures, unfolded)
