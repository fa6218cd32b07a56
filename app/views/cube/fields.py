"""The fields of the selection that the cube declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # The face that is seen, its angles (yaw, pitch), what front and top show, whether the right
    # face keeps to what is beyond chance.
    "cubeface": Field(Kind.TEXT, "turned"),
    "cubeturn": Field(Kind.INTEGERS, [34, 27], passing=True),
    "cubefront": Field(Kind.TEXT, "ratio"),
    "cubetop": Field(Kind.TEXT, "accuracy"),
    "cubetied": Field(Kind.FLAG, False),
    # Slices: ids, and an iteration.
    "slicelayer": Field(Kind.INTEGER, passing=True),
    "sliceclass": Field(Kind.INTEGER, passing=True),
    "sliceiteration": Field(Kind.INTEGER, passing=True),
    # Ranges shown: of layers by id, of classes by their place in `classorder`; those of iterations
    # are `zoom`.
    "layerrange": Field(Kind.RANGE, passing=True),
    "classrange": Field(Kind.RANGE, passing=True),
}
