"""The page of all runs."""

from app.view import View
from app.views.runs.callbacks import register
from app.views.runs.ids import CHANGES
from app.views.runs.layout import layout
from db.permissions import Permission

VIEW = View(
    name="runs",
    title="Runs",
    path="/",
    layout=layout,
    register=register,
    # Whatever changes a run; who may do what with which run, the queries say.
    permissions={CHANGES.kind: Permission.ANNOTATE},
    menu="Runs",
)
