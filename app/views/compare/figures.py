"""The figures of a sweep, drawn by Plotly: pure functions of what they show.

Parallel coordinates are lines of an ordinary figure: Plotly's own are drawn by WebGL code that it
compiles at run time, which the page's security policy forbids.
"""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from app.components.run_colours import colour_of, places
from app.components.texts import cut, number
from app.views.compare.sweep import Axis, Sweep
from ingest.analysis.importance import RANKS, Importances

HEIGHT = 420
MOST_NAMED = 12
# Pixels from one axis to the next, in which the values beside it have room.
AXIS_WIDTH = 92
# Of a category, beside its axis.
_MOST_LETTERS = 13
# So many different values of an axis are written all.
MOST_VALUES = 5
# Of a scale of colours: neither end, which is hard to see on the ground.
_FROM, _SPAN = 0.05, 0.85
_SCALES = {True: "Viridis", False: "Viridis_r"}
_TEXT = {True: "#dee2e6", False: "#343a40"}
_LINE = {True: "#495057", False: "#ced4da"}
_UNKNOWN = {True: "#6c757d", False: "#adb5bd"}


def parallel(sweep: Sweep, keys: Sequence[str], result: str, *, log: bool, dark: bool) -> go.Figure:
    """Return parallel coordinates: an axis for each of the settings `keys`, the result the last.

    A line is a run, coloured by the result; where a run lacks a value its line is broken. With
    `log` an axis whose values lie decades apart is logarithmic.
    """
    axes = [*(sweep.settings[key] for key in keys), sweep.results[result]]
    scaled = [_Scale(axis, log=log) for axis in axes]
    colours = _colours(axes[-1], dark=dark)
    traces = [
        go.Scatter(
            x=list(range(len(axes))),
            y=[scale.place(axis.values[at]) for scale, axis in zip(scaled, axes, strict=True)],
            mode="lines+markers",
            line={"color": colours[at], "width": 1.5},
            marker={"size": 5},
            name=name,
            customdata=[at] * len(axes),
            text=[text_of(axis, axis.values[at]) for axis in axes],
            hovertemplate="%{text}<extra>" + _plain(name) + "</extra>",
            connectgaps=False,
        )
        for at, name in enumerate(sweep.names)
    ]
    figure = go.Figure(traces)
    _dress(figure, dark=dark)
    figure.update_layout(
        xaxis={
            "tickvals": list(range(len(axes))),
            "ticktext": [_plain(one.axis.label + one.note) for one in scaled],
            "range": [-0.15, len(axes) - 0.7],
            "side": "top",
            "automargin": True,
            "showgrid": True,
            "fixedrange": True,
        },
        yaxis={"visible": False, "range": [-0.06, 1.06], "fixedrange": True},
        annotations=[
            _tick(at, place, text, dark=dark)
            for at, scale in enumerate(scaled)
            for place, text in scale.ticks()
        ],
        dragmode="select",
        showlegend=False,
    )
    return figure


def scatter(sweep: Sweep, x: str, y: str, coloured: str, *, log: bool, dark: bool) -> go.Figure:
    """Return a point for each run: a setting against a result.

    `coloured` is another setting or result whose values colour the points; "" for the runs' own.
    """
    across, up = sweep.settings[x], sweep.results[y]
    by = sweep.settings.get(coloured) or sweep.results.get(coloured)
    colours = (
        [colour_of(place, dark=dark) for place in places(sweep.ids)]
        if by is None
        else _colours(by, dark=dark)
    )
    told = [across, up, *([by] if by else [])]
    said = [
        "<br>".join([_plain(name), *(f"{_plain(one.label)}: {_said(one, at)}" for one in told)])
        for at, name in enumerate(sweep.names)
    ]
    points = go.Scatter(
        x=[_known(value) for value in across.values],
        y=[_known(value) for value in up.values],
        mode="markers",
        marker={"color": colours, "size": 10, "line": {"width": 1, "color": _LINE[dark]}},
        customdata=list(range(len(sweep.names))),
        text=said,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    figure = go.Figure([points, *(_key(by, dark=dark) if by else [])])
    _dress(figure, dark=dark)
    figure.update_layout(
        xaxis=_axis(across, log=log),
        yaxis=_axis(up, log=log),
        dragmode="select",
        showlegend=bool(by and by.categories),
    )
    return figure


def importance(found: Importances, *, dark: bool) -> go.Figure:
    """Return a bar for each setting with its interval, the most important one on top."""
    rows = found.rows[::-1]
    bars = go.Bar(
        x=[row.value for row in rows],
        y=[_plain(row.name) for row in rows],
        orientation="h",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, row.high - row.value) for row in rows],
            "arrayminus": [max(0.0, row.value - row.low) for row in rows],
            "color": _TEXT[dark],
            "thickness": 1.5,
        },
        marker={"color": colour_of(0, dark=dark)},
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure = go.Figure(bars)
    _dress(figure, dark=dark)
    what = "rank correlation" if found.method == RANKS else "growth of the squared error / variance"
    figure.update_layout(
        xaxis={"title": {"text": what}, "zeroline": True, "zerolinecolor": _TEXT[dark]},
        yaxis={"automargin": True, "type": "category"},
        height=max(180, 90 + 30 * len(rows)),
        showlegend=False,
    )
    return figure


