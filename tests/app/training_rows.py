"""A training script as workers offer it, and trainings as queries give them."""

from datetime import UTC, datetime

from db.queries.trainings.trainings import TrainingRow
from db.training_scripts import Script

SCRIPT = Script.model_validate(
    {
        "id": "digits",
        "title": "Digits",
        "arguments": [
            {
                "name": "lr",
                "type": "float",
                "minimum": 1e-4,
                "maximum": 1,
                "default": 0.1,
                "scale": "log",
            },
            {"name": "epochs", "type": "int", "minimum": 1, "maximum": 20},
            {"name": "optimizer", "type": "choice", "choices": ["sgd", "adam"], "default": "sgd"},
            {"name": "augment", "type": "bool", "default": False},
            {"name": "from_checkpoint", "type": "checkpoint"},
        ],
    }
)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def training(**changes) -> TrainingRow:
    values = dict.fromkeys(TrainingRow.__dataclass_fields__)
    values |= {"id": 4, "script": "digits", "arguments": {}, "state": "queued", "message": ""}
    return TrainingRow(**{**values, "stop_requested": False, "created_at": NOW, **changes})
