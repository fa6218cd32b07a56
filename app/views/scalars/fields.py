"""The fields of the selection that the page of scalars declares; Compare has its charts too."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # Which names are shown: words that all occur in them, or a pattern; and where the list begins,
    # in steps of 24.
    "scalars": Field(Kind.TEXT, "", passing=True),
    "scalarregex": Field(Kind.FLAG, False),
    "scalarpage": Field(Kind.INTEGER, 1),
    # How all are drawn: the moving average's weight, without the most extreme values, over what.
    "smoothing": Field(Kind.NUMBER, 0, passing=True),
    "outliers": Field(Kind.FLAG, False),
    "scalarx": Field(Kind.TEXT, "iteration"),
    "scalarjoin": Field(Kind.FLAG, False),
    "scalarcolumns": Field(Kind.TEXT, "fit"),
    "scalartied": Field(Kind.FLAG, True),
    # Keys of charts: on top, the large one, lines that are hidden; groups that are folded; and what
    # a chart has of its own (app/web/scalars/own.ts).
    "scalarpins": Field(Kind.TEXT, ""),
    "scalarlarge": Field(Kind.TEXT, ""),
    "scalarhidden": Field(Kind.TEXT, ""),
    "scalarfolded": Field(Kind.TEXT, ""),
    "scalarown": Field(Kind.TEXT, ""),
}
