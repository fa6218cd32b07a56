"""The view of the network as a graph: how an image runs through it, coloured by statistics."""

from app.view import View
from app.views.network.callbacks import register
from app.views.network.fields import FIELDS
from app.views.network.layout import GRAPH, layout
from ingest.analysis.health.needs import LAYERS

VIEW = View(
    name="network",
    title="Network",
    path="/run/<run_id>/network",
    needs=(LAYERS,),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(GRAPH,),
)
