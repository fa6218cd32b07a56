"""The fields of the selection that the overview declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # The order of the rows of classes, and what the layers' map shows.
    "order": Field(Kind.TEXT, "recorded"),
    "quantity": Field(Kind.TEXT, "gradient"),
    "scaling": Field(Kind.TEXT, "log"),
}
