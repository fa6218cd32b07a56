"""The texts of the choices of the view of the network, by the values that the selection holds."""

from deeptracker.catalogue import LAYER_STATISTICS, labels

STATISTICS = labels(LAYER_STATISTICS)
# What a folded stage or block shows of its layers: app/views/network/web/values.ts.
OF = {
    "mean": "Mean of its layers",
    "largest": "Largest of its layers",
    "least": "Least of its layers",
}
SCALES = {"linear": "Linear", "log": "Log"}

NOT_RECORDED = "The edges between the layers are not recorded"
# Where nobody said why.
HOW = (
    "deeptracker.Recorder keeps them when it is made with validation=, whose images it runs "
    "through the network; older runs, and those of other tools, have none"
)
