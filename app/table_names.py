"""Which charts' data can be had as a table, by the names of their data routes."""

from collections.abc import Mapping
from types import MappingProxyType

# The charts' data whose tables app/export/tables.py makes; by the names of their data routes.
TABLES = frozenset(
    {
        "series", "marks", "class-error", "layer-profile", "cube-layers", "anomalies",
        "anomaly-classes", "groups", "class-images", "forgetting", "layer-rows", "filter-rows",
        "layer-magnitudes", "filter-series", "top-filters", "correlation", "correlation-filters",
        "scalar-lines", "distributions", "confusion", "confusion-classes", "confusion-flows",
        "confusion-images", "data-review", "data-review-cleanlab", "data-review-fiftyone",
        "change-classes", "change-images", "change-layers", "change-filters",
    }
)  # fmt: skip
# The data of charts that compare runs: the table of each run that stands behind them.
COMPARED: Mapping[str, str] = MappingProxyType(
    {
        "series": "series",
        "scalar-lines": "scalar-lines",
        "events": "anomalies",
        "classes": "class-error",
        "layers": "layer-rows",
    }
)
# The same of two runs: one table of both, see app/export/change_tables.py.
OF_TWO = frozenset({"change-classes", "change-images", "change-layers", "change-filters"})


def has_table(url: str) -> bool:
    """Return whether the address of a chart's data has a table beside it."""
    above, _, name = url.partition("?")[0].rpartition("/")
    return name in (COMPARED if above.endswith("/compare") else TABLES)
