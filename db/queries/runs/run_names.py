"""What a run is called wherever it is listed: as people renamed it, else as its log says."""

from sqlalchemy import func

from db.models import Run

RUN_NAME = func.coalesce(Run.title, Run.name)
