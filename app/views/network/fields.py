"""The fields of the selection that the view of the network declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    "networksearch": Field(Kind.TEXT, "", passing=True),
}
