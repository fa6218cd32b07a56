"""The texts of the page's choices, by the values that the selection holds; and what is missing."""

from app.components.empty import missed, no_snapshots
from ingest.analysis.health.needs import GRADIENTS, UPDATES

QUANTITIES = {"weight": "Weights", "gradient": "Gradients", "update": "Updates"}
LEVELS = {"layer": "Layers", "block": "Blocks", "stage": "Stages", "network": "Network"}
MODES = {"offset": "Offset", "overlay": "Overlay", "percentiles": "Percentiles"}
SCALES = {"linear": "Linear", "symlog": "Symlog"}
OVER = {
    "iteration": "Iteration",
    "epoch": "Epoch",
    "relative": "Time since the start",
    "wall": "Time of day",
}
RIDGES = {str(count): f"{count}" for count in (5, 10, 20, 40, 80)}
NO_SNAPSHOTS = no_snapshots("The distributions appear")
# What is said of a quantity that the log does not hold.
MISSED = {
    "weight": "not recorded: histograms of weights; record the run with the Recorder, which takes "
    "them at every snapshot",
    **{
        need.name: missed(need).replace(
            "not recorded: ", f"not recorded: histograms of {need.title}; "
        )
        for need in (GRADIENTS, UPDATES)
    },
}
