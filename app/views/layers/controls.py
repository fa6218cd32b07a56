"""The controls of the layer view: what is shown, how far the tree is open, when layers converge."""

from typing import Any

import dash_mantine_components as dmc
from dash import html

from app.components.controls import labelled, segments, select
from app.selection import bound
from app.views.layers import words
from app.views.layers.ids import Ids
from deeptracker.catalogue import MEASURES


def controls(measure: str) -> html.Div:
    """Return what is shown of the nodes, and how; `measure` is what it is at first."""
    return html.Div(
        [
            labelled(
                "Show", select(bound(Ids.MEASURE, "measure"), "Quantity", MEASURES, measure, 220)
            ),
            labelled(
                "Statistic",
                select(
                    bound(Ids.STATISTIC, "statistic"), "Statistic", words.STATISTICS, "std", 164
                ),
            ),
            labelled(
                "Drawn as",
                segments(bound(Ids.ENCODING, "encoding"), "Encoding", words.ENCODINGS, "line"),
            ),
            labelled("Scale", segments(bound(Ids.SCALE, "scale"), "Scale", words.SCALES, "log")),
            dmc.Switch(
                id=bound(Ids.SAME, "same"), label="Same for all rows", size="xs", checked=True
            ),
            labelled(
                "Rows",
                select(
                    bound(Ids.HEIGHT, "height"), "Height of the rows", words.HEIGHTS, "auto", 104
                ),
            ),
        ],
        className="layers-controls",
    )


def above() -> html.Div:
    """Return what stands above the rows: search, how far open, when settled, and the key."""
    search = dmc.TextInput(
        id=bound(Ids.SEARCH, "search"),
        placeholder="Search: conv2, 3x3",
        size="xs",
        value="",
        **{"aria-label": "Search layers"},
    )
    return html.Div(
        [
            html.Div([search, *_levels()], className="layers-find"),
            _settling(),
            html.Div(id=Ids.KEY, className="layers-key"),
        ],
        className="layers-keys",
    )


def _levels() -> list[html.Button]:
    """Return the buttons that open the tree down to a level."""
    levels = (("1", "Stages"), ("2", "Blocks"), ("9", "Layers"))
    return [
        _button(
            text, "level", level, "layers-level", f"Show the network down to its {text.lower()}"
        )
        for level, text in levels
    ]


def headings() -> list[html.Button]:
    """Return the headings of the tree's columns, which sort it."""
    columns = (
        ("network", "Layer", "In the order of the network", "layers-sort-name"),
        ("", "Kernel", "", "layers-kernel"),
        ("filters", "Filters", "Sort layers by their number of filters", ""),
        ("parameters", "Param.", "Sort layers by their number of parameters", "layers-parameters"),
        ("settles", "Converges", "Sort layers by when they converge", "layers-settled"),
    )
    return [
        _button(text, "sort", name, f"layers-sort {kind}".strip(), title)
        for name, text, title, kind in columns
    ]


def _button(text: str, name: str, value: str, kind: str, title: str) -> html.Button:
    """Return a button that app/views/layers/web/controls.ts understands by its data attribute."""
    carried: dict[str, Any] = {f"data-{name}": value}
    return html.Button(
        text, type="button", className=kind, title=title, disabled=not value, **carried
    )


def _settling() -> html.Div:
    return html.Div(
        [
            "A layer has converged when ‖update‖ / ‖weight‖ stays below",
            dmc.NumberInput(
                id=bound(Ids.LIMIT, "limit"),
                value=1e-3,
                min=1e-12,
                step=1e-4,
                size="xs",
                w=92,
                hideControls=True,
                **{"aria-label": "Limit below which a layer has converged"},
            ),
            select(
                bound(Ids.LIMIT_OF, "limitof"), "The limit is given", words.LIMITS, "value", 158
            ),
            html.Span(id=Ids.SETTLED, className="layers-count-settled"),
        ],
        className="layers-settling",
    )
