"""The options of the charts of the page of distributions."""

from app.components.chart_options.base import ChartOptions, DataOptions


class DistributionsOptions(DataOptions):
    """A small chart for each part of the network; `url` is that of its nodes.

    `base` and `compare` are where the data of the run, and of it with another one, are; `others`
    the names of runs by their numbers; `count` and `key` ids; `missed` what is said of a quantity
    that the log does not hold.
    """

    base: str
    compare: str
    run: int
    name: str
    others: dict[str, str]
    count: str
    key: str
    missed: dict[str, str]


KINDS: dict[str, type[ChartOptions]] = {"distributions": DistributionsOptions}
