"""The data of a run: images whose labels are doubtful, and others worth a look, to decide on."""

from app.view import View
from app.views.review.callbacks import register
from app.views.review.fields import FIELDS
from app.views.review.ids import CHANGES
from app.views.review.layout import layout
from db.permissions import Permission
from ingest.analysis.health.needs import VALIDATION

VIEW = View(
    name="review",
    title="Data",
    path="/run/<run_id>/data",
    needs=(VALIDATION,),
    layout=layout,
    register=register,
    permissions={CHANGES.kind: Permission.REVIEW_DATA},
    fields=FIELDS,
)
