"""The options of the charts of the page of confusion."""

from app.components.chart_options.base import ChartOptions, DataOptions


class ConfusionOptions(DataOptions):
    """What shows the confusion at the cursor; what belongs to the run lies below `base`."""

    base: str


class ConfusionMatrixOptions(ConfusionOptions):
    """The matrix; `legend` is the id of what explains its colours."""

    legend: str


KINDS: dict[str, type[ChartOptions]] = {
    "confusionclasses": ConfusionOptions,
    "confusionflows": ConfusionOptions,
    "confusionimages": ConfusionOptions,
    "confusionmatrix": ConfusionMatrixOptions,
}
