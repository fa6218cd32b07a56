"""The fields of the selection that the page of scalars declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # Which names are shown: words that all occur in them, and the page of the list.
    "scalars": Field(Kind.TEXT, "", passing=True),
    "scalarpage": Field(Kind.INTEGER, 1),
}
