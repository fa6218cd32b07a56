"""Where uploads go, and how large they may be; from the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.config import DatabaseSettings
from deeptracker.paths import resolved


class UploadSettings(BaseSettings):
    """DEEPTRACKER_UPLOADS and its limits; frozen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    # A folder that the web server writes and workers read; all web servers and workers share it.
    folder: Path | None = Field(default=None, validation_alias="DEEPTRACKER_UPLOADS")
    # Of one upload; 0 turns uploads off.
    megabytes: int = Field(default=1_024, ge=0, validation_alias="DEEPTRACKER_UPLOAD_MB")
    # Of all that are there.
    all_megabytes: int = Field(default=10_240, ge=0, validation_alias="DEEPTRACKER_UPLOADS_MB")

    def root(self) -> Path:
        """Return the folder, resolved: that of the setting, else in $DEEPTRACKER_HOME/runs."""
        if self.folder is not None:
            return resolved(self.folder, setting="DEEPTRACKER_UPLOADS")
        return resolved(DatabaseSettings().folder() / "runs" / "uploads")
