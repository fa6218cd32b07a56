"""The page of what changed between two snapshots: scores, images, classes, layers, filters."""

from app.view import View
from app.views.change.callbacks import register
from app.views.change.layout import layout

VIEW = View(
    name="change",
    title="Change",
    path="/run/<run_id>/change",
    layout=layout,
    register=register,
)
