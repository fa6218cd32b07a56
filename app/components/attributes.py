"""Attributes whose names are no Python names: aria-* and data-*."""

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """Return aria-* attributes: `**aria(label="Runs")`."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """Return data-* attributes, underscores as hyphens: `**data(log_out="true")`."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}
