"""Controls of anomalies and of the order of classes, which several views have."""

import dash_mantine_components as dmc
import numpy as np
from dash import html
from numpy.typing import NDArray

from app.components.charts import chart
from app.selection import bound
from db.queries.runs.runs import RunRow
from ingest.analysis.anomalies import default_threshold, default_window

CLASS_ORDERS = {
    "similarity": "By similarity",
    "peak": "By largest anomaly",
    "error": "By final error",
    "name": "By name",
}


def only_anomalous(id: str) -> dmc.Switch:
    """Return the switch that leaves out the classes without an anomaly."""
    return dmc.Switch(
        id=bound(id, "onlyanomalous"),
        label="Only anomalous classes",
        size="xs",
        checked=False,
        pb=6,
    )


def anomaly_window(
    id: str, run: RunRow, sizes: NDArray[np.int32], *, prefix: str = "validation"
) -> html.Div:
    """Return the sliders of window and threshold, for classes of these sizes i4 [C].

    `prefix` begins the ids of what is in it: several views may stand on one page.
    """
    return chart(
        id,
        "validationwindow",
        label="Window and threshold of anomalies",
        snapshots=max(1, run.snapshot_count),
        largest=max(1, int(sizes.max(initial=1))),
        k=default_window(run.snapshot_count),
        m=default_threshold(sizes),
        prefix=prefix,
    )
