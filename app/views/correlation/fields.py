"""The fields of the selection that the correlation view declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # The chosen cell (layer and class), the significance of cells, the lightest mini-set shown.
    "cell": Field(Kind.PAIRS, [], passing=True),
    "significance": Field(Kind.TEXT, "0.05"),
    "weight": Field(Kind.INTEGER, 1, passing=True),
    # What is split ("none", "rows", "columns", "both"), and what differs from that.
    "split": Field(Kind.TEXT, "none"),
    "splitlayers": Field(Kind.INTEGERS, []),
    "splitclasses": Field(Kind.INTEGERS, []),
    # The order of layers and of classes.
    "roworder": Field(Kind.TEXT, "network"),
    "columnorder": Field(Kind.TEXT, "strength"),
}
