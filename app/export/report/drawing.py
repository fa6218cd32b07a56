"""Pictures of a report: curves as inline SVG that follows the page's colours, maps as PNG."""

import base64
import io
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray
from PIL import Image

from app.components.texts import cut, number
from app.data.series import ScreenSeries
from app.export.report.content import ClassMap

WIDTH, LEFT, RIGHT = 900, 64, 12
HEIGHT, TOP, BOTTOM = 170, 10, 26
# Red to green as in app/web/base/palettes.ts; grey: a class without images.
ACCURACY = ("a50026", "d73027", "f46d43", "fdae61", "fee08b", "fbf7b0", "d9ef8b", "a6d96a",
            "66bd63", "1a9850", "006837")  # fmt: skip
MISSING = (0xC4, 0xC7, 0xCE)
# A palette has room for these and MISSING.
LEVELS = 255
MOST_NAMED = 60
MOST_ROWS, MOST_COLUMNS = 2_000, 2_000


def curves(
    lines: Sequence[tuple[str, str, ScreenSeries]],
    *,
    percent: bool = False,
    steps: bool = False,
    label: str,
) -> Markup | None:
    """Return a chart of series, each (name, class of its colour, series); None without values.

    With `steps` a value holds until the next one, as a learning rate does.
    Gaps are where the value is NaN or infinite; such iterations have a cross at the bottom.
    """
    shown = [line for line in lines if len(line[2].iterations)]
    if not shown:
        return None
    x_low = min(int(s.iterations[0]) for _, _, s in shown)
    x_high = max(int(s.iterations[-1]) for _, _, s in shown)
    y_low = min(0.0, *(float(s.values.min()) for _, _, s in shown))
    y_high = max(float(s.values.max()) for _, _, s in shown)
    if y_high <= y_low:
        y_high = y_low + (abs(y_low) or 1.0)

    def x(iteration: Any) -> Any:
        return LEFT + (WIDTH - LEFT - RIGHT) * (iteration - x_low) / max(1, x_high - x_low)

    def y(value: Any) -> Any:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - y_low) / (y_high - y_low))

    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            WIDTH, HEIGHT, label
        ),
        _rules(x, y, (x_low, x_high), (y_low, y_high), percent=percent),
    ]
    for _, colour, series in shown:
        across, down = x(series.iterations), y(series.values)
        if steps:
            across, down = np.repeat(across, 2)[1:], np.repeat(down, 2)[:-1]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(colour, points))
        bottom = HEIGHT - BOTTOM - 2
        parts += [
            Markup('<text class="odd" x="{:.1f}" y="{}">×</text>').format(x(at), bottom)
            for at in series.odd[:400]
        ]
    return Markup("").join([*parts, Markup("</svg>")])


