"""What a log holds, by name: quantities, statistics, bins and thresholds that are known here."""

from collections.abc import Collection

import numpy as np

from deeptracker.catalogue import FILTERS, KNOWN_SERIES, LAYER_STATISTICS

FORMAT = "deeptracker"
VERSION = 2
MANIFEST = "run.json"
SNAPSHOTS = "snapshots"
THUMBNAILS = "thumbnails"
# Scalars since the last snapshot, and what later generations left behind.
SCALARS = "scalars.jsonl"
ABANDONED = "abandoned"
LOCK = "writer.lock"
# Which training images made the steps around a jump of the loss.
LEDGERS = "ledger"
# What the network saw of a few validation images.
PROBES = "probes"

# What is measured of every layer at every snapshot, and what may be measured besides.
QUANTITIES = ("weight", "gradient", "update")
# What the layers put out: on the validation set, and on the training batches of the step.
OPTIONAL_QUANTITIES = ("activation", "training_activation")

STATISTICS = tuple(one.name for one in LAYER_STATISTICS)

# Share of parameters with |update| / |weight| of at most the threshold.
BAND_THRESHOLDS = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

FILTER_QUANTITIES = tuple(one.name for one in FILTERS)

# Four bins a decade on both sides of zero, one around it, one beyond each end. The same bins for
# every layer and snapshot: then the histogram of a block is the sum of those of its layers.
_MAGNITUDES = 10.0 ** (np.arange(-32, 9) / 4)
HISTOGRAM_EDGES: np.ndarray = np.concatenate([[-np.inf], -_MAGNITUDES[::-1], _MAGNITUDES, [np.inf]])
HISTOGRAM_EDGES.setflags(write=False)
BINS = len(HISTOGRAM_EDGES) - 1

# Scalars that the views know; a script may log any others besides.
SERIES = tuple(one.name for one in KNOWN_SERIES)

# "stopped": ended early, but not by an error. A writer that was killed leaves "recording" behind.
STATES = ("recording", "complete", "stopped", "failed")

# What a run may have or lack; views say so where it lacks something.
CAPABILITIES = (
    "scalars",
    "layers",
    "weight",
    "gradient",
    "update",
    "activation",
    "training_activation",
    "histogram",
    "bands",
    "filters",
    "validation",
    "thumbnails",
    "ledger",
    "probes",
)
# What is measured of layers alone.
OF_LAYERS = (*QUANTITIES, *OPTIONAL_QUANTITIES, "histogram", "bands", "filters")


def lacking(has: Collection[str]) -> tuple[str, ...]:
    """Return the capabilities that are not among those of a run; none where its log says nothing.

    Logs from before there were any without layers do not name `layers` and `scalars`: whoever has
    something of layers has layers, and nobody who does not name scalars is said to lack them.
    """
    if not has:
        return ()
    implied = {"scalars"} | ({"layers"} if set(OF_LAYERS) & set(has) else set())
    return tuple(name for name in CAPABILITIES if name not in has and name not in implied)
