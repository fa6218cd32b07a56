"""The forms of exports, and file names that are safe on every system."""

import re

FORMS = ("csv", "parquet")
MAX_PART = 60


def file_name(run_id: int, run_name: str, *parts: str, ending: str) -> str:
    """Return a name such as "run-3-digits-class-error.csv": ASCII letters, digits, dot, dash."""
    safe = [_safe(part) for part in (run_name, *parts)]
    stem = "-".join(["run", str(run_id), *(part for part in safe if part)])
    return f"{stem[:160].rstrip('-.')}.{ending}"


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text)[:MAX_PART].strip("-.")
