"""Where the database is: DATABASE_URL, or a server of our own under DEEPTRACKER_HOME."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return the directory of the embedded server's data.

    PostgreSQL refuses to run as root, so for root it runs as another user, which cannot reach into
    root's home; hence a directory of its own there.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/deeptracker")
    return Path.home() / ".local" / "share" / "deeptracker"


class DatabaseSettings(BaseSettings):
    """Settings read from the environment; frozen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    home: Path = Field(default_factory=default_home, validation_alias="DEEPTRACKER_HOME")
