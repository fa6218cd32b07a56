"""The fields of the selection that the view of the network declares."""

from collections.abc import Mapping

from app.fields import Field, Kind

FIELDS: Mapping[str, Field] = {
    # How far the network is open (app/data/network_fold.py), the groups that are the other way
    # round, and what of its layers a folded one shows.
    "networklevel": Field(Kind.INTEGER, 0),
    "networktoggled": Field(Kind.INTEGERS, []),
    "networkof": Field(Kind.TEXT, "mean"),
    "networksearch": Field(Kind.TEXT, "", passing=True),
}
