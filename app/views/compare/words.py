"""The texts of the compare page's choices, by the values that the selection holds."""

from app.views.layers.words import STATISTICS
from deeptracker.catalogue import MEASURES

ALIGNMENTS = {"iteration": "Iteration", "epoch": "Epoch", "clock": "Relative time"}
GROUPINGS = {"runs": "Each run", "seeds": "Seeds as one", "chosen": "My groups"}
ORDERS = {"difference": "By difference", "recorded": "As recorded", "name": "By name"}
SCALES = {"linear": "Linear", "log": "Log"}

__all__ = ["ALIGNMENTS", "GROUPINGS", "MEASURES", "ORDERS", "SCALES", "STATISTICS"]
