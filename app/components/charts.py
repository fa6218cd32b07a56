"""Places for the charts that the browser draws: a container with options, and a titled panel."""

import json
from collections.abc import Sequence
from typing import Any

from dash import html
from pydantic import ValidationError

from app.components.attributes import aria, data
from app.components.chart_options import KINDS
from app.table_names import has_table

# What a browser shows where it runs no scripts, and until the first drawing.
_WAITING = "loading"


class ChartError(ValueError):
    """A chart that no script could draw; the text names its kind and the option."""


def _check(kind: str, options: dict[str, Any]) -> None:
    if kind not in KINDS:
        raise ChartError(
            f"There is no kind of chart called {kind!r}; there are {', '.join(KINDS)}."
        )
    try:
        KINDS[kind].model_validate(options)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ChartError(f"A chart of the kind {kind!r}: {'; '.join(wrong)}.") from error


def chart(
    id: str,
    kind: str,
    *,
    label: str,
    **options: Any,
) -> html.Div:
    """Return the container of one chart.

    Kinds and their options are those of app/components/chart_options; an option of None is left
    out. `table` is by default `url`, where that has a table (app/table_names.py). ChartError for a
    kind that does not exist, and for options that are misspelt, missing or of another type.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if has_table(given.get("url", "")):
        given.setdefault("table", given["url"])
    _check(kind, {"label": label, **given})
    attributes: dict[str, Any] = {
        "data-chart": kind,
        "data-options": json.dumps({"label": label, **given}, allow_nan=False),
        "data-state": _WAITING,
    }
    return html.Div(id=id, **attributes)


def download() -> html.Button:
    """Return the button whose menu offers data and picture of the panel that it stands in.

    The panel has the class dt-panel, or says its name as data-downloads;
    see app/export/web/menu.ts.
    """
    said = {**data(download="true"), **aria(haspopup="menu", expanded="false")}
    return html.Button("Download", type="button", className="dt-download", **said)


def panel(
    title: str, body: Any, *, controls: Sequence[Any] = (), legend: str | None = None
) -> html.Section:
    """Return a chart under its title, with its controls and the place of its legend beside it.

    `legend` is the id that the chart's option of the same name says.
    """
    head: list[Any] = [html.H2(title), *controls]
    if legend is not None:
        head.append(html.Span(id=legend, className="dt-panel-legend"))
    head.append(download())
    return html.Section([html.Div(head, className="dt-panel-head"), body], className="dt-panel")
