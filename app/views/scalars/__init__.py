"""The scalars of a run: a chart for each name that was ever logged, on the shared time axis."""

from app.view import View
from app.views.scalars.callbacks import register
from app.views.scalars.fields import FIELDS
from app.views.scalars.layout import layout

VIEW = View(
    name="scalars",
    title="Scalars",
    path="/run/<run_id>/scalars",
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=("scalar-names",),
)
