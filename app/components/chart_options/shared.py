"""The options of charts that several views have (app/web/charts)."""

from typing import Literal

from app.components.chart_options.base import ChartOptions, DataOptions, Record, Say
from deeptracker.catalogue import Format


class StripLine(Record):
    """A line of a panel: its series, its name, its colour as a custom property of the CSS.

    `dash`: pixels drawn and left out in turn; curves have it, for runs that lie over each other.
    `aside`: it does not make the scale of the others much larger; curves have it, for capacities.
    """

    series: str
    name: str | None = None
    colour: str
    dash: list[float] | None = None
    aside: bool | None = None


class StackPart(Record):
    """A part of a stack: the column of its counts.

    `changing`: of several rows in a pixel the one with most of these is shown.
    """

    column: int
    name: str
    colour: str
    changing: bool | None = None


class Stack(Record):
    """Counts over one another; `array` is their name in the answer."""

    array: str
    parts: list[StackPart]


class StripPanel(Record):
    """A panel of lines or of a stack; `log` may be "{field}"; `nothing`: where nothing is known.

    `heading`: False where the page itself has the title above. `fit`: the scale begins at the least
    value, else at 0 where none is less.
    """

    title: str
    heading: bool | None = None
    fit: bool | None = None
    height: int | None = None
    format: Format | None = None
    step: bool | None = None
    log: bool | str | None = None
    domain: tuple[float, float] | None = None
    nothing: str | None = None
    lines: list[StripLine] | None = None
    stack: Stack | None = None


class StripOptions(DataOptions):
    """Curves over the time axis; `legend` is the id of what says how many values are drawn."""

    panels: list[StripPanel]
    legend: str | None = None
    say: Say | None = None


class CurvesOptions(DataOptions):
    """One chart of lines with axes of its own, `height` pixels high.

    `smooth` and `clip` are the fields of the selection that say how much is averaged, and whether
    the scale leaves the most extreme values out. `low` and `high` are the ends of the scale, where
    they are chosen. `hidden` are series; `legend` is the id of what says how many values are drawn.
    `signed`: values are differences, for which no logarithm is. `points`: the line nearest to the
    pointer is told by an event "dt-near".
    """

    title: str
    height: int
    lines: list[StripLine]
    smooth: str | None = None
    clip: str | None = None
    log: bool | None = None
    low: float | None = None
    high: float | None = None
    hidden: list[str] | None = None
    signed: bool | None = None
    points: bool | None = None
    legend: str | None = None


class ScalarListOptions(DataOptions):
    """The charts of scalars: `lines` is the address of their values, `matcher` of the script that
    tries patterns; `count`, `none` and `smoothing` are the ids of what says how many there are,
    that there are none, and how smooth they are.
    """

    lines: str
    matcher: str
    count: str
    none: str
    smoothing: str


class MapOptions(DataOptions):
    """A matrix as coloured cells: app/web/charts/pixelmap.ts says what each option does."""

    array: str
    divide: str | None = None
    complement: bool | None = None
    labels: str
    groups: str | None = None
    palette: str | None = None
    signedPalette: str | None = None
    domain: tuple[float, float] | None = None
    scaling: str | None = None
    order: str | None = None
    extreme: Literal["max", "min", "absolute"] | None = None
    maxHeight: int | None = None
    rowHeight: int | None = None
    format: Format | None = None
    what: str | None = None
    value: str | None = None
    legend: str | None = None
    say: Say | None = None
    ends: tuple[str, str] | None = None


class Fact(Record):
    """A series whose value at the cursor is said."""

    title: str
    series: str
    format: Format | None = None


class MapSpec(Record):
    """A pixel map by its id, and how many of its lowest rows are listed."""

    id: str
    title: str
    lowest: int | None = None
    lowestTitle: str | None = None


class ReadoutOptions(DataOptions):
    """The numbers at the cursor; `transitions` are the names of the four counts."""

    facts: list[Fact] | None = None
    transitions: list[str] | None = None
    maps: list[MapSpec] | None = None


class LiveOptions(ChartOptions):
    """What keeps a page up to date: the address of the run's state, the version that it shows."""

    state: str
    version: str
    live: bool | None = None
    every: int | None = None


KINDS: dict[str, type[ChartOptions]] = {
    "axis": DataOptions,
    "curves": CurvesOptions,
    "live": LiveOptions,
    "pixelmap": MapOptions,
    "readout": ReadoutOptions,
    "strip": StripOptions,
}
