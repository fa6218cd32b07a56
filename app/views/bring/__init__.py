"""The page on which somebody brings a run that is there already: choose, look, name, load."""

from app.view import View
from app.views.bring.callbacks import register
from app.views.bring.layout import layout
from db.permissions import Permission

VIEW = View(
    name="bring",
    title="Bring a run",
    path="/bring",
    layout=layout,
    register=register,
    # What workers see of their disks is for those who may load it.
    permission=Permission.SCHEDULE_JOBS,
)
