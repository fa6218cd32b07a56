"""Settings against results: the panel with its choices, and what is drawn of a choice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.controls import segments, select
from app.data.outcomes import Outcome
from app.selection import bound
from app.views.compare import figures
from app.views.compare.ids import Ids
from app.views.compare.sweep import Sweep, sweep_of
from app.views.compare.words import EXPLORE
from db.queries.runs.runs import RunRow
from ingest.analysis.compare import is_seed
from ingest.analysis.importance import (
    FOREST,
    FOREST_FROM,
    Importances,
    TooFewRuns,
    importances,
    varying,
)

FEWEST = 3
_NO_MORE: Mapping[str, str] = MappingProxyType({})
MOST_AXES = 8
FIRST = ""
OWN_COLOUR = ""
USUAL_RESULT = "last:validation_error"
_FOREST = (
    "Permutation importance of a random forest over {runs} runs: the bar is by how much the "
    "squared error of its forecast for runs that it has not seen grows when the values of the "
    "setting are shuffled, in units of the variance of the result; 0 is no importance. The line is "
    "where the middle 90 % of the forests lie, each of another draw of runs with replacement. The "
    "forests foretell {explained} of the variance{doubt}."
)
_DOUBT = ": so little that the bars say next to nothing"
_RANKS = (
    "Rank correlation over {runs} runs, fewer than a forest needs ({forest}): 1 is a result that "
    "always rises with the setting, −1 one that always falls, 0 neither; a result that is best in "
    "the middle may be near 0. Of categories it is the correlation ratio of the ranks, 0 to 1. The "
    "line is where the middle 90 % of the correlations of many draws of the runs, with "
    "replacement, lie."
)
_SHARED = "Settings that vary together share their importance"


@dataclass(frozen=True)
class Choice:
    """What people chose in the panel; as it stands in the address."""

    explore: str = "parallel"
    result: str = ""
    across: str = FIRST
    coloured: str = OWN_COLOUR
    log: bool = True
    axes: tuple[str, ...] = ()
    dark: bool = False


def explore_panel(
    runs: Sequence[RunRow], found: Sequence[Outcome], more: Mapping[str, str] = _NO_MORE
) -> Component | None:
    """Return the panel; None where there is nothing to set against each other.

    `more` are results that can be chosen, {key: label}, and are read only when they are.
    """
    sweep = sweep_of(runs, found)
    results = {**{key: axis.label for key, axis in sweep.results.items()}, **more}
    if not (_is_enough(sweep) and results):
        return None
    head = [html.H2("Settings against results"), *_controls(sweep, results)]
    return html.Section(
        [
            dcc.Store(id=Ids.SCHEME),
            html.Div(head, className="dt-panel-head"),
            html.Div(id=Ids.SWEEP, className="compare-sweep"),
        ],
        className="dt-panel",
    )


def _is_enough(sweep: Sweep) -> bool:
    return len(sweep.ids) >= FEWEST and bool(sweep.settings)


def _result(results: Collection[str], key: str) -> str:
    """Return the key of a result: the asked one, else the usual one, else the first."""
    known = [one for one in (key, USUAL_RESULT) if one in results]
    return next(iter([*known, *results]))


def _controls(sweep: Sweep, results: dict[str, str]) -> list[Component]:
    return [
        segments(bound(Ids.EXPLORE, "explore"), "How it is drawn", EXPLORE, "parallel"),
        _searched(bound(Ids.RESULT, "result"), "Result", results, _result(results, ""), 210),
        _axes_choice(sweep),
        _scatter_choice(sweep, results),
        html.Div(
            dmc.Switch(
                id=bound(Ids.LOG_AXES, "logaxes"), label="Log axes", size="xs", checked=True
            ),
            className="compare-log-axes",
        ),
    ]


def _searched(
    id: dict[str, str], label: str, texts: Mapping[str, str], value: str, width: int
) -> dmc.Select:
    """Return a drop-down that is searched by typing: a run may have hundreds of scalars."""
    made = select(id, label, texts, value, width)
    made.searchable = True
    made.nothingFoundMessage = "No result of this name"
    return made


def _axes_choice(sweep: Sweep) -> Component:
    choice = dmc.MultiSelect(
        id=Ids.SWEEP_AXES,
        data=list(sweep.settings),
        value=_first_axes(sweep),
        size="xs",
        maxValues=MOST_AXES,
        placeholder="Axes",
        **aria(label="Axes"),
    )
    return html.Div(choice, className="compare-for-parallel compare-axes")


def _scatter_choice(sweep: Sweep, results: dict[str, str]) -> Component:
    names = {name: name for name in sweep.settings}
    across = {FIRST: "first that differs", **names}
    coloured = {OWN_COLOUR: "run", **names, **results}
    return html.Div(
        [
            html.Span("over", className="dt-soft"),
            select(bound(Ids.ACROSS, "across"), "Horizontal axis", across, FIRST, 170),
            html.Span("coloured by", className="dt-soft"),
            _searched(bound(Ids.COLOURED, "coloured"), "Colour", coloured, OWN_COLOUR, 190),
        ],
        className="compare-for-scatter",
    )


def _first_axes(sweep: Sweep) -> list[str]:
    """Return the settings that are axes before people choose: no seed, as many as have room."""
    telling = [name for name in sweep.settings if not is_seed(name)]
    return telling[:MOST_AXES] or [*sweep.settings][:1]


def drawn(runs: Sequence[RunRow], found: Sequence[Outcome], chosen: Choice) -> list[Component]:
    """Return the figure of a choice, with what it says."""
    sweep = sweep_of(runs, found)
    if not (_is_enough(sweep) and sweep.results):
        return []
    result = _result(sweep.results, chosen.result)
    if chosen.explore == "importance":
        return _importance(sweep, result, dark=chosen.dark)
    first = _first_axes(sweep)
    least = 0
    if chosen.explore == "scatter":
        across = chosen.across if chosen.across in sweep.settings else first[0]
        figure = figures.scatter(
            sweep, across, result, chosen.coloured, log=chosen.log, dark=chosen.dark
        )
        said = "Drag a box around points to draw only their runs elsewhere on the page."
    else:
        keys = [key for key in chosen.axes if key in sweep.settings][:MOST_AXES] or first
        figure = figures.parallel(sweep, keys, result, log=chosen.log, dark=chosen.dark)
        # Axes that are nearer to each other write over their values: the figure is then scrolled.
        least = figures.AXIS_WIDTH * (len(keys) + 1)
        said = (
            "A line is a run; the better its result, the stronger its colour. Drag a box around "
            "points of an axis to draw only these runs elsewhere on the page."
        )
    return [_graph(figure, EXPLORE.get(chosen.explore, ""), least), _said(said)]


def _importance(sweep: Sweep, result: str, *, dark: bool) -> list[Component]:
    axis = sweep.results[result]
    settings = {
        name: [None if value != value else value for value in one.values]
        for name, one in sweep.settings.items()
    }
    try:
        found = importances(varying(settings), np.array(axis.values, np.float64))
    except TooFewRuns as error:
        return [_said(str(error))]
    figure = figures.importance(found, dark=dark)
    return [_graph(figure, f"Importance for {axis.label.lower()}"), *map(_said, in_words(found))]


def in_words(found: Importances) -> list[str]:
    """Return by what method an importance is, and how far it can be trusted."""
    if found.method == FOREST:
        doubt = _DOUBT if found.explained < 0.2 else ""
        explained = f"{100 * max(0.0, found.explained):.0f} %"
        method = _FOREST.format(runs=found.runs, explained=explained, doubt=doubt)
    else:
        method = _RANKS.format(runs=found.runs, forest=FOREST_FROM)
    pairs = ", ".join(f"{first} and {second}" for first, second in found.together)
    return [method, f"{_SHARED}: here {pairs}." if pairs else f"{_SHARED}; no two numbers do here."]


def _graph(figure: Any, label: str, least: int = 0) -> Component:
    """Return a figure that is at least so many pixels wide, scrolled where there are fewer."""
    graph = dcc.Graph(
        id=Ids.FIGURE,
        figure=figure,
        config=figures.CONFIG,
        clear_on_unhover=True,
        style={"minWidth": least},
    )
    return html.Div(graph, role="group", tabIndex="0" if least else None, **aria(label=label))


def _said(text: str) -> Component:
    return html.P(text, className="dt-soft compare-said")
