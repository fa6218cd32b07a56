"""Figures of a run for notebooks: from frames of `deeptracker.connect` to figures of Plotly.

    from deeptracker import connect, figures
    run = connect(url, token).run(1)
    figures.scalars(run.scalars("train_loss", "validation_loss"), smoothing=0.6)

Each is a function of its arguments alone, and changes none of them. Needs the extra `client`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deeptracker.extras import needed
from deeptracker.smoothing import smoothed

with needed("client", "deeptracker.figures"):
    import pandas as pd
    import plotly.graph_objects as go

# Told apart also by the colour-blind (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f")
_BEHIND = 0.28
_RIDGE = 3.0  # rows that the highest ridge is high


def scalars(
    frame: "pd.DataFrame",
    *,
    smoothing: float = 0.0,
    x: Sequence[float] | None = None,
    x_title: str | None = None,
    log: bool = False,
    title: str | None = None,
) -> "go.Figure":
    """Return the columns of a frame as lines over its index, as `Run.scalars` gives them.

    With `smoothing` (above 0, below 1) each line is its moving average (deeptracker.smoothing), and
    the values stand behind it, faintly. `x` is where the rows of the frame lie, for instance their
    epochs; by default the index is. NaN is a gap only in the frame's rows: of each column those
    that are NaN are left out, as they may be logged at other iterations. Inf is left out of the
    line and marked by a cross at the foot. ValueError for another smoothing and for an `x` of
    another length.
    """
    places = np.asarray(frame.index if x is None else x)
    if len(places) != len(frame):
        raise ValueError(f"x has {len(places)} values, the frame {len(frame)} rows")
    figure = go.Figure()
    for number, name in enumerate(frame.columns):
        values = frame[name].to_numpy(np.float64)
        for trace in _lines(str(name), places, values, smoothing, COLOURS[number % len(COLOURS)]):
            figure.add_trace(trace)
    said = x_title or ("iteration" if x is None else None)
    return _titled(figure, title, said, None, log=log)


def _lines(
    name: str, places: Any, values: Any, smoothing: float, colour: str
) -> "list[go.Scatter]":
    """Return the traces of one scalar: its values behind, its average, crosses where it is Inf."""
    there, infinite = np.isfinite(values), np.isinf(values)
    common = {"name": name, "legendgroup": name, "mode": "lines"}
    raw = {"x": places[there], "y": values[there]}
    if smoothing:
        average = smoothed(places[there].astype(np.float64), raw["y"], smoothing)
        found = [
            go.Scatter(
                **common, **raw, line={"color": colour, "width": 1}, opacity=_BEHIND,
                showlegend=False, hoverinfo="skip",
            ),
            go.Scatter(**common, x=raw["x"], y=average, line={"color": colour}),
        ]  # fmt: skip
    else:
        found = [go.Scatter(**common, **raw, line={"color": colour})]
    if infinite.any():
        crosses = {
            **common, "mode": "markers", "x": places[infinite], "showlegend": False,
            "y": np.full(int(infinite.sum()), raw["y"].min() if there.any() else 0.0),
        }  # fmt: skip
        found.append(
            go.Scatter(
                **crosses, marker={"symbol": "x", "color": "#c4201d"}, text=f"{name}: Inf",
                hoverinfo="text+x",
            )
        )  # fmt: skip
    return found


def histograms(frame: "pd.DataFrame", *, title: str | None = None) -> "go.Figure":
    """Return the histograms of a frame as ridges, the earliest behind: `Run.layer_histogram`.

    Each row is a histogram, its index the iteration; the columns are bins, intervals, of which
    those without an end are left out. The height of a ridge is its share of values per width of a
    bin, to the highest of all. Rows that count nothing have no ridge.
    """
    bins = [bin for bin in frame.columns if np.isfinite(bin.left) and np.isfinite(bin.right)]
    counts = frame[bins].to_numpy(np.float64)
    widths = np.array([bin.right - bin.left for bin in bins])
    totals = frame.to_numpy(np.float64).sum(axis=1)
    shares = counts / np.where(totals > 0, totals, 1)[:, None] / widths
    most = shares.max(initial=0.0) or 1.0
    middles = np.array([(bin.left + bin.right) / 2 for bin in bins])
    # Rows without values at either end are the same everywhere: only what is between is drawn.
    used = np.flatnonzero(counts.any(axis=0))
    kept = slice(used[0], used[-1] + 1) if len(used) else slice(0, 0)
    iterations = frame.index.to_numpy(np.float64)
    step = float(np.median(np.diff(iterations))) if len(iterations) > 1 else 1.0
    figure = go.Figure()
    for row in np.flatnonzero(totals > 0)[::-1]:
        base = iterations[row]
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([middles[kept], middles[kept][::-1]]),
                y=np.concatenate(
                    [
                        base + shares[row, kept] / most * _RIDGE * step,
                        np.full(len(middles[kept]), base),
                    ]
                ),
                mode="lines", fill="toself", line={"color": COLOURS[0], "width": 1},
                fillcolor="rgba(86, 180, 233, 0.5)", name=f"iteration {int(base):,}",
                showlegend=False,
            )
        )  # fmt: skip
    return _titled(figure, title, "value", "iteration")


def class_errors(frame: "pd.DataFrame", *, title: str | None = None) -> "go.Figure":
    """Return the error of every class over time as a heat map, a row each: `Run.class_stat`.

    The worst at the last validated iteration stand on top; classes and iterations without a value
    (NaN) are empty.
    """
    last = frame.ffill().iloc[-1] if len(frame) else pd.Series(0.0, index=frame.columns)
    order = np.argsort(last.fillna(-1).to_numpy(np.float64), kind="stable")
    heat = go.Heatmap(
        x=frame.index.to_numpy(),
        y=[str(frame.columns[place]) for place in order],
        z=frame.to_numpy(np.float64).T[order],
        zmin=0, zmax=1, colorscale="RdYlGn", reversescale=True,
        colorbar={"title": {"text": "error"}, "tickformat": ".0%"},
    )  # fmt: skip
    return _titled(go.Figure(heat), title, "iteration", None)


def _titled(
    figure: "go.Figure",
    title: str | None,
    x_title: str | None,
    y_title: str | None,
    *,
    log: bool = False,
) -> "go.Figure":
    figure.update_layout(
        template="plotly_white",
        title=None if title is None else {"text": title},
        hovermode="x unified" if figure.data and figure.data[0].type == "scatter" else "closest",
        xaxis={"title": {"text": x_title}},
        yaxis={"title": {"text": y_title}, "type": "log" if log else "linear"},
    )
    return figure
