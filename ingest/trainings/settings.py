"""Whether this worker starts trainings, and how: off unless DEEPTRACKER_SCRIPTS names a file."""

import hashlib
import socket
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.config import DatabaseSettings
from deeptracker.paths import resolved
from ingest.trainings.registry import RegisteredScript, read_scripts


class TrainingSettings(BaseSettings):
    """DEEPTRACKER_SCRIPTS and the limits of trainings; frozen.

    DEEPTRACKER_TRAININGS_AT_ONCE: how many a worker runs at a time;
    DEEPTRACKER_TRAINING_OUTPUT_MEGABYTES: how much of what one prints stays on disk.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    scripts: Path | None = Field(default=None, validation_alias="DEEPTRACKER_SCRIPTS")
    at_once: int = Field(default=1, ge=1, le=64, validation_alias="DEEPTRACKER_TRAININGS_AT_ONCE")
    output_megabytes: int = Field(
        default=16, ge=1, le=4096, validation_alias="DEEPTRACKER_TRAINING_OUTPUT_MEGABYTES"
    )

    def registered(self) -> dict[str, RegisteredScript]:
        """Return the scripts, none where trainings are off; ScriptsInvalid."""
        if self.scripts is None or str(self.scripts) in ("", "."):
            return {}
        folder = resolved(self.scripts.parent, setting="DEEPTRACKER_SCRIPTS")
        return read_scripts(folder / self.scripts.name)


def state_folder() -> Path:
    """Return the folder of this host that has the processes of trainings."""
    return resolved(DatabaseSettings().folder() / "trainings")


def place_of(folder: Path) -> str:
    """Return the name of a state folder: workers of one host that share it can take turns."""
    return hashlib.sha256(f"{socket.gethostname()}\0{folder}".encode()).hexdigest()[:16]
