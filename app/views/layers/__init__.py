"""The layer view: the network as a tree, a chart for each of its nodes, and the filters below."""

from app.view import View
from app.views.layers.callbacks import register
from app.views.layers.fields import FIELDS
from app.views.layers.layout import defaults, layout
from ingest.analysis.health.needs import LAYERS

VIEW = View(
    name="layers",
    title="Layers",
    path="/run/<run_id>/layers",
    needs=(LAYERS,),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(
        "layer-tree",
        "layer-magnitudes?magnitude={magnitude}",
        "layer-settle?limit={limit}&of={limitof}",
    ),
    defaults=defaults,
)
