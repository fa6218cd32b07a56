"""The options of the charts of the page of distributions."""

from app.components.chart_options.base import ChartOptions, DataOptions


class DistributionsOptions(DataOptions):
    """A small chart for each part of the network; `url` is that of its nodes.

    `base` and `compare` are where the data of the run, and of it with another one, are; `run` and
    `name` which run it is; `count` and `key` ids; `missed` what is said of a quantity that the log
    does not hold.
    """

    base: str
    compare: str
    run: int
    name: str
    count: str
    key: str
    missed: dict[str, str]


KINDS: dict[str, type[ChartOptions]] = {"distributions": DistributionsOptions}
