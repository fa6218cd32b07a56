"""The colours of runs, by their number: `python -m app.components.run_colours` writes the CSS.

The first ten are told apart also by the colour-blind, and have one colour for each ground. Of those
after them every one has a hue of its own, of a lightness that is seen on both grounds. A run has
one of the first ten for its own, in the table and wherever it is drawn; beside a run of the same
one it takes another.
"""

import math
from collections.abc import Sequence
from pathlib import Path

MOST = 100  # app/data/aligned.py MOST_RUNS
FILE = Path(__file__).parents[1] / "views" / "compare" / "web" / "palette.css"
LIGHT = (
    "#0065a8", "#c4480a", "#007a58", "#a8408a", "#444444",
    "#2c86c0", "#8f6c00", "#4d40a8", "#7c4418", "#147c88",
)  # fmt: skip
DARK = (
    "#56b4e9", "#f58f4c", "#2fc79a", "#e68fc6", "#dddddd",
    "#9fd0f5", "#e6c229", "#aca2ff", "#cf9f70", "#57d3de",
)  # fmt: skip
# Neighbours are a golden angle apart, and every third is a little lighter.
_TURN = 137.508
_LIGHTNESS = (0.60, 0.64, 0.56)
_CHROMA = 0.14


def own_place(run_id: int) -> int:
    """Return the number of a run's own colour, one of the first ten."""
    return (run_id - 1) % len(LIGHT)


def places(run_ids: Sequence[int]) -> list[int]:
    """Return the number of the colour of each of these runs, no two of them alike.

    It does not depend on their order: of two whose own colour is the same the older one keeps it,
    and the other takes the next of the ten that is free, then one of those after them.
    """
    known = sorted(set(run_ids))
    first = len(LIGHT)
    taken: dict[int, int] = {}
    for run_id in known:
        taken.setdefault(own_place(run_id), run_id)
    found = {run_id: place for place, run_id in taken.items()}
    for run_id in (one for one in known if one not in found):
        wanted = [(own_place(run_id) + step) % first for step in range(1, first)]
        free = (place for place in wanted if place not in taken)
        place = next(free, max(first - 1, *taken) + 1)
        taken[place], found[run_id] = run_id, place
    return [found[run_id] for run_id in run_ids]


def colour_of(place: int, *, dark: bool) -> str:
    """Return the colour of a number, "#rrggbb"."""
    if place < len(LIGHT):
        return (DARK if dark else LIGHT)[place]
    return _oklch(_LIGHTNESS[place % 3], _CHROMA, math.radians(place * _TURN % 360))


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return a colour of Oklab's cylinder as sRGB; what lies outside is cut to its ends."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_byte(value):02x}" for value in linear)


def _byte(linear: float) -> int:
    value = min(max(linear, 0.0), 1.0)
    shown = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * shown)


def source() -> str:
    """Return the stylesheet."""
    first, after = range(len(LIGHT)), range(len(LIGHT), MOST)
    return (
        "/* The colours of compared runs. Written by `python -m app.components.run_colours`. */\n"
        + _rule(":root", [*first, *after], dark=False)
        + "\n"
        + _rule('[data-mantine-color-scheme="dark"]', [*first], dark=True)
    )


def _rule(selector: str, places: list[int], *, dark: bool) -> str:
    lines = [f"  --compare-{place}: {colour_of(place, dark=dark)};\n" for place in places]
    return f"{selector} {{\n{''.join(lines)}}}\n"


if __name__ == "__main__":
    FILE.write_text(source())
