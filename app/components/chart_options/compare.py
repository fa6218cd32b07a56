"""The options of the charts of the compare page."""

from typing import Literal

from app.components.chart_options.base import ChartOptions, Record
from app.components.chart_options.shared import MapOptions, ScalarListOptions


class Run(Record):
    """A run as the charts of Compare are told of it; `of`: what its UUID begins with.

    `colour`: its number (app/components/run_colours.py); None: that of its place.
    """

    id: int
    of: str
    name: str
    state: str
    error: float | None
    snapshots: int
    href: str
    colour: int | None = None


class RunsOptions(ChartOptions):
    """What shows several runs."""

    runs: list[Run]


class RunsDataOptions(RunsOptions):
    """What shows an answer about several runs; `legend` is an id."""

    url: str
    legend: str | None = None


class CompareKeyOptions(RunsDataOptions):
    """The key of the runs; `said` [runs] is what is thought of each, "" before it was judged."""

    said: list[str]


class CompareImagesOptions(RunsDataOptions):
    """Images on which two runs differ; `sheets` is the template of their contact sheets."""

    sheets: str


class CompareMapOptions(MapOptions):
    """A map of one of two runs, or of their difference."""

    side: Literal["first", "second", "difference"]
    title: str | None = None
    runs: list[Run]


class CompareScalarsOptions(ScalarListOptions):
    """The charts of scalars with a line for each run; `said`: the id of what says what they are."""

    runs: list[Run]
    said: str


class CompareCell(Record):
    """What a run has in a column: a text, the value that sorts (None: last), and how far it is from
    the baseline ("": not said), with whether that is better.
    """

    text: str
    value: float | str | None
    change: str
    kind: Literal["better", "worse", "other"]


class CompareRow(Record):
    """A run of the table of many; `base`: whether it is the baseline."""

    name: str
    base: bool
    cells: list[CompareCell]


class CompareTableOptions(ChartOptions):
    """What differs between many runs: a row for each of them, with a cell for each head."""

    heads: list[str]
    rows: list[CompareRow]


KINDS: dict[str, type[ChartOptions]] = {
    "compareaxis": RunsDataOptions,
    "compareevents": RunsDataOptions,
    "compareimages": CompareImagesOptions,
    "comparekey": CompareKeyOptions,
    "comparelayers": RunsDataOptions,
    "comparemap": CompareMapOptions,
    "comparescalars": CompareScalarsOptions,
    "comparestate": RunsOptions,
    "comparetable": CompareTableOptions,
}
