"""The catalogue of measured quantities as scripts get it: once, in the page that starts the rest.

What it says stands in deeptracker/catalogue.py, which the other packages may read too; what charts
say that have nothing to show, in app/components/empty.py.
"""

import json
from collections.abc import Iterable
from functools import cache

from markupsafe import Markup

from app.components.empty import EMPTY
from deeptracker.catalogue import FILTERS, KNOWN_SERIES, LAYER_STATISTICS, RATIOS, Measured

NAME = "deeptracker-catalogue"


@cache
def meta() -> Markup:
    """Return the element of the page's head that app/web/core/catalogue.ts reads."""
    families: dict[str, Iterable[Measured]] = {
        "statistics": LAYER_STATISTICS,
        "filters": FILTERS,
        "series": KNOWN_SERIES,
    }
    told = {name: _said(family) for name, family in families.items()}
    text = json.dumps({**told, "ratios": RATIOS, "empty": EMPTY})
    return Markup('<meta name="{}" content="{}">').format(NAME, text)


def _said(family: Iterable[Measured]) -> dict[str, dict[str, object]]:
    return {
        one.name: {"label": one.label, "format": one.format, "place": one.place} for one in family
    }
