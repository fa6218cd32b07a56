"""Tells the outside about findings of live runs: by webhook and by e-mail, from a worker.

A webhook's host is resolved once, every address it has must be public, and the connection goes to
the very address that was checked: no name can point elsewhere a moment later. Redirects are not
followed.
"""

import http.client
import ipaddress
import json
import logging
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Engine

from db.engine import session_scope
from db.queries import alerts
from db.queries.alerts import AlertRow, Delivery
from ingest.analysis.health.rules import BY_NAME

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0
# Addresses that carry one of the old kind.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


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
    public_url: str = Field(default="", validation_alias="DEEPTRACKER_PUBLIC_URL")


class NotDelivered(Exception):  # noqa: N818 - what became of it
    """A delivery failed; the text says why, and is shown to administrators."""


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MayConnect = Callable[[Address], bool]


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the internet: not private, loopback, link-local, ..."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        inner = ipaddress.IPv4Address(address.packed[-4:])
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast


def check_url(url: str) -> tuple[str, str, int]:
    """Return (scheme, host, port) of a webhook; NotDelivered for anything but plain http(s)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotDelivered("This is no address of a webhook.") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise NotDelivered("A webhook begins with https:// or http:// and a host, without a name.")
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def resolve(host: str, port: int, *, may_connect: MayConnect = is_public) -> str:
    """Return the address to connect to; NotDelivered where any address of the host is refused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"The host {host[:80]} is not known.") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not may_connect(ipaddress.ip_address(address)):
            raise NotDelivered(f"{host[:80]} has the address {address}, which is not public.")
    return addresses[0]


def send_webhook(
    url: str, alert: AlertRow, *, link: str, may_connect: MayConnect = is_public
) -> None:
    """POST an alert as JSON; NotDelivered for any answer but 2xx within TIMEOUT_SECONDS."""
    scheme, host, port = check_url(url)
    address = resolve(host, port, may_connect=may_connect)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = json.dumps(payload(alert, link=link)).encode()
    connection = _connection(scheme, host, port, address)
    try:
        connection.request(
            "POST",
            target,
            body,
            {"Content-Type": "application/json", "User-Agent": "DeepTracker"},
        )
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"No answer: {type(error).__name__}.") from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NotDelivered(f"It answered with status {status}.")


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    """Return a connection to the checked address that speaks as to the host."""
    if scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    else:
        connection = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )

    def connect_there(
        _named: tuple[str, int], timeout: float | None = None, source: object = None
    ) -> socket.socket:
        return socket.create_connection((address, port), timeout=timeout)

    connection._create_connection = connect_there  # type: ignore[attr-defined]
    return connection


def payload(alert: AlertRow, *, link: str) -> dict[str, object]:
    """Return what a webhook is told."""
    return {
        "run": alert.run,
        "run_id": alert.run_id,
        "rule": alert.rule,
        "title": _title(alert),
        "severity": alert.severity,
        "iteration": alert.iteration,
        "text": alert.text,
        "link": link,
        "found_at": alert.created_at.isoformat(),
    }


def _title(alert: AlertRow) -> str:
    rule = BY_NAME.get(alert.rule)
    return rule.title if rule else alert.rule


def send_email(settings: AlertSettings, to: str, alert: AlertRow, *, link: str) -> None:
    """Send an alert through the configured mail server; NotDelivered where it does not take it."""
    if not settings.smtp_host:
        raise NotDelivered("No mail server is configured (DEEPTRACKER_SMTP_HOST).")
    message = EmailMessage()
    message["Subject"] = _one_line(f"[DeepTracker] {_title(alert)} in {alert.run}")
    message["From"] = settings.smtp_from or f"deeptracker@{socket.getfqdn()}"
    message["To"] = to
    message.set_content(
        f"{_title(alert)} ({alert.severity}), run {alert.run}, iteration {alert.iteration:,}\n\n"
        f"{alert.text}\n\n{link}\n"
    )
    try:
        with _mail_server(settings) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"The mail server did not take it: {type(error).__name__}.") from error


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
    """Deliver what waits, a few at a time; return how many were tried.

    Several workers may do so at once: each delivery is taken by one. One that fails is tried again
    at the next call, up to alerts.MAX_ATTEMPTS times.
    """
    with session_scope(engine) as session:
        taken = alerts.take_deliveries(session)
        for delivery in taken:
            error = _try(settings, delivery, may_connect)
            if error is not None:
                logger.warning("alert channel %s: %s", delivery.channel_id, error)
            alerts.delivered(session, delivery, error=error)
    return len(taken)


def _try(settings: AlertSettings, delivery: Delivery, may_connect: MayConnect) -> str | None:
    alert = delivery.alert
    link = f"{settings.public_url.rstrip('/')}/run/{alert.run_id}/findings"
    try:
        if delivery.kind == "webhook":
            send_webhook(delivery.address, alert, link=link, may_connect=may_connect)
        else:
            send_email(settings, delivery.address, alert, link=link)
    except NotDelivered as error:
        return str(error)
    return None
