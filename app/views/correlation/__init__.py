"""The correlation view: which filters changed most when which classes broke, and is it chance."""

from app.views import View
from app.views.correlation.callbacks import register
from app.views.correlation.data import GRID, NAMES
from app.views.correlation.fields import FIELDS
from app.views.correlation.layout import layout

VIEW = View(
    name="correlation",
    title="Correlation",
    path="/run/<run_id>/correlation",
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(GRID, NAMES),
)
