"""The texts of the compare page's choices, by the values that the selection holds."""

from deeptracker.catalogue import LAYER_STATISTICS, MEASURES, labels

ALIGNMENTS = {"iteration": "Iteration", "epoch": "Epoch", "clock": "Relative time"}
GROUPINGS = {"runs": "Each run", "seeds": "Seeds as one", "chosen": "My groups"}
ORDERS = {"difference": "By difference", "recorded": "As recorded", "name": "By name"}
SCALES = {"linear": "Linear", "log": "Log"}
STATISTICS = labels(LAYER_STATISTICS)

__all__ = ["ALIGNMENTS", "GROUPINGS", "MEASURES", "ORDERS", "SCALES", "STATISTICS"]
