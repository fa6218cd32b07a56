"""Names of what can be exported, and file names that are safe on every system."""

import re
from collections.abc import Mapping
from types import MappingProxyType

FORMS = ("csv", "parquet")
# The charts' data whose tables app/export/tables.py makes; by the names of their data routes.
TABLES = frozenset(
    {
        "series", "class-error", "layer-profile", "cube-layers", "anomalies", "anomaly-classes",
        "groups", "class-images", "forgetting", "layer-rows", "filter-rows", "filter-series",
        "top-filters", "correlation", "correlation-filters",
    }
)  # fmt: skip
# The data of charts that compare runs: the table of each run that stands behind them.
COMPARED: Mapping[str, str] = MappingProxyType(
    {
        "series": "series",
        "events": "anomalies",
        "classes": "class-error",
        "layers": "layer-rows",
    }
)
MAX_PART = 60


def has_table(url: str) -> bool:
    """Return whether the address of a chart's data has a table beside it."""
    above, _, name = url.partition("?")[0].rpartition("/")
    return name in (COMPARED if above.endswith("/compare") else TABLES)


def file_name(run_id: int, run_name: str, *parts: str, ending: str) -> str:
    """Return a name such as "run-3-digits-class-error.csv": ASCII letters, digits, dot, dash."""
    safe = [_safe(part) for part in (run_name, *parts)]
    stem = "-".join(["run", str(run_id), *(part for part in safe if part)])
    return f"{stem[:160].rstrip('-.')}.{ending}"


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text)[:MAX_PART].strip("-.")
