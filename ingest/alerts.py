"""Tells the outside about findings of live runs: by webhook and by e-mail, from a worker."""

import logging
import smtplib
import socket
import ssl
from base64 import b64encode
from email.message import EmailMessage
from typing import Literal
from urllib.parse import urlencode

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Engine

from db.config import web_address
from db.engine import session_scope
from db.queries.team import alerts
from db.queries.team.alerts import AlertRow, Delivery
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded
from ingest.analysis.named_cause import cause_words
from ingest.picture import picture
from ingest.webhook import TIMEOUT_SECONDS, MayConnect, NotDelivered, is_public, post

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 10
NO_LINK = (
    "No link: the workers do not know the address of DeepTracker. Set DEEPTRACKER_PUBLIC_URL for "
    "them, such as https://tracker.example.org."
)


class AlertSettings(BaseSettings):
    """The mail server that sends alerts, and the address of the application in their links."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    smtp_host: str = Field(default="", validation_alias="DEEPTRACKER_SMTP_HOST")
    smtp_port: int = Field(default=587, ge=1, le=65_535, validation_alias="DEEPTRACKER_SMTP_PORT")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", validation_alias="DEEPTRACKER_SMTP_SECURITY"
    )
    smtp_user: str = Field(default="", validation_alias="DEEPTRACKER_SMTP_USER")
    smtp_password: str = Field(default="", repr=False, validation_alias="DEEPTRACKER_SMTP_PASSWORD")
    smtp_from: str = Field(default="", validation_alias="DEEPTRACKER_SMTP_FROM")
    public_url: str | None = Field(default=None, validation_alias="DEEPTRACKER_PUBLIC_URL")

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, value: str | None) -> str | None:
        return web_address(value)

    def link(self, run_id: int, *, uuid: str = "", iteration: int | None = None) -> str | None:
        """Return the full address of a run's findings, None where ours is not known.

        With `uuid` it leads to that very run, whatever number another store gives it; `iteration`
        is under the cursor, there and on every page of the run that is opened from it.
        """
        fields = {"of": uuid[:8]} if uuid else {}
        if iteration is not None:
            fields |= {"cursor": str(iteration), "pins": str(iteration)}
        query = f"?{urlencode(fields)}" if fields else ""
        return f"{self.public_url}/run/{run_id}/findings{query}" if self.public_url else None


def payload(alert: AlertRow, *, link: str | None) -> dict[str, object]:
    """Return what a webhook is told; without a link, why there is none."""
    drawn = _picture(alert)
    picture = {"content_type": "image/png", "base64": b64encode(drawn).decode()} if drawn else None
    return {
        "run": alert.run,
        "run_id": alert.run_id,
        "rule": alert.rule,
        "title": _title(alert),
        "severity": alert.severity,
        "iteration": alert.iteration,
        "cause": alert.cause,
        "probability": alert.probability,
        "text": worded(alert.text),
        "picture": picture,
        "link": link,
        **({} if link else {"no_link": NO_LINK}),
        "found_at": alert.created_at.isoformat(),
    }


def _title(alert: AlertRow) -> str:
    rule = BY_NAME.get(alert.rule)
    return rule.title if rule else alert.rule


def _picture(alert: AlertRow) -> bytes | None:
    """Return the chart of an alert's finding as PNG, None where it has none."""
    label = str(alert.chart.get("label", ""))
    title = f"{alert.run}: {label}"
    return picture(alert.chart, start=alert.iteration, title=title) if alert.chart else None


def send_email(settings: AlertSettings, to: str, alert: AlertRow, *, link: str | None) -> None:
    """Send an alert through the configured mail server; NotDelivered where it does not take it."""
    if not settings.smtp_host:
        raise NotDelivered("No mail server is configured (DEEPTRACKER_SMTP_HOST).")
    message = EmailMessage()
    message["Subject"] = _one_line(f"[DeepTracker] {_title(alert)} in {alert.run}")
    message["From"] = settings.smtp_from or f"deeptracker@{socket.getfqdn()}"
    message["To"] = to
    where = link or f"Run {alert.run_id}, page Findings. {NO_LINK}"
    parts = (
        f"{_title(alert)} ({alert.severity}), run {alert.run}, iteration {alert.iteration:,}",
        *filter(None, [cause_words(alert.cause, alert.probability)]),
        worded(alert.text),
        where,
    )
    message.set_content("\n\n".join(parts) + "\n")
    drawn = _picture(alert)
    if drawn is not None:
        name = f"run-{alert.run_id}-iteration-{alert.iteration}.png"
        message.add_attachment(drawn, "image", "png", filename=name, disposition="inline")
    try:
        with _mail_server(settings) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"The mail server did not accept it: {type(error).__name__}.") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _mail_server(settings: AlertSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    where = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(*where, timeout=TIMEOUT_SECONDS)
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password)
    return server


def deliver(engine: Engine, settings: AlertSettings, *, may_connect: MayConnect = is_public) -> int:
    """Deliver what is due, at most MOST_AT_ONCE; return how many were tried.

    Several workers may do so at once: each delivery is taken by one, in a transaction of its own.
    One that fails is due again later, up to alerts.MAX_ATTEMPTS times.
    """
    for number in range(MOST_AT_ONCE):
        with session_scope(engine) as session:
            taken = alerts.take_deliveries(session, limit=1)
            if not taken:
                return number
            error = _try(settings, taken[0], may_connect)
            if error is not None:
                # Never the address: who knows it may write there.
                logger.warning("alert channel %s: %s", taken[0].channel_id, error)
            alerts.delivered(session, taken[0], error=error)
    return MOST_AT_ONCE


def _try(settings: AlertSettings, delivery: Delivery, may_connect: MayConnect) -> str | None:
    alert = delivery.alert
    link = settings.link(alert.run_id, uuid=alert.uuid, iteration=alert.iteration)
    try:
        if delivery.kind == "webhook":
            post(delivery.address, payload(alert, link=link), may_connect=may_connect)
        else:
            send_email(settings, delivery.address, alert, link=link)
    except NotDelivered as error:
        return str(error)
    return None
