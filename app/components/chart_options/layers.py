"""The options of the charts of the layer view."""

from app.components.chart_options.base import ChartOptions, DataOptions, Say
from app.components.chart_options.shared import MapOptions, StripPanel


class LayerCompareOptions(DataOptions):
    """Layers over one another; `piece` is how many nodes are asked for at once."""

    base: str
    piece: int


class TopFiltersOptions(ChartOptions):
    """The most changed filters; what is asked for follows from the selection."""

    base: str


class MultiplesOptions(LayerCompareOptions):
    """One small chart for each node; the ids of the key of its colours and of its count."""

    key: str
    count: str


class MagnitudesOptions(DataOptions):
    """A line for every layer: `what` says what of it, `tree` is the id of the rows beside it."""

    tree: str
    what: dict[str, str]


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


KINDS: dict[str, type[ChartOptions]] = {
    "filtermap": FilterMapOptions,
    "filterseries": FilterSeriesOptions,
    "layercompare": LayerCompareOptions,
    "magnitudes": MagnitudesOptions,
    "multiples": MultiplesOptions,
    "topfilters": TopFiltersOptions,
}
