"""The fields of the selection that the layer view declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # How nodes of the network are drawn.
    "search": Field(Kind.TEXT, "", passing=True),
    "encoding": Field(Kind.TEXT, "line"),
    "same": Field(Kind.FLAG, True),
    "height": Field(Kind.TEXT, "auto"),
    # Which nodes are opened and compared (places in the tree), and in which order they stand.
    "level": Field(Kind.INTEGER, 0),
    "toggled": Field(Kind.INTEGERS, []),
    "nodes": Field(Kind.INTEGERS, []),
    "normalised": Field(Kind.FLAG, False),
    # What the chart of all layers shows.
    "magnitude": Field(Kind.TEXT, "ratio"),
    # The place in the tree of the node whose chart is shown large.
    "layerlarge": Field(Kind.INTEGER),
    "sort": Field(Kind.TEXT, "network"),
    # Below which a layer has converged.
    "limit": Field(Kind.NUMBER, 1e-3, passing=True),
    "limitof": Field(Kind.TEXT, "value"),
    # How the filters of the opened layer and the most changed ones are shown.
    "filterquantity": Field(Kind.TEXT, "cosine_change"),
    "filterscaling": Field(Kind.TEXT, "log"),
    "filterorder": Field(Kind.TEXT, "recorded"),
    "topsort": Field(Kind.TEXT, "count"),
}
