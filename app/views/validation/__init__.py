"""The validation view: which classes and images went wrong, and at which iteration."""

from app.view import View
from app.views.validation.callbacks import register
from app.views.validation.fields import FIELDS
from app.views.validation.layout import defaults, layout
from ingest.analysis.health.needs import VALIDATION

VIEW = View(
    name="validation",
    title="Validation",
    path="/run/<run_id>/validation",
    needs=(VALIDATION,),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=(
        "series",
        "class-error",
        "anomalies?k={k}&m={m}&share={share}&direction={direction}",
        "groups?clusters={clusters}",
        "forgetting?list={imagelist}",
    ),
    defaults=defaults,
)
