"""The fields of the selection that the workspace declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # Which views, how they lie, the parts of the room they take (per mille).
    "panes": Field(Kind.TEXT, "validation,layers"),
    "arrange": Field(Kind.TEXT, "columns"),
    "sizes": Field(Kind.INTEGERS, [], passing=True),
}
