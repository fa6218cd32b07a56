"""The fields of the selection that the page of distributions declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # Of what, of which parts of the network, and how they are drawn.
    "distributionquantity": Field(Kind.TEXT, "weight"),
    "distributionlevel": Field(Kind.TEXT, "layer"),
    "distributionmode": Field(Kind.TEXT, "offset"),
    "distributionscale": Field(Kind.TEXT, "linear"),
    # What snapshots lie over: iterations, epochs or times.
    "distributionx": Field(Kind.TEXT, "iteration"),
    # How many snapshots an offset or overlay shows.
    "ridges": Field(Kind.TEXT, "20"),
    # Words that all occur in a name, and the place in its level of what is shown large.
    "distributionsearch": Field(Kind.TEXT, "", passing=True),
    "enlarged": Field(Kind.INTEGER),
}
