"""The page of ingest jobs."""

from app.views import View
from app.views.jobs.callbacks import register
from app.views.jobs.ids import Ids
from app.views.jobs.layout import layout
from db.permissions import Permission

VIEW = View(
    name="jobs",
    title="Ingest jobs",
    path="/jobs",
    layout=layout,
    register=register,
    permissions={Ids.CHANGED: Permission.SCHEDULE_JOBS},
    menu="Ingest jobs",
)
