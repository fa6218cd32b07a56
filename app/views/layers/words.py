"""The texts of the layer view's choices, by the values that the selection holds."""

from app.components.empty import no_snapshots
from deeptracker.catalogue import FILTERS, LAYER_STATISTICS, labels

STATISTICS = labels(LAYER_STATISTICS)
ENCODINGS = {
    "line": "Lines",
    "box": "Box plots",
    "horizon": "Horizon",
    "bands": "Change bands",
    "histogram": "Histogram",
}
# Of app/data/magnitudes.py KINDS; means are of the layer's numbers at the step of a snapshot.
MAGNITUDES = {
    "ratio": "Mean |update| / mean |weight|",
    "norms": "‖update‖ / ‖weight‖",
    "weight": "Mean |weight|",
    "gradient": "Mean |gradient|",
    "update": "Mean |update|",
    "weight-deviation": "Std of the weights",
    "gradient-deviation": "Std of the gradients",
    "update-deviation": "Std of the updates",
    "weight-mean": "Mean ± std of the weights",
    "gradient-mean": "Mean ± std of the gradients",
    "update-mean": "Mean ± std of the updates",
    "activation-mean": "Mean ± std of activations, validation images",
    "training_activation-mean": "Mean ± std of activations, training batches",
    "activation-shift": "Activations: |training − validation mean| / std",
    "activation-spread": "Activations: training std / validation std",
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
FILTER_QUANTITIES = labels(FILTERS)
FILTER_SCALINGS = {
    "log": "Log scale",
    "linear": "Linear scale",
    "row": "Each filter",
    "column": "Each iteration",
}
FILTER_ORDERS = {"recorded": "By index", "peak": "By peak", "similarity": "By similarity"}
TOP_QUANTITIES = {
    name: FILTER_QUANTITIES[name] for name in ("relative_change", "cosine_change", "gradient_l2")
}
TOP_SORTS = {"count": "By count", "network": "By layer", "value": "By value"}
NO_SNAPSHOTS = no_snapshots("The charts appear")
