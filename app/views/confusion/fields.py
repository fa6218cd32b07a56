"""The fields of the selection that the page of confusion declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # The matrix: as it is or its change, what a cell says, the order of its classes.
    "confusionview": Field(Kind.TEXT, "cursor"),
    "confusionas": Field(Kind.TEXT, "count"),
    "confusionorder": Field(Kind.TEXT, "data"),
    "diagonal": Field(Kind.FLAG, True),
    # The pinned iteration that it is compared with, where it is not the one before the cursor.
    "confusionagainst": Field(Kind.INTEGER),
    # The rows and columns zoomed into, by their places in the order.
    "confusionrows": Field(Kind.RANGE),
    "confusioncolumns": Field(Kind.RANGE),
    # Whose images are listed: true class, predicted class, and the one predicted before.
    "confusioncell": Field(Kind.INTEGERS, []),
    # The column that the table of classes is sorted by; with - ahead the largest first.
    "classsort": Field(Kind.TEXT, "-error"),
}
