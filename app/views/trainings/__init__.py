"""The page of trainings: start a registered script, see the queue, the output, the runs."""

from app.view import View
from app.views.trainings.callbacks import register
from app.views.trainings.ids import CHANGES
from app.views.trainings.layout import layout
from db.permissions import Permission

VIEW = View(
    name="trainings",
    title="Trainings",
    path="/trainings",
    layout=layout,
    register=register,
    # Whose training it is, the queries check.
    permissions={CHANGES.kind: Permission.START_TRAININGS},
    menu="Trainings",
)
