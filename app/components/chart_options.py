"""The options of every kind of chart, declared once: `chart` checks them, the scripts are typed by
them (app/web/core/chartoptions.ts, which app/components/chart_types.py writes).

Templates of addresses may hold "{field}" of the selection; so may what says so. Ids are those of
elements elsewhere on the page.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from deeptracker.catalogue import Format


class Record(BaseModel):
    """Refuses what is misspelt, missing or of another type; no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Say(Record):
    """What is said instead of a picture: without snapshots, rows, values, a chosen filter."""

    noColumns: str | None = None
    noRows: str | None = None
    noValues: str | None = None
    noFilter: str | None = None


class ChartOptions(Record):
    """What every chart may be told; each kind has more.

    `label` is what a screen reader says, `url` the template of the address of its data, `table`
    that of the whole as a table. Charts of a `group` share a time axis. `redraw` are fields of the
    selection that need a new drawing.
    """

    label: str
    url: str | None = None
    table: str | None = None
    group: str | None = None
    redraw: list[str] | None = None


class DataOptions(ChartOptions):
    """What draws the answer of an address."""

    url: str


class StripLine(Record):
    """A line of a panel: its series, its name, its colour as a custom property of the CSS."""

    series: str
    name: str | None = None
    colour: str


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
    """A panel of lines or of a stack; `log` may be "{field}"; `nothing`: where nothing is known."""

    title: str
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


class WindowOptions(ChartOptions):
    """Window k and threshold m: defaults, ends of their sliders; ids begin with `prefix`."""

    snapshots: int
    largest: int
    k: int
    m: int | float
    prefix: str


class ValidationRowsOptions(DataOptions):
    """Rows of the validation set; `anomalies` and `groups` are templates of addresses."""

    base: str
    anomalies: str
    groups: str
    legend: str
    say: Say


class AnomalyTableOptions(DataOptions):
    """The anomalous iterations; `names` is the address that has the classes' names."""

    names: str
    say: Say


class IterationClassesOptions(DataOptions):
    """The anomalous classes at the cursor."""

    names: str


class GalleryOptions(DataOptions):
    """Images of a class; those of a run lie below `base`."""

    base: str


class ImageListOptions(GalleryOptions):
    """Images of all classes."""

    names: str


class LayerCompareOptions(DataOptions):
    """Layers over one another."""

    base: str


class TopFiltersOptions(ChartOptions):
    """The most changed filters; what is asked for follows from the selection."""

    base: str


class MultiplesOptions(LayerCompareOptions):
    """One small chart for each node; the ids of the key of its colours and of its count."""

    key: str
    count: str


class FilterMapOptions(MapOptions):
    """The filters of the opened layer; `facts` is the id of what says which layer it is."""

    base: str
    facts: str


class FilterSay(Say):
    """The same; that no filter is chosen is always said."""

    noFilter: str


class FilterSeriesOptions(DataOptions):
    """All quantities of one filter."""

    base: str
    panels: list[StripPanel]
    facts: str
    say: FilterSay


class CorrelationNamesOptions(DataOptions):
    """What shows layers and classes by name; `names` is the address that has them."""

    names: str


class CorrelationGridOptions(CorrelationNamesOptions):
    """Layers by classes; `detail` is the address of what a cell is split into."""

    detail: str
    legend: str


class CorrelationFiltersOptions(CorrelationNamesOptions):
    """The filters behind a cell; `filters` and `series` are templates of addresses."""

    filters: str
    series: str


class CorrelationSlidersOptions(ChartOptions):
    """How many filters count, at most `most` of all `filters`."""

    most: int
    filters: int


class CubeCard(Record):
    """The ids of the caption and the legend of a face."""

    caption: str
    legend: str


class CubeOptions(DataOptions):
    """The cube: `cards` by face, ids of `controls` and `readout`, labels of the `measures`."""

    base: str
    classes: int
    cards: dict[str, CubeCard]
    controls: str
    readout: str
    measures: dict[str, str]
    say: Say


class FindingOptions(ChartOptions):
    """The small chart of a finding; a value of None is not finite, an end of None has not come."""

    title: str
    iterations: list[int]
    values: list[float | None]
    limit: float | None = None
    log: bool | None = None
    start: int
    end: int | None = None


class Run(Record):
    """A run as the charts of Compare are told of it; `of`: what its UUID begins with."""

    id: int
    of: str
    name: str
    state: str
    error: float | None
    snapshots: int
    href: str


class RunsOptions(ChartOptions):
    """What shows several runs."""

    runs: list[Run]


class RunsDataOptions(RunsOptions):
    """What shows an answer about several runs; `legend` is an id."""

    url: str
    legend: str | None = None


class CompareImagesOptions(RunsDataOptions):
    """Images on which two runs differ; `sheets` is the template of their contact sheets."""

    sheets: str


class CompareMapOptions(MapOptions):
    """A map of one of two runs, or of their difference."""

    side: Literal["first", "second", "difference"]
    title: str | None = None
    runs: list[Run]


class WorkspaceOptions(ChartOptions):
    """Views side by side, in the order of the tabs; `wanted` is the id of the store that asks."""

    run: int
    views: list[str]
    wanted: str


KINDS: dict[str, type[ChartOptions]] = {
    "anomalytable": AnomalyTableOptions,
    "axis": DataOptions,
    "compareaxis": RunsDataOptions,
    "compareevents": RunsDataOptions,
    "compareimages": CompareImagesOptions,
    "comparekey": RunsDataOptions,
    "comparelayers": RunsDataOptions,
    "comparelines": RunsDataOptions,
    "comparemap": CompareMapOptions,
    "comparestate": RunsOptions,
    "correlationcells": CorrelationNamesOptions,
    "correlationfilters": CorrelationFiltersOptions,
    "correlationgrid": CorrelationGridOptions,
    "correlationsliders": CorrelationSlidersOptions,
    "cube": CubeOptions,
    "filtermap": FilterMapOptions,
    "filterseries": FilterSeriesOptions,
    "finding": FindingOptions,
    "gallery": GalleryOptions,
    "imagelist": ImageListOptions,
    "iterationclasses": IterationClassesOptions,
    "layercompare": LayerCompareOptions,
    "live": LiveOptions,
    "multiples": MultiplesOptions,
    "pixelmap": MapOptions,
    "readout": ReadoutOptions,
    "strip": StripOptions,
    "topfilters": TopFiltersOptions,
    "validationrows": ValidationRowsOptions,
    "validationwindow": WindowOptions,
    "workspace": WorkspaceOptions,
}
