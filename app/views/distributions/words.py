"""The texts of the page's choices, by the values that the selection holds; and what is missing."""

from app.components.empty import no_snapshots
from ingest.analysis.health.needs import GRADIENTS, LAYERS, UPDATES

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


def missing(*, converted: bool) -> dict[str, str]:
    """Return what is said of each quantity that a run does not hold."""
    weights = "record the run with the Recorder, which takes them at every snapshot"
    if converted:
        weights = LAYERS.advice(imported=True)
    found = {"weight": f"not recorded: histograms of weights; {weights}"}
    for need in (GRADIENTS, UPDATES):
        how = need.advice(imported=converted)
        found[need.name] = f"not recorded: histograms of {need.title}; {how}"
    return found
