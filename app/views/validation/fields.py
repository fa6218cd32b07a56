"""The fields of the selection that the validation view declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # How many clusters of classes, and which of them are opened.
    "clusters": Field(Kind.INTEGER, 4),
    "open": Field(Kind.INTEGERS, []),
    # Rows by cluster or all, opened classes, their height, the list of images, the search.
    "group": Field(Kind.TEXT, "clusters"),
    "openclasses": Field(Kind.INTEGERS, []),
    "rowheight": Field(Kind.TEXT, "auto"),
    "imagelist": Field(Kind.TEXT, "forgotten"),
    "find": Field(Kind.TEXT, "", passing=True),
}
