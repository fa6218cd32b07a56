"""The fields of the selection that the page of the data declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # Which list, of which runs with the same images: "all", "alone" or the id of one.
    "datalist": Field(Kind.TEXT, "label-errors"),
    "dataruns": Field(Kind.TEXT, "all"),
    # Which of the list are shown: words of the class, what was decided, the page.
    "dataclass": Field(Kind.TEXT, "", passing=True),
    "datadecision": Field(Kind.TEXT, "any"),
    "datapage": Field(Kind.INTEGER, 1),
}
