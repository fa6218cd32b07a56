"""The fields of the selection that the page of what changed declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # Which snapshot of the other run: "same" (the one nearest to this run's), "last", an iteration.
    "otherat": Field(Kind.TEXT, "same"),
    # The id of the layer whose weights and filters are shown; "most": the one that changed most.
    "changelayer": Field(Kind.TEXT, "most"),
}
