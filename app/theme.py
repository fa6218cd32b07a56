"""The look of the application: Mantine's theme, with system fonts and a muted palette."""

from types import MappingProxyType
from typing import Any

from app.ids import Shell

_SANS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', "
    "'Liberation Sans', Arial, sans-serif"
)
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace"

# Mantine's hues with darker deep shades: as text on their own tint, under white text, and as links
# on either ground they pass 4.5:1, which its own red, teal, yellow, orange and blue do not. The
# shades: 7 is the main one in light, 6 in dark, 8 and 7 those under the pointer; tint and text in
# dark are of 4 and 1 (tests/app/test_theme.py). Ink is the product's own, a quiet blue.
_COLOURS = {
    "ink": "#eef3fa #dbe5f2 #b6cae4 #8eadd6 #86abdd #4f7fbf #3a6bad #2f5a97 #284c80 #1e3a63",
    "red": "#fff5f5 #ffe3e3 #ffc9c9 #ffa8a8 #ff8787 #ff6b6b #d13232 #c02626 #a82020 #8f1a1a",
    "teal": "#e6fcf5 #c3fae8 #96f2d7 #63e6be #38d9a9 #20c997 #0a7f66 #07705a #065f4c #054f3f",
    "yellow": "#fff9db #fff3bf #ffec99 #ffe066 #ffd43b #fcc419 #946000 #855600 #704800 #5c3b00",
    "orange": "#fff4e6 #ffe8cc #ffd8a8 #ffc078 #ffa94d #ff922b #bd4c05 #ad4605 #933b04 #7a3103",
    "blue": "#e7f5ff #d0ebff #a5d8ff #74c0fc #4dabf7 #339af0 #1a6fbd #1763a8 #13538d #0f4473",
    "gray": "#f8f9fa #f1f3f5 #e9ecef #dee2e6 #ced4da #adb5bd #5c636b #495057 #343a40 #212529",
}

THEME: MappingProxyType[str, Any] = MappingProxyType(
    {
        "fontFamily": _SANS,
        "fontFamilyMonospace": _MONO,
        "headings": {"fontFamily": _SANS, "fontWeight": "600"},
        "colors": {name: shades.split() for name, shades in _COLOURS.items()},
        "primaryColor": "ink",
        "primaryShade": {"light": 7, "dark": 6},
        "defaultRadius": "sm",
        # From here on the header has room for the tabs of a run beside all else (shell.css).
        "breakpoints": {"xl": "140em"},
        "cursorType": "pointer",
        "respectReducedMotion": True,
        "components": {
            "Tooltip": {"defaultProps": {"openDelay": 300, "withArrow": True}},
            # Its first item takes the focus: a menu holds nothing but items.
            "Menu": {"defaultProps": {"shadow": "md", "withInitialFocusPlaceholder": False}},
            "CloseButton": {"defaultProps": {"aria-label": "Close"}},
            # Lists, dialogs and notices open within the page's main part (app/shell.py): those who
            # go from part to part by screen reader would miss them at the end of the document.
            "Portal": {"defaultProps": {"target": f"#{Shell.PORTAL}"}},
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
        "stopped": "gray",
        "succeeded": "teal",
        "failed": "red",
        "lost": "red",
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
