"""Histograms and percentiles of every layer, block and stage over time, and of a second run."""

from app.view import View
from app.views.distributions.callbacks import register
from app.views.distributions.fields import FIELDS
from app.views.distributions.layout import layout
from ingest.analysis.health.needs import LAYERS

VIEW = View(
    name="distributions",
    title="Distributions",
    path="/run/<run_id>/distributions",
    needs=(LAYERS,),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=("distribution-nodes",),
)
