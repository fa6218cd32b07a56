"""Draws the small chart of a finding as a picture, for messages that leave the application."""

import io
import math
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 480, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 8, 20, 18
_SCALE = 2  # drawn larger and made smaller: lines get smooth edges
_GROUND, _TEXT, _SOFT = "#ffffff", "#343a40", "#5c636b"
_LINE, _LIMIT, _SHADED, _BAND = "#2f5a97", "#d13232", "#fdeaea", "#cfe3d6"


def picture(chart: Mapping[str, Any], *, start: int, title: str) -> bytes | None:
    """Return a chart as PNG of WIDTH x HEIGHT; None where it has no number to draw.

    `chart` is as finding_rows.chart_document makes it; what is from iteration `start` on is shaded.
    """
    iterations, values = chart.get("iterations") or [], chart.get("values") or []
    log = bool(chart.get("log"))
    lower, upper = chart.get("lower") or [], chart.get("upper") or []
    y = _scale([*values, *lower, *upper, chart.get("limit")], log=log)
    if y is None or not any(_drawn(value, log=log) for value in values):
        return None
    size = (WIDTH * _SCALE, HEIGHT * _SCALE)
    image = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(image)
    x = _places(iterations)
    edge = _SCALE * (WIDTH - _RIGHT)
    begins = x(max(start, iterations[0]))
    pen.rectangle((begins, _SCALE * _TOP, edge, _SCALE * (HEIGHT - _BOTTOM)), fill=_SHADED)
    _draw_band(pen, [x(i) for i in iterations], lower, upper, y, log=log)
    if _drawn(chart.get("limit"), log=log):
        at = y(chart["limit"])
        for left in range(_SCALE * _LEFT, edge, 7 * _SCALE):
            pen.line((left, at, left + 4 * _SCALE, at), fill=_LIMIT, width=_SCALE)
    for stretch in _stretches(iterations, values, log=log):
        points = [(x(i), y(v)) for i, v in stretch]
        if len(points) > 1:
            pen.line(points, fill=_LINE, width=2 * _SCALE, joint="curve")
        for across, down in points if len(points) < 3 else ():
            pen.ellipse((across - 4, down - 4, across + 4, down + 4), fill=_LINE)
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    _write(image, title, iterations, y.low, y.high)
    told = io.BytesIO()
    image.save(told, "PNG", optimize=True)
    return told.getvalue()


def _drawn(value: Any, *, log: bool) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and (not log or value > 0)


class _Scale:
    """From values to places down the picture."""

    def __init__(self, low: float, high: float, *, log: bool) -> None:
        self.low, self.high = low, high
        self._to = math.log10 if log else float
        self._begin, self._span = self._to(low), self._to(high) - self._to(low)

    def __call__(self, value: float) -> float:
        part = (self._to(value) - self._begin) / self._span
        return _SCALE * (_TOP + 4 + (HEIGHT - _TOP - _BOTTOM - 8) * (1 - part))


def _scale(values: list[Any], *, log: bool) -> _Scale | None:
    known = [float(value) for value in values if _drawn(value, log=log)]
    if not known:
        return None
    low, high = (min(known) if log else min(0.0, *known)), max(known)
    if low == high:
        low, high = (low / 2, high * 2) if log else (low, low + (abs(low) or 1.0))
    return _Scale(low, high, log=log)


def _places(iterations: list[int]) -> Any:
    first, span = iterations[0], max(1, iterations[-1] - iterations[0])
    return lambda i: _SCALE * (_LEFT + (WIDTH - _LEFT - _RIGHT) * (i - first) / span)


def _stretches(iterations: list[int], values: list[Any], *, log: bool) -> list[Any]:
    """Return what is drawn without a gap, each a list of (iteration, value)."""
    found: list[list[tuple[int, float]]] = [[]]
    for iteration, value in zip(iterations, values, strict=True):
        if _drawn(value, log=log):
            found[-1].append((iteration, value))
        elif found[-1]:
            found.append([])
    return [stretch for stretch in found if stretch]


def _draw_band(
    pen: ImageDraw.ImageDraw,
    x: list[float],
    lower: list[Any],
    upper: list[Any],
    y: Any,
    *,
    log: bool,
) -> None:
    ends = [
        (at, y(low), y(high))
        for at, low, high in zip(x, lower, upper, strict=False)
        if _drawn(low, log=log) and _drawn(high, log=log)
    ]
    if len(ends) > 1:
        outline = [(at, high) for at, _, high in ends] + [(at, low) for at, low, _ in ends[::-1]]
        pen.polygon(outline, fill=_BAND)


def _write(image: Image.Image, title: str, iterations: list[int], low: float, high: float) -> None:
    pen = ImageDraw.Draw(image)
    pen.text((_LEFT, 3), title[:70], fill=_TEXT, font_size=12)
    pen.text((_LEFT - 5, _TOP), f"{high:.3g}", fill=_SOFT, font_size=11, anchor="ra")
    pen.text((_LEFT - 5, HEIGHT - _BOTTOM), f"{low:.3g}", fill=_SOFT, font_size=11, anchor="rd")
    base = HEIGHT - 3
    pen.text((_LEFT, base), f"{iterations[0]:,}", fill=_SOFT, font_size=11, anchor="ld")
    pen.text((WIDTH - _RIGHT, base), f"{iterations[-1]:,}", fill=_SOFT, font_size=11, anchor="rd")
