"""The texts of the correlation view's choices, by the values that the selection holds."""

from deeptracker.catalogue import FILTERS, labels

QUESTION = "Which filters changed most at the iterations at which classes were anomalous?"
# The default first.
_LABELS = labels(one for one in FILTERS if one.peak)
QUANTITIES = {"relative_change": _LABELS.pop("relative_change"), **_LABELS}
DIRECTIONS = {"both": "Both", "forgotten": "Forgotten", "learned": "Learned"}
COLOURS = {"count": "Filters", "lift": "Lift"}
# The largest share of false finds (q, the false discovery rate) among the cells drawn in full.
SIGNIFICANCES = {
    "0.05": "q ≤ 0.05",
    "0.01": "q ≤ 0.01",
    "0.001": "q ≤ 0.001",
    "all": "Show all equally",
}
ROW_ORDERS = {"network": "Network", "strength": "Strongest", "name": "Name"}
COLUMN_ORDERS = {
    "strength": "Strongest",
    "iterations": "Most iterations",
    "name": "Name",
    "number": "Number",
}
