"""The log of web processes and workers: one line per record, for people or as JSON, no secrets.

Every request is told once, by the rule of its route, never by its address, which may hold a token.
"""

import json
import logging
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from flask import Flask, Response, g, has_request_context, request
from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.auth.identity import find_identity
from app.redaction import redact, secrets_of

requests_log = logging.getLogger("deeptracker.request")

SLOW_SECONDS = 2.0
# What asks often and says nothing.
_QUIET = ("/health", "/ready", "/metrics", "/assets/<path:filename>")
NO_RULE = "none"
# Facts of a record beside its message, where it has them.
_FACTS = ("request_id", "method", "rule", "account", "status", "duration_ms", "error")


class LogSettings(BaseSettings):
    """How the log is written; frozen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    form: Literal["text", "json"] = Field(default="text", validation_alias="DEEPTRACKER_LOG_FORMAT")
    # None: info for machines, warning for people.
    level: Literal["debug", "info", "warning", "error"] | None = Field(
        default=None, validation_alias="DEEPTRACKER_LOG_LEVEL"
    )

    @property
    def number(self) -> int:
        """Return the least level that is written."""
        chosen = self.level or ("info" if self.form == "json" else "warning")
        return logging.getLevelNamesMapping()[chosen.upper()]


class _Lines(logging.Formatter):
    """A record as one line for people, and the traceback below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets_of()

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        marked = {name: facts[name] for name in ("request_id", "account") if name in facts}
        text = super().format(record)
        if marked:
            first, *rest = text.split("\n", 1)
            told = " ".join(f"{name}={value}" for name, value in marked.items())
            text = "\n".join([f"{first} [{told}]", *rest])
        return redact(text, secrets=self._secrets)


class _Json(logging.Formatter):
    """A record as one JSON object in one line."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets = secrets_of()

    def format(self, record: logging.LogRecord) -> str:
        parts: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            parts["exception"] = self.formatException(record.exc_info)
        # Text by text: what is taken out of a line of JSON might take its quotes along.
        hidden = {
            name: redact(value, secrets=self._secrets) if isinstance(value, str) else value
            for name, value in parts.items()
        }
        return json.dumps(hidden, ensure_ascii=False, default=str)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    own = {name: getattr(record, name) for name in _FACTS if hasattr(record, name)}
    return {**(_request_facts() if has_request_context() else {}), **own}


def _request_facts() -> dict[str, Any]:
    identity = find_identity()
    facts = {"request_id": g.get("request_id"), "method": request.method, "rule": rule()}
    if identity is not None:
        facts["account"] = identity.account_id
    return {name: value for name, value in facts.items() if value is not None}


def set_up(settings: LogSettings | None = None, *, stream: TextIO | None = None) -> None:
    """Write the log of this process to `stream` (standard error), as the settings say."""
    settings = settings or LogSettings()
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if settings.form == "json" else _Lines())
    logging.basicConfig(level=settings.number, handlers=[handler], force=True)
    # Both tell every connection or job they handle, and a job has told it already.
    for chatty in ("alembic", "urllib3", "botocore"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, settings.number))


class ServerLog(GunicornLogger):
    """gunicorn's own lines, in the same form as all others."""

    def setup(self, cfg: Any) -> None:
        """Let the root's handler write what gunicorn has to say."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def install(server: Flask) -> None:
    """Give every request an id and a beginning, and tell of it when it is answered."""

    @server.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.began = time.perf_counter()

    # Before the guard, so that refused requests have both as well.
    hooks = server.before_request_funcs[None]
    hooks.insert(0, hooks.pop())

    @server.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        seconds = elapsed()
        level = _level(response.status_code, seconds)
        if requests_log.isEnabledFor(level):
            facts = {"status": response.status_code, "duration_ms": round(1e3 * seconds, 1)}
            requests_log.log(
                level,
                "%s %s: %s in %.0f ms",
                request.method,
                rule(),
                response.status_code,
                1e3 * seconds,
                extra=facts,
            )
        return response


def _level(status: int, seconds: float) -> int:
    if status >= 500:
        return logging.ERROR if rule() != "/ready" else logging.WARNING
    if seconds >= SLOW_SECONDS:
        return logging.WARNING
    return logging.DEBUG if rule() in _QUIET else logging.INFO


def rule() -> str:
    """Return the rule of the present request's route."""
    return request.url_rule.rule if request.url_rule else NO_RULE


def elapsed() -> float:
    """Return the seconds since the present request began."""
    return time.perf_counter() - g.began
