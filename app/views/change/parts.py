"""What the tables of what changed are made of: panels with their data to download, rows, words."""

import math
from collections.abc import Sequence
from typing import Any

from dash import dcc, get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.components.charts import chart, download
from app.components.run_links import place_link
from app.components.tables import cell, percent
from app.components.texts import number, true_minus
from app.data.change import MOST
from app.data.change_words import figure, relative
from app.views.change.ids import Ids
from deeptracker.catalogue import KNOWN_SERIES, labels
from deeptracker.format import NO_PREDICTION


def panel(
    title: str,
    heads: Sequence[str],
    rows: list[Any],
    none: str = "",
    *,
    words: int = 1,
    note: str = "",
    table: str = "",
) -> html.Section:
    """Return a table under its title; `none` is said where it has no row.

    The first `words` columns hold text. `table` is the address of the whole as a table.
    """
    columns = [
        html.Th(name, scope="col", className="dt-numeric" if at >= words else "")
        for at, name in enumerate(heads)
    ]
    head = html.Thead(html.Tr(columns))
    shown: Component = html.P(none, className="dt-empty")
    if rows:
        made = html.Table([head, html.Tbody(rows)], className="dt-table", **aria(label=title))
        shown = html.Div(made, className="dt-table-frame", tabIndex="0")
    most = f" (the {MOST} largest)" if len(rows) == MOST else ""
    below = [html.P(note, className="dt-soft")] if note and rows else []
    over = [html.H2(title + most), *([download()] if table and rows else [])]
    own = data(table=table) if table else {}
    return html.Section(
        [html.Div(over, className="dt-panel-head"), shown, *below], className="dt-panel", **own
    )


def histograms(title: str, names: tuple[str, str], url: str) -> html.Section:
    """Return the weights of a layer at two snapshots, called `names`, over each other."""
    body = chart(
        Ids.HISTOGRAM,
        "histogrampair",
        label=f"{title}: histograms of the weights of {names[0]} and {names[1]}",
        url=url,
        names=list(names),
        # Its two snapshots are not those of the page's time axis.
        group="change-histogram",
    )
    head = html.Div([html.H2(title), download()], className="dt-panel-head")
    return html.Section([head, body], className="dt-panel")


def report_link(run_id: int, at: int, otherat: int, other: int | None = None) -> html.P:
    """Return the way to the run's report with these two snapshots in it."""
    of = "" if other is None else f"&other={other}"
    address = get_relative_path(f"/data/run/{run_id}/report.html")
    return html.P(
        html.A(
            "Report with this change", href=f"{address}?at={at}&otherat={otherat}{of}", download=""
        )
    )


def score_rows(scores: dict[str, tuple[float, float]]) -> list[Any]:
    """Return a row for each scalar that is known at either place."""
    words = labels(KNOWN_SERIES)
    rows = []
    for name, (before, after) in scores.items():
        if math.isnan(before) and math.isnan(after):
            continue
        share = name in words and name.endswith("error")
        as_text, step = (percent, points) if share else (figure, signed)
        rows.append(
            row(words.get(name, name), as_text(before), as_text(after), step(after - before))
        )
    return rows


def row(first: Any, *others: Any, words: int = 1) -> html.Tr:
    """Return a row; all but its first `words` cells hold numbers."""
    return html.Tr(
        [cell(first), *(cell(one, numeric=at >= words) for at, one in enumerate(others, 1))]
    )


def link(text: str, run_id: int, view: str, **about: Any) -> dcc.Link:
    """Return a link to a page of a run; `about` as of place_link."""
    return dcc.Link(text, href=place_link(run_id, view, **about))


def guess(prediction: int, names: Sequence[str]) -> str:
    """Return what an image was predicted as."""
    return "no prediction" if prediction == NO_PREDICTION else names[prediction]


def probabilities(first: float, second: float, between: str = " → ") -> str:
    """Return two probabilities; a dash where one is not known."""
    known = not (math.isnan(first) or math.isnan(second))
    return f"{first:.2f}{between}{second:.2f}" if known else "–"


def factor(was: float, now: float) -> str:
    """Return by how much a norm changed, in percent."""
    if not (was > 0 and math.isfinite(now)):
        return "–"
    return relative(was, now) if was != now else "0"


def points(step: float) -> str:
    """Return a difference of shares in percentage points."""
    if math.isnan(step):
        return "–"
    return true_minus(f"{100 * step:+.2f} pp") if step else "0"


def signed(step: float) -> str:
    """Return a difference with its sign."""
    return "–" if math.isnan(step) else number(step, signed=True) if step else "0"
