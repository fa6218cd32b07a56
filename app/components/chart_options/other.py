"""The options of the charts of the other views."""

from app.components.chart_options.base import ChartOptions, DataOptions
from app.components.chart_options.shared import ScalarListOptions


class ChangesOptions(DataOptions):
    """What changed between two snapshots, in words and tables; `compared` is the template of the
    address of what is asked for about two runs, for those who may compare.
    """

    compared: str | None = None


class FindingOptions(ChartOptions):
    """The small chart of a finding; a value of None is not finite, an end of None has not come."""

    title: str
    iterations: list[int]
    values: list[float | None]
    limit: float | None = None
    log: bool | None = None
    start: int
    end: int | None = None


class HistogramPairOptions(DataOptions):
    """The weights of a layer at two snapshots, `names` what those are called."""

    names: list[str]


class PictureOptions(ChartOptions):
    """The picture of one image: `image` is its id, `position` its place in a class of `count`."""

    base: str
    image: int
    classId: int
    count: int
    position: int


class FindingBandOptions(FindingOptions):
    """The same over the band of good runs, `lower` to `upper`, one each for each value."""

    lower: list[float | None]
    upper: list[float | None]


class WorkspaceOptions(ChartOptions):
    """Views side by side, in the order of the tabs; `wanted` is the id of the store that asks."""

    run: int
    views: list[str]
    wanted: str


KINDS: dict[str, type[ChartOptions]] = {
    "changes": ChangesOptions,
    "finding": FindingOptions,
    "histogrampair": HistogramPairOptions,
    "machinelist": ScalarListOptions,
    "picture": PictureOptions,
    "findingband": FindingBandOptions,
    "scalarlist": ScalarListOptions,
    "workspace": WorkspaceOptions,
}
