"""The page of confusion: which class is predicted as which, and who moved since a pin."""

from app.view import View
from app.views.confusion.callbacks import register
from app.views.confusion.fields import FIELDS
from app.views.confusion.layout import layout
from ingest.analysis.health.needs import VALIDATION

VIEW = View(
    name="confusion",
    title="Confusion",
    path="/run/<run_id>/confusion",
    needs=(VALIDATION,),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(
        "confusion?at={cursor}&against={confusionagainst}&pins={pins}&order={confusionorder}",
        "series",
    ),
)