class _Scale:
    """Where the values of an axis stand between 0 and 1."""

    def __init__(self, axis: Axis, *, log: bool) -> None:
        self.axis = axis
        self.log = log and axis.spans_decades
        self.note = " (log)" if self.log else ""
        known = [value for value in axis.values if not axis.categories and math.isfinite(value)]
        self.low: float = min(known, default=0.0)
        self.high: float = max(known, default=0.0)

    def place(self, value: Any) -> float | None:
        """Return where a value stands; None for none. Equal values all stand in the middle."""
        if self.axis.categories:
            last = len(self.axis.categories) - 1
            return self.axis.categories.index(value) / last if last else 0.5
        if not math.isfinite(value):
            return None
        low, high, own = (self._even(one) for one in (self.low, self.high, value))
        return (own - low) / (high - low) if high > low else 0.5

    def _even(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self) -> list[tuple[float, str]]:
        """Return (place, text) of what is written beside the axis."""
        if self.axis.categories:
            shown = self.axis.categories[:MOST_NAMED]
            return [(self.place(one) or 0.0, _plain(cut(one, _MOST_LETTERS))) for one in shown]
        values = sorted({value for value in self.axis.values if math.isfinite(value)})
        if len(values) > MOST_VALUES:
            middle = (self._even(self.low) + self._even(self.high)) / 2
            rounded = float(f"{10**middle if self.log else middle:.2g}")
            inside = [rounded] if self.low < rounded < self.high else []
            values = [self.low, *inside, self.high]
        return [(self.place(one) or 0.0, text_of(self.axis, one)) for one in values]


def _tick(at: int, place: float, text: str, *, dark: bool) -> dict[str, Any]:
    return {
        "x": at,
        "y": place,
        "text": text,
        "showarrow": False,
        "xanchor": "left",
        "xshift": 6,
        "font": {"size": 11, "color": _TEXT[dark]},
        "bgcolor": "rgba(26,27,30,0.7)" if dark else "rgba(255,255,255,0.7)",
    }


def text_of(axis: Axis, value: Any) -> str:
    """Return a value as text."""
    if axis.categories:
        return _plain(str(value))
    if math.isnan(value):
        return "none"
    return f"{100 * value:.3g} %" if axis.format == "percent" else number(value, 4)


def _said(axis: Axis, at: int) -> str:
    return text_of(axis, axis.values[at])


def _colours(axis: Axis, *, dark: bool) -> list[str]:
    """Return a colour for each run: of numbers the better (else the larger) the stronger."""
    if axis.categories:
        return [colour_of(axis.categories.index(value), dark=dark) for value in axis.values]
    scale = _Scale(axis, log=True)
    places = [scale.place(value) for value in axis.values]
    name = _scale_name(axis, dark=dark)
    return [
        _UNKNOWN[dark] if place is None else sample_colorscale(name, _FROM + _SPAN * place)[0]
        for place in places
    ]


def _scale_name(axis: Axis, *, dark: bool) -> str:
    # What is strong is dark on a light ground, and light on a dark one.
    towards_low = bool(axis.less)
    return _SCALES[towards_low != dark]


def _key(axis: Axis, *, dark: bool) -> list[go.Scatter]:
    """Return what says the colours of an axis beside a figure: a bar, or a point a category."""
    nowhere: dict[str, Any] = {"x": [None], "y": [None], "mode": "markers", "hoverinfo": "skip"}
    if axis.categories:
        return [
            go.Scatter(
                **nowhere,
                name=_plain(one),
                marker={"color": colour_of(at, dark=dark), "size": 10},
                showlegend=True,
            )
            for at, one in enumerate(axis.categories)
        ]
    ticks = _Scale(axis, log=True).ticks()
    bar = {
        "title": {"text": _plain(axis.label)},
        "thickness": 12,
        "outlinewidth": 0,
        "tickvals": [_FROM + _SPAN * place for place, _ in ticks],
        "ticktext": [text for _, text in ticks],
    }
    marker = {
        "color": [_FROM, _FROM + _SPAN],
        "colorscale": _scale_name(axis, dark=dark),
        "cmin": 0,
        "cmax": 1,
        "showscale": True,
        "colorbar": bar,
    }
    return [go.Scatter(**nowhere, marker=marker, showlegend=False)]


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _axis(axis: Axis, *, log: bool) -> dict[str, Any]:
    title = {"text": _plain(axis.label)}
    if axis.categories:
        order = list(axis.categories)
        return {"title": title, "type": "category", "categoryarray": order}
    percent = {"tickformat": ".3~p"} if axis.format == "percent" else {}
    return {"title": title, "type": "log" if log and axis.spans_decades else "linear", **percent}


def _plain(text: str) -> str:
    """Return a text that Plotly shows as it is: it takes some tags for formatting."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _dress(figure: go.Figure, *, dark: bool) -> None:
    """Give a figure the look of the page."""
    lines = {"gridcolor": _LINE[dark], "linecolor": _LINE[dark], "zerolinecolor": _LINE[dark]}
    figure.update_layout(
        template="none",
        height=HEIGHT,
        margin={"l": 60, "r": 30, "t": 40, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12, "color": _TEXT[dark]},
        hovermode="closest",
    )
    figure.update_xaxes(**lines)
    figure.update_yaxes(**lines)


CONFIG: Any = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud", "toImage"],
    "plotlyServerURL": "",
    "responsive": True,
}
