"""What the options of every chart are made of."""

from pydantic import BaseModel, ConfigDict


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
