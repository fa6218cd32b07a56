"""The curves of benchmarks.growth as an SVG, drawn by plotly in Chromium."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots

from benchmarks.browser import chromium

if TYPE_CHECKING:
    from benchmarks.growth import Curve

# Okabe and Ito's colours, and a mark for each, so that nobody needs the colours.
STYLES = (
    ("#000000", "square"), ("#7f7f7f", "square-open"), ("#0072b2", "circle"),
    ("#d55e00", "diamond"), ("#009e73", "triangle-up"), ("#cc79a7", "x"), ("#e69f00", "cross"),
)  # fmt: skip
WIDTH, HEIGHT = 1_200, 420


def draw(curves: Sequence["Curve"], path: Path) -> None:
    """Draw a panel for every dimension, both axes logarithmic, into `path`."""
    chart = make_subplots(
        1, len(curves), shared_yaxes=True, horizontal_spacing=0.02,
        subplot_titles=[f"number of {curve.dimension}" for curve in curves],
    )  # fmt: skip
    for column, curve in enumerate(curves, start=1):
        for (name, values), (colour, mark) in zip(curve.figures.items(), STYLES, strict=True):
            line = go.Scatter(
                x=curve.sizes, y=values, name=name, legendgroup=name, showlegend=column == 1,
                mode="lines+markers", line={"color": colour, "width": 1.5},
                marker={"color": colour, "symbol": mark, "size": 7},
            )  # fmt: skip
            chart.add_trace(line, row=1, col=column)
    chart.update_xaxes(type="log", tickvals=sorted({n for c in curves for n in c.sizes}), nticks=5)
    for column, curve in enumerate(curves, start=1):
        ticks = [size for size in curve.sizes if str(size)[0] in "125"]
        chart.update_xaxes(
            tickvals=ticks, ticktext=[f"{size:,}" for size in ticks], row=1, col=column
        )
    chart.update_yaxes(type="log", dtick=1)
    chart.update_yaxes(title="milliseconds", row=1, col=1)
    chart.update_layout(
        template="plotly_white", width=WIDTH, height=HEIGHT, font={"size": 12},
        margin={"l": 60, "r": 15, "t": 40, "b": 80}, paper_bgcolor="white",
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.14},
    )  # fmt: skip
    path.write_text(_svg(chart))


def _svg(chart: go.Figure) -> str:
    """Return a chart as SVG; plotly's own way needs a browser, too, and one more package."""
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(content=get_plotlyjs())
        size = {"format": "svg", "width": WIDTH, "height": HEIGHT}
        given = [json.loads(chart.to_json()), size]
        url = page.evaluate("([chart, size]) => Plotly.toImage(chart, size)", given)
    return unquote(url.partition(",")[2])
