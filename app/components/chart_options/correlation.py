"""The options of the charts of the correlation view, and of the cube that shows the same sets."""

from app.components.chart_options.base import ChartOptions, DataOptions, Record, Say


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


KINDS: dict[str, type[ChartOptions]] = {
    "correlationcells": CorrelationNamesOptions,
    "correlationfilters": CorrelationFiltersOptions,
    "correlationgrid": CorrelationGridOptions,
    "correlationsliders": CorrelationSlidersOptions,
    "cube": CubeOptions,
}
