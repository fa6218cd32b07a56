"""The options of the charts of the validation view."""

from app.components.chart_options.base import ChartOptions, DataOptions, Say


class WindowOptions(ChartOptions):
    """Window k and threshold m: defaults, ends of their sliders; ids begin with `prefix`."""

    snapshots: int
    largest: int
    k: int
    m: int | float
    prefix: str


class ValidationRowsOptions(DataOptions):
    """Rows of the validation set, of so many classes; `anomalies` and `groups` are templates."""

    base: str
    anomalies: str
    groups: str
    classes: int
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


KINDS: dict[str, type[ChartOptions]] = {
    "anomalytable": AnomalyTableOptions,
    "gallery": GalleryOptions,
    "imagelist": ImageListOptions,
    "iterationclasses": IterationClassesOptions,
    "validationrows": ValidationRowsOptions,
    "validationwindow": WindowOptions,
}
