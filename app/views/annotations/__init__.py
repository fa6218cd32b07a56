"""The page of all annotations, over all runs."""

from app.view import View
from app.views.annotations.callbacks import register
from app.views.annotations.layout import layout

VIEW = View(
    name="annotations",
    title="Annotations",
    path="/annotations",
    layout=layout,
    register=register,
    menu="Annotations",
)
