"""Why there is nothing to correlate, in words that say what to do."""

from typing import Any

import numpy as np

from app.components.texts import counted
from app.data.correlation_asked import Asked
from ingest.analysis.correlation import Grid

# Chance cannot be told from fewer snapshots.
_FEW = 10
_WORDS = {
    "no-snapshots": "This run has no snapshot yet. The grid appears once some are loaded.",
    "no-classes": (
        "This run records no validation images, so that no class can be anomalous. "
        "Give the Recorder a validation set to relate layers to classes."
    ),
    "one-snapshot": (
        "This run has one snapshot; images can change between right and wrong from the second on."
    ),
    "short": (
        "A window of {k} is as long as this run of {snapshots}, so that no class can be anomalous. "
        "Lower k{wait}."
    ),
    "no-flips": (
        "No image of the validation set changed between right and wrong at any of {snapshots}, "
        "so that no class is anomalous."
    ),
    "no-anomalies": (
        "No class is anomalous with a window of {k} and a threshold of {m}. "
        "Lower k or m to see weaker anomalies."
    ),
    "single": "{anomalous} anomalous at one iteration only; a column needs two. {more}",
    "no-peaks": (
        "No filter has a {quantity} at the anomalous iterations. Choose another quantity; "
        "NaN weights have none."
    ),
}


def why_empty(asked: Asked, grid: Grid) -> dict[str, Any]:
    """Return the numbers of anomalous classes, and for the meta: reason, message, note."""
    number = np.unique(asked.moments.class_id, return_counts=True)[1]
    single = int(np.count_nonzero(number == 1))
    reason = _reason(asked, grid)
    message = ""
    if reason is not None:
        m = (
            f"{100 * asked.window.m:.0f} % of the class"
            if asked.window.share
            else (f"{asked.window.m:g} image{'' if asked.window.m == 1 else 's'}")
        )
        message = _WORDS[reason].format(
            k=counted(asked.window.k, "snapshot"),
            m=m,
            snapshots=counted(len(asked.iteration), "snapshot"),
            wait=", or wait for the next ones" if asked.live else "",
            quantity=asked.quantity.replace("_", " "),
            more=(
                "This run has two snapshots, so that there is no other."
                if len(asked.iteration) == 2
                else "Lower k or m to see weaker anomalies."
            ),
            anomalous="1 class is" if single == 1 else f"{single:,} classes are",
        )
    return {
        "anomalous_classes": len(number),
        "single_classes": single,
        "reason": reason,
        "message": message,
        "note": _note(asked),
    }


def _reason(asked: Asked, grid: Grid) -> str | None:
    if not len(asked.iteration):
        return "no-snapshots"
    if not asked.index.class_size.any():
        return "no-classes"
    if not len(asked.moments.class_id):
        if len(asked.iteration) == 1:
            return "one-snapshot"
        if not len(asked.index.open_key):
            return "no-flips"
        return "short" if asked.window.k >= len(asked.iteration) else "no-anomalies"
    if not len(grid.class_id):
        return "single"
    return None if len(grid.layer) else "no-peaks"


def _note(asked: Asked) -> str:
    filters = int(asked.sets.offsets[-1])
    if asked.top >= filters and len(asked.population):
        return (
            f"The top {asked.top} are all {filters} filters of this network, so that none stands "
            "out. Lower K."
        )
    if 0 < len(asked.population) < _FEW:
        few = counted(len(asked.population), "snapshot")
        return f"With {few} after the first hardly any cell can be told from chance."
    return ""
