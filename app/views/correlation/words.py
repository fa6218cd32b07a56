"""The texts of the correlation view's choices, by the values that the selection holds."""

from app.views.layers.words import FILTER_QUANTITIES, TOP_QUANTITIES

QUESTION = "Which filters changed most at the iterations at which classes were anomalous?"
QUANTITIES = {**TOP_QUANTITIES, "update_ratio": FILTER_QUANTITIES["update_ratio"]}
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
