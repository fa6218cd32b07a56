"""The options of the chart of the view of the network."""

from app.components.chart_options.base import ChartOptions, DataOptions


class NetworkGraphOptions(DataOptions):
    """The graph of the network.

    `base` is where the run's data are, `page` the address of the layer view; `facts`, `legend` and
    `list` are the ids of what says how large it is, of its colours, and of the same as a list.
    """

    base: str
    page: str
    facts: str
    legend: str
    list: str


KINDS: dict[str, type[ChartOptions]] = {"networkgraph": NetworkGraphOptions}
