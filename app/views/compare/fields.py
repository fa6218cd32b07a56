"""The fields of the selection that the compare page declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # What runs are aligned by, whether they are grouped ("runs", "seeds", "chosen"), and the chosen
    # group of each run (0: none).
    "align": Field(Kind.TEXT, "iteration"),
    "grouping": Field(Kind.TEXT, "runs"),
    "members": Field(Kind.INTEGERS, []),
    # Which two of the runs are shown in detail (by their place), and the order of their classes.
    "firstrun": Field(Kind.TEXT, "0"),
    "secondrun": Field(Kind.TEXT, "1"),
    "compareorder": Field(Kind.TEXT, "difference"),
}
