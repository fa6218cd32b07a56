"""Places for the charts that assets/*.js draw: a container with its options, and a titled panel."""

import json
from collections.abc import Sequence
from typing import Any

from dash import html

# What a browser shows where it runs no scripts, and until the first drawing.
_WAITING = "loading"


def chart(
    id: str,
    kind: str,
    *,
    label: str,
    **options: Any,
) -> html.Div:
    """Return the container of one chart; the script that draws it says what the options mean.

    kinds: pixelmap (assets/pixelmap.js), strip (strip.js), axis (axisbar.js), readout (readout.js),
    live (live.js). `url` is a template: "{quantity}" is taken from the selection, and the run's
    newest version is added. `label` is what a screen reader says.
    """
    given = {name: value for name, value in options.items() if value is not None}
    attributes: dict[str, Any] = {
        "data-chart": kind,
        "data-options": json.dumps({"label": label, **given}, allow_nan=False),
        "data-state": _WAITING,
    }
    return html.Div(id=id, **attributes)


def panel(
    title: str, body: Any, *, controls: Sequence[Any] = (), legend: str | None = None
) -> html.Section:
    """Return a chart under its title, with its controls and the place of its legend beside it.

    `legend` is the id that the chart's option of the same name says.
    """
    head: list[Any] = [html.H2(title), *controls]
    if legend is not None:
        head.append(html.Span(id=legend, className="dt-panel-legend"))
    return html.Section([html.Div(head, className="dt-panel-head"), body], className="dt-panel")
