"""The page of ingest jobs: load now, schedules, watched folders, workers."""

from app.view import View
from app.views.jobs.callbacks import register
from app.views.jobs.ids import CHANGES, Ids
from app.views.jobs.layout import layout
from app.views.jobs.places import FIELDS
from db.permissions import Permission

VIEW = View(
    name="jobs",
    title="Ingest jobs",
    path="/jobs",
    layout=layout,
    register=register,
    # Whose job or schedule it is, the queries check.
    permissions={
        CHANGES.kind: Permission.SCHEDULE_JOBS,
        Ids.EDITED: Permission.SCHEDULE_JOBS,
        # What workers see of their disks is for those who may load it.
        **dict.fromkeys(FIELDS, Permission.SCHEDULE_JOBS),
    },
    menu="Ingest jobs",
)
