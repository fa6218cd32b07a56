"""The machine of a run: processor, memory, GPUs, disk, network, and what its time is spent on."""

from app.view import View
from app.views.machine.callbacks import register
from app.views.machine.layout import layout

VIEW = View(
    name="machine",
    title="Machine",
    path="/run/<run_id>/machine",
    layout=layout,
    register=register,
)
