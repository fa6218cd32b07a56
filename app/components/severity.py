"""How severe a finding is and when it holds, in words and colours: wherever findings are named."""

import dash_mantine_components as dmc
from dash.development.base_component import Component

SEVERITY_COLOURS = {"high": "red", "medium": "orange", "low": "gray", "info": "blue"}


def severity_badge(severity: str, *, number: int | None = None) -> Component:
    """Return a severity in words and colour; `number`: how many findings have it."""
    text = severity if number is None else f"{number:,} {severity}"
    return dmc.Badge(
        text,
        color=SEVERITY_COLOURS.get(severity, "gray"),
        variant="filled" if severity == "high" else "light",
        size="sm",
        tt="none",
        fw=600,
        className=f"finding-severity finding-severity-{severity}",
    )


def when(start: int, end: int | None) -> str:
    """Return iterations in words: at one, from one to another, or since one."""
    if end is None:
        return f"since iteration {start:,}"
    return f"at iteration {start:,}" if end <= start else f"iterations {start:,} to {end:,}"
