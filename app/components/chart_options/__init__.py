"""The options of every kind of chart, declared once: `chart` checks them, the scripts are typed by
them (app/web/core/chartoptions.ts, which app/components/chart_types.py writes).

Templates of addresses may hold "{field}" of the selection; so may what says so. Ids are those of
elements elsewhere on the page.
"""

from app.components.chart_options import (
    compare,
    confusion,
    correlation,
    distributions,
    layers,
    network,
    other,
    probe,
    shared,
    validation,
)
from app.components.chart_options.base import ChartOptions

_FAMILIES = (
    compare,
    confusion,
    correlation,
    distributions,
    layers,
    network,
    other,
    probe,
    shared,
    validation,
)
KINDS: dict[str, type[ChartOptions]] = dict(
    sorted(kind for family in _FAMILIES for kind in family.KINDS.items())
)
