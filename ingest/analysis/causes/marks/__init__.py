"""All marks by which causes differ, a file for each kind of measurement."""

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.marks.classes import OF_CLASSES
from ingest.analysis.causes.marks.course import OF_COURSE
from ingest.analysis.causes.marks.gaps import OF_GAPS
from ingest.analysis.causes.marks.gradients import OF_GRADIENTS
from ingest.analysis.causes.marks.layers import OF_LAYERS
from ingest.analysis.causes.marks.losses import OF_LOSSES
from ingest.analysis.causes.marks.machine import OF_MACHINE
from ingest.analysis.causes.marks.predicted import OF_PREDICTIONS
from ingest.analysis.causes.marks.rates import OF_RATES
from ingest.analysis.causes.marks.steps import OF_STEPS
from ingest.analysis.causes.marks.validation import OF_VALIDATION

MARKS: tuple[Mark, ...] = (
    *OF_LOSSES,
    *OF_COURSE,
    *OF_VALIDATION,
    *OF_GAPS,
    *OF_CLASSES,
    *OF_PREDICTIONS,
    *OF_RATES,
    *OF_STEPS,
    *OF_GRADIENTS,
    *OF_LAYERS,
    *OF_MACHINE,
)
