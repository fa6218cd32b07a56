"""Settings that all parts share: where the database is, what an address of a server looks like."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deeptracker.paths import resolved


def web_address(value: str | None) -> str | None:
    """Return the address of a server, without a slash at its end; None for an empty text.

    ValueError where it is none that a browser could open.
    """
    if value is None or not value.strip():
        return None
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must look like https://tracker.example.org")
    return f"{parts.scheme}://{parts.netloc.lower()}"


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

    def folder(self) -> Path:
        """Return the home as an absolute path; PathRefused where it leads nowhere."""
        return resolved(self.home, setting="DEEPTRACKER_HOME")