def _rules(
    x: Any, y: Any, x_ends: tuple[int, int], y_ends: tuple[float, float], *, percent: bool
) -> Markup:
    parts = []
    for value in ticks(*y_ends, 4):
        text = f"{100 * value:.4g} %" if percent else number(value, 4)
        parts.append(
            Markup(
                '<line class="rule" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>'
                '<text class="end" x="{3}" y="{4:.1f}">{5}</text>'
            ).format(LEFT, WIDTH - RIGHT, y(value), LEFT - 6, y(value) + 4, text)
        )
    for value in ticks(*x_ends, 8):
        if value == int(value):
            parts.append(
                Markup('<text class="middle" x="{:.1f}" y="{}">{:,}</text>').format(
                    x(value), HEIGHT - 8, int(value)
                )
            )
    return Markup("").join(parts)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most about `most` round numbers in low..high."""
    if not np.isfinite([low, high]).all() or high <= low:
        return [low] if np.isfinite(low) else []
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * 0.999)
    first = np.ceil(low / step - 1e-9)
    last = np.floor(high / step + 1e-9)
    # Adding 0 makes 0 of -0.
    return [float(f"{n * step:.12g}") + 0.0 for n in np.arange(first, last + 1)]


def class_map(found: ClassMap) -> Markup:
    """Return the errors of the classes as a map: a row each, a column for every snapshot."""
    rows = len(found.names)
    named = rows <= MOST_NAMED
    height = max(1, min(rows * (14 if named else 1), 900)) if named else min(max(rows, 300), 900)
    left = 140 if named else LEFT
    parts = [
        Markup(
            '<svg class="chart" viewBox="0 0 {} {}" role="img" '
            'aria-label="Error of every class at every snapshot">'
            '<image x="{}" y="0" width="{}" height="{}" preserveAspectRatio="none" '
            'style="image-rendering:pixelated" href="data:image/png;base64,{}"/>'
        ).format(WIDTH, height + BOTTOM, left, WIDTH - left - RIGHT, height, _png(found))
    ]
    if named:
        parts += [
            Markup('<text class="end" x="{}" y="{:.1f}">{}</text>').format(
                left - 6, (at + 0.5) * height / rows + 4, cut(name, 20)
            )
            for at, name in enumerate(found.names)
        ]
    parts += [
        Markup('<text class="middle" x="{:.1f}" y="{}">{:,}</text>').format(
            left + (WIDTH - left - RIGHT) * place, height + 17, iteration
        )
        for iteration, place in columns_named(found.iteration)
    ]
    return Markup("").join([*parts, Markup("</svg>")])


def columns_named(iterations: NDArray[np.int32]) -> list[tuple[int, float]]:
    """Return the iterations to name below a map, and their places in 0..1.

    `iterations` [snapshots] rise, and each has a column as wide. Round ones where they are equally
    far apart; otherwise those of columns that are, because round ones would crowd in a few.
    """
    count = len(iterations)
    middles = (np.arange(count) + 0.5) / count
    gaps = np.diff(iterations)
    if count > 1 and np.all(gaps[:-1] == gaps[0]):  # the last snapshot may come early
        found = ticks(float(iterations[0]), float(iterations[-1]), 8)
        return [(int(v), float(np.interp(v, iterations, middles))) for v in found if v % 1 == 0]
    chosen = range(0, count, -(-count // 9))
    return [(int(iterations[at]), float(middles[at])) for at in chosen]


# Of the maps that are kept (content.py), no longer than they are.
_pictures: WeakKeyDictionary[ClassMap, str] = WeakKeyDictionary()


def _png(found: ClassMap) -> str:
    """Return the map as base64 of a PNG, one pixel a cell; drawn once."""
    known = _pictures.get(found)
    if known is None:
        known = _pictures[found] = _drawn(found)
    return known


def _drawn(found: ClassMap) -> str:
    stops = np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in ACCURACY], float)
    ramp = np.stack(
        [np.interp(np.linspace(0, 1, LEVELS), np.linspace(0, 1, len(stops)), s) for s in stops.T], 1
    )
    # The lowest accuracy stands for several: a class that broke must not vanish.
    values = _pooled(_pooled(found.accuracy, MOST_ROWS, 0), MOST_COLUMNS, 1)
    index = np.rint(np.nan_to_num(values, nan=0).clip(0, 1) * (LEVELS - 1)).astype(np.uint8)
    index[np.isnan(values)] = LEVELS
    picture = Image.fromarray(index)
    picture.putpalette([*ramp.round().astype(np.uint8).ravel().tolist(), *MISSING])
    sink = io.BytesIO()
    # A fifth of the time, 7 % larger.
    picture.save(sink, "PNG", compress_level=1)
    return base64.b64encode(sink.getvalue()).decode()


def _pooled(values: NDArray[np.float32], most: int, axis: int) -> NDArray[np.float32]:
    count = values.shape[axis]
    if count <= most:
        return values
    starts = np.unique(np.linspace(0, count, most, endpoint=False).astype(int))
    return np.fmin.reduceat(values, starts, axis=axis)


def legend(lines: Sequence[tuple[str, str, ScreenSeries]]) -> Markup:
    """Return the names of lines beside their colours."""
    parts = [
        Markup('<span class="key"><i class="{}"></i>{}</span>').format(colour, name)
        for name, colour, series in lines
        if len(series.iterations)
    ]
    return Markup("").join(parts) if parts else escape("")
