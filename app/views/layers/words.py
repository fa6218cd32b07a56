"""The texts of the layer view's choices, by the values that the selection holds."""

from app.views.overview.layout import STATISTIC_WORDS

MEASURES = {
    "ratio": "Update / weight",
    "weight": "Weights",
    "gradient": "Gradients",
    "update": "Updates",
    "activation": "Activations",
}
STATISTICS = STATISTIC_WORDS
ENCODINGS = {
    "line": "Lines",
    "box": "Box plots",
    "horizon": "Horizon",
    "bands": "Change bands",
    "histogram": "Histogram",
}
SCALES = {"linear": "Linear", "log": "Log", "symlog": "Symlog"}
HEIGHTS = {
    "auto": "Automatic",
    "fit": "Fit all",
    "small": "Small",
    "medium": "Medium",
    "large": "Large",
}
LIMITS = {"value": "as a value", "peak": "of its own largest"}
FILTER_QUANTITIES = {
    "cosine_change": "Cosine change",
    "relative_change": "Relative change",
    "update_ratio": "Update / weight",
    "gradient_l2": "Gradient norm",
    "weight_l2": "Weight norm",
    "weight_mean": "Weight mean",
    "weight_std": "Weight std",
}
FILTER_SCALINGS = {
    "log": "Log scale",
    "linear": "Linear scale",
    "row": "Each filter",
    "column": "Each iteration",
}
FILTER_ORDERS = {"recorded": "By index", "peak": "By peak", "similarity": "By similarity"}
TOP_QUANTITIES = {
    "relative_change": "Relative change",
    "cosine_change": "Cosine change",
    "gradient_l2": "Gradient norm",
}
TOP_SORTS = {"count": "By count", "network": "By layer", "value": "By value"}
NO_SNAPSHOTS = "No snapshot has been loaded yet. The charts appear here with the first one."
