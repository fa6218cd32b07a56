"""The page of probes: what the network sees of a few validation images, filter by filter."""

from app.view import View
from app.views.probe.callbacks import register
from app.views.probe.fields import FIELDS
from app.views.probe.layout import layout
from ingest.analysis.health.needs import LAYERS, VALIDATION

VIEW = View(
    name="probe",
    title="Probe",
    path="/run/<run_id>/probe",
    needs=(LAYERS, VALIDATION),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=("probes", "series"),
)
