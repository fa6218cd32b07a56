"""The tables, one family per file."""

from db.models.annotations import Annotation, AnnotationState, Mention, Reply
from db.models.base import Base
from db.models.bringing import IngestLook, Upload
from db.models.data_review import ImageReview, image_history
from db.models.findings import (
    Alert,
    AlertChannel,
    AlertDelivery,
    AlertMember,
    AlertReader,
    Finding,
    FindingMute,
    GoodRun,
    RuleThreshold,
    RunHealth,
    RunSnooze,
)
from db.models.jobs import IngestJob, IngestJobLine
from db.models.measurements import (
    batch_ledger,
    class_result,
    filter_peak,
    filter_stat,
    flip_state,
    layer_profile,
    layer_stat,
    scalar,
    scalar_summary,
    snapshot,
)
from db.models.people import (
    Account,
    AccountIdentity,
    AccountSession,
    AccountToken,
    ApiToken,
    AuditEntry,
    LoginAttempt,
)
from db.models.saved_views import SavedView, TableView
from db.models.schedules import (
    IngestFind,
    IngestFiring,
    IngestPlace,
    IngestSchedule,
    IngestWatch,
    IngestWorker,
)
from db.models.shares import IngestShare
from db.models.store import Store
from db.models.structure import Image, Layer, Run, ValidationClass
from db.models.trainings import Training, TrainingBatch, TrainingScript

__all__ = [
    "Account",
    "AccountIdentity",
    "AccountSession",
    "AccountToken",
    "Alert",
    "AlertChannel",
    "AlertDelivery",
    "AlertMember",
    "AlertReader",
    "Annotation",
    "AnnotationState",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Finding",
    "FindingMute",
    "GoodRun",
    "Image",
    "ImageReview",
    "IngestFind",
    "IngestFiring",
    "IngestJob",
    "IngestJobLine",
    "IngestLook",
    "IngestPlace",
    "IngestSchedule",
    "IngestShare",
    "IngestWatch",
    "IngestWorker",
    "Layer",
    "LoginAttempt",
    "Mention",
    "Reply",
    "RuleThreshold",
    "Run",
    "RunHealth",
    "RunSnooze",
    "SavedView",
    "Store",
    "TableView",
    "Training",
    "TrainingBatch",
    "TrainingScript",
    "Upload",
    "ValidationClass",
    "batch_ledger",
    "class_result",
    "filter_peak",
    "filter_stat",
    "flip_state",
    "image_history",
    "layer_profile",
    "layer_stat",
    "scalar",
    "scalar_summary",
    "snapshot",
]
