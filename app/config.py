"""The settings of the web server, from the environment; frozen."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.config import DatabaseSettings, web_address
from db.errors import HomeRefused
from db.home import check_home
from db.permissions import Role

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class AppSettings(BaseSettings):
    """Where to listen, under which names, and with which secret."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field(default="127.0.0.1", validation_alias="DEEPTRACKER_HOST")
    port: int = Field(default=8050, ge=1, le=65_535, validation_alias="DEEPTRACKER_PORT")
    # The address that people type where a proxy stands in front: its host is allowed, and with
    # https cookies travel over TLS only.
    public_url: str | None = Field(default=None, validation_alias="DEEPTRACKER_PUBLIC_URL")
    # How many proxies in front of us to believe about the client's address.
    proxies: int = Field(default=0, ge=0, le=5, validation_alias="DEEPTRACKER_PROXIES")
    allowed_hosts: str = Field(default="", validation_alias="DEEPTRACKER_ALLOWED_HOSTS")
    secret_key: str | None = Field(default=None, validation_alias="DEEPTRACKER_SECRET_KEY")
    # Whoever brings it may read /metrics; none: nobody may.
    metrics_token: str | None = Field(
        default=None, repr=False, validation_alias="DEEPTRACKER_METRICS_TOKEN"
    )
    workers: int = Field(default=2, ge=1, le=64, validation_alias="DEEPTRACKER_WEB_WORKERS")

    # Log in at an OpenID Connect provider: its address, and what it calls us.
    oidc_issuer: str | None = Field(default=None, validation_alias="DEEPTRACKER_OIDC_ISSUER")
    oidc_client_id: str = Field(default="", validation_alias="DEEPTRACKER_OIDC_CLIENT_ID")
    oidc_client_secret: str = Field(
        default="", repr=False, validation_alias="DEEPTRACKER_OIDC_CLIENT_SECRET"
    )
    oidc_name: str = Field(default="single sign-on", validation_alias="DEEPTRACKER_OIDC_NAME")
    # The role of people whom the provider knows and nobody has invited; none: they stay outside.
    oidc_role: Role | None = Field(default=None, validation_alias="DEEPTRACKER_OIDC_ROLE")

    # Believe addresses of which the provider does not say whether it has verified them. Where
    # people can choose theirs at the provider, each can so become anybody here.
    oidc_trust_email: bool = Field(default=False, validation_alias="DEEPTRACKER_OIDC_TRUST_EMAIL")

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        parts = urlsplit(value.strip())
        local = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise ValueError("must look like https://login.example.org")
        return value.strip().rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, value: str | None) -> str | None:
        return web_address(value)

    @field_validator("secret_key", "metrics_token")
    @classmethod
    def _long_enough(cls, value: str | None) -> str | None:
        if value and len(value) < 32:
            raise ValueError("must have at least 32 characters")
        return value or None

    @property
    def is_public(self) -> bool:
        """Return whether other machines can reach the server."""
        return self.host not in LOOPBACK

    @property
    def secure(self) -> bool:
        """Return whether people reach the server over TLS."""
        return bool(self.public_url and self.public_url.startswith("https://"))

    @property
    def address(self) -> str:
        """Return the address to print and to put into links."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Return the host names, without port, under which the server answers."""
        names = {*LOOPBACK, self.host.lower()}
        names |= {name.strip().lower() for name in self.allowed_hosts.split(",") if name.strip()}
        if self.public_url:
            names.add((urlsplit(self.public_url).hostname or "").lower())
        return frozenset(names - {"", "0.0.0.0", "::"})  # noqa: S104

    def key(self) -> str:
        """Return the secret key: the setting, or one made once and kept in DEEPTRACKER_HOME.

        HomeRefused where that is another account's.
        """
        return self.secret_key or _kept_key(DatabaseSettings().folder() / "secret_key")

    def on(self, **changes: Any) -> "AppSettings":
        """Return the same settings with some changed and checked."""
        return AppSettings(**{**self.model_dump(), **changes})


def _kept_key(path: Path) -> str:
    check_home(path.parent)
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_key(path)
        except OSError as error:
            raise HomeRefused(
                f"{path} cannot be written ({error.strerror}). Mend that, set DEEPTRACKER_HOME to "
                "another folder, or set DEEPTRACKER_SECRET_KEY."
            ) from error
    return path.read_text().strip()


def _make_key(path: Path) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(aside, path)  # the first of several processes wins, and the file is whole
    finally:
        aside.unlink(missing_ok=True)
