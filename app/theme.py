"""The look of the application: Mantine's theme, with system fonts and a muted palette."""

from types import MappingProxyType
from typing import Any

_SANS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', "
    "'Liberation Sans', Arial, sans-serif"
)
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace"

# A quiet blue: white text on the filled shades and links on either ground pass 4.5:1.
_INK = (
    "#eef3fa", "#dbe5f2", "#b6cae4", "#8eadd6", "#7aa2d8",
    "#4f7fbf", "#3a6bad", "#2f5a97", "#284c80", "#1e3a63",
)  # fmt: skip

THEME: MappingProxyType[str, Any] = MappingProxyType(
    {
        "fontFamily": _SANS,
        "fontFamilyMonospace": _MONO,
        "headings": {"fontFamily": _SANS, "fontWeight": "600"},
        "colors": {"ink": list(_INK)},
        "primaryColor": "ink",
        "primaryShade": {"light": 7, "dark": 6},
        "defaultRadius": "sm",
        "cursorType": "pointer",
        "respectReducedMotion": True,
        "components": {
            "Tooltip": {"defaultProps": {"openDelay": 300, "withArrow": True}},
            "Menu": {"defaultProps": {"shadow": "md"}},
        },
    }
)
STATE_COLOURS = MappingProxyType(
    {
        "recording": "blue",
        "loading": "blue",
        "running": "blue",
        "stopping": "blue",
        "queued": "gray",
        "complete": "teal",
        "succeeded": "teal",
        "failed": "red",
        "cancelled": "gray",
        "active": "teal",
        "watching": "teal",
        "alive": "teal",
        "paused": "gray",
        "off": "gray",
        "gone": "red",
        "waiting": "gray",
        "takes no jobs": "red",
    }
)
