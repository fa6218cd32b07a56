"""The texts of the page's choices, by the values that the selection holds."""

from app.data.change_runs import LAST, SAME

MOST_CHANGED = {"most": "The most changed layer"}
OTHER_SNAPSHOTS = {SAME: "Nearest to this run's", LAST: "Its last"}
