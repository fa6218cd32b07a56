"""The correlation view: which filters changed most when which classes broke, and is it chance."""

from app.data.correlation import GRID, NAMES
from app.view import View
from app.views.correlation.callbacks import register
from app.views.correlation.fields import FIELDS
from app.views.correlation.layout import layout
from ingest.analysis.health.needs import LAYERS, VALIDATION

VIEW = View(
    name="correlation",
    title="Correlation",
    path="/run/<run_id>/correlation",
    needs=(LAYERS, VALIDATION),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(GRID, NAMES),
)
