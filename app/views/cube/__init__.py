"""The cube: layers, classes and iterations as three faces that turn, unfold, and can be cut."""

from app.data import cube
from app.data.correlation import GRID
from app.view import View
from app.views.cube.callbacks import register
from app.views.cube.fields import FIELDS
from app.views.cube.layout import layout
from ingest.analysis.health.needs import LAYERS

VIEW = View(
    name="cube",
    title="Cube",
    path="/run/<run_id>/cube",
    needs=(LAYERS,),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(cube.LAYERS, "class-error", GRID),
)
