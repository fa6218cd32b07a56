"""What the tools about weights answer."""

from pydantic import BaseModel, Field

from deeptracker.assistant.result import Number, Part, Points


class Summary(BaseModel):
    """Values over a range of iterations; null: not defined, or not measured."""

    first: Number
    last: Number
    lowest: Number
    highest: Number
    highest_at: int | None
    mean: Number
    measured_until: int | None = Field(default=None, description="where it is null from there on")
    history: Points = Field(default=[], description="iteration and value")


class LayerLine(Summary):
    """One statistic of one layer over a range of iterations."""

    layer: str
    page: str


class LayerStatistics(Part):
    """One statistic of layers over a range of iterations."""

    run: str
    quantity: str
    statistic: str
    first_iteration: int | None = None
    last_iteration: int | None = None
    layers: list[LayerLine] = Field(default=[])


class ChangedFilter(BaseModel):
    """A filter among the most changed of an iteration; `filter` counts within its layer."""

    layer: str
    filter: int
    value: Number


class ChangedFilters(Part):
    """The most changed filters of one snapshot, over all layers."""

    run: str
    iteration: int | None = None
    quantity: str
    filters: list[ChangedFilter] = Field(default=[])


class FilterLine(Summary):
    """One quantity of one filter over a range of iterations."""

    filter: int


class FilterStatistics(Part):
    """One quantity of the filters of a layer over a range of iterations."""

    run: str
    layer: str
    quantity: str
    first_iteration: int | None = None
    last_iteration: int | None = None
    filters: list[FilterLine] = Field(default=[])
