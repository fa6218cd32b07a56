"""The fields of the selection that the page of probes declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # The image and the layer that are looked into, by id; none: the first.
    "probeimage": Field(Kind.INTEGER),
    "probelayer": Field(Kind.INTEGER),
    # Whether each map has a colour scale of its own.
    "probeown": Field(Kind.FLAG, False),
    # How many clusters the filters of a layer are put into.
    "probeclusters": Field(Kind.INTEGER, 4),
    # The saliency map over the picture: by which method, for which class, how opaque in percent.
    "probemethod": Field(Kind.TEXT, "grad-cam"),
    "probetarget": Field(Kind.TEXT, "predicted"),
    "probeopacity": Field(Kind.INTEGER, 80, passing=True),
}
