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
    # The setting that makes groups ("": the first that differs), and what their bands show.
    "groupby": Field(Kind.TEXT, ""),
    "band": Field(Kind.TEXT, "deviation"),
    # By run id: against which one the others are shown, whose lines are hidden, and which stand
    # where not all of them can. Whether lines show the difference to the baseline.
    "baseline": Field(Kind.TEXT, ""),
    "hidden": Field(Kind.INTEGERS, []),
    "picked": Field(Kind.INTEGERS, []),
    "difference": Field(Kind.FLAG, False),
    # Settings against results: how it is drawn, which result, which setting a scatter is over, what
    # colours it, and whether axes whose values lie decades apart are logarithmic.
    "explore": Field(Kind.TEXT, "parallel"),
    "result": Field(Kind.TEXT, "last:validation_error"),
    "across": Field(Kind.TEXT, ""),
    "coloured": Field(Kind.TEXT, ""),
    "logaxes": Field(Kind.FLAG, True),
}
