"""The texts of the compare page's choices, by the values that the selection holds."""

from deeptracker.catalogue import LAYER_STATISTICS, MEASURES, labels

ALIGNMENTS = {"iteration": "Iteration", "epoch": "Epoch", "clock": "Relative time"}
GROUPINGS = {
    "runs": "Each run",
    "seeds": "Seeds as one",
    "setting": "By a setting",
    "chosen": "My groups",
}
EXPLORE = {
    "parallel": "Parallel coordinates",
    "scatter": "Scatter",
    "importance": "Importance",
}
BANDS = {"deviation": "Band: 1 standard deviation", "range": "Band: least to greatest"}
ORDERS = {"difference": "By difference", "recorded": "As recorded", "name": "By name"}
SCALES = {"linear": "Linear", "log": "Log"}
STATISTICS = labels(LAYER_STATISTICS)

__all__ = [
    "ALIGNMENTS",
    "BANDS",
    "EXPLORE",
    "GROUPINGS",
    "MEASURES",
    "ORDERS",
    "SCALES",
    "STATISTICS",
    "letter",
]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letter(place: int) -> str:
    """Return what stands for the run at a place: A to Z, then AA, AB; as compare.ts does."""
    high, low = divmod(place, len(_ALPHABET))
    return (_ALPHABET[high - 1] if high else "") + _ALPHABET[low]
