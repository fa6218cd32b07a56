"""The texts of the cube's choices, by the values that the selection holds."""

from app.components.empty import no_snapshots

MODES = {
    "turned": "3-D",
    "front": "Front",
    "top": "Top",
    "right": "Right",
    "unfolded": "Unfolded",
}
# What the front shows of a layer at an iteration: data.MEASURES says how it is computed.
FRONTS = {
    "ratio": "Update / weight",
    "gradient": "Gradient norm",
    "update": "Update norm",
    "weight": "Weight norm",
    "spread": "Weight std",
    "zeros": "Weights that are 0",
    "sparsity": "Activations that are 0",
}
TOPS = {"accuracy": "Error", "anomalies": "Anomalies"}
# As in the correlation view: distinct filters, or how many times what chance gives.
RIGHTS = {"count": "Filters", "lift": "Lift"}
PALETTES = {"accuracy": "Red to green", "safe": "Colour-blind"}
NO_SNAPSHOTS = no_snapshots("The cube appears")
# (key, what it does); an empty key: said of the pointer.
HELP = (
    ("drag", "turns the cube; on a flat face it brushes a range (3-D: with Shift)"),
    ("click", "pins the iteration, chooses layer and class (Shift: one more)"),
    ("click a name", "slices there: the face opposite shows that plane"),
    ("D F T R U", "3-D, front, top, right, unfolded"),
    ("arrows", "move from cell to cell, Tab from face to face; Shift turns"),
    ("L C I", "slice at the cell's layer, class, iteration"),
    ("Esc", "shows everything again"),
)
