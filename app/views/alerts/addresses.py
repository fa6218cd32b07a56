"""Which addresses a channel may have; what they resolve to is checked when something is sent."""

import ipaddress
from urllib.parse import urlsplit

from db.errors import Conflict
from db.queries.team.accounts import normal_email


def checked_address(kind: str, address: str) -> str:
    """Return the address of a channel; Conflict that says what is wrong with it.

    Hosts that are private by their very name or number are refused here already, so that nobody
    waits for an alert that cannot leave.
    """
    text = address.strip()
    if kind == "app":
        return ""
    if kind == "email":
        return normal_email(text)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Conflict("This is not a valid webhook address.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise Conflict(
            "A webhook address starts with https:// or http:// and a host name, "
            "without a user name."
        )
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        raise Conflict(f"{host} is not a public host.")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return text
    if not number.is_global:
        raise Conflict(f"{host} is not a public address.")
    return text
