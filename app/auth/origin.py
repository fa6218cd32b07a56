"""Requests that other sites make: refused by host name (DNS rebinding) and by origin (forgery)."""

from urllib.parse import urlsplit

from flask import request

from app.config import AppSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def host_allowed(settings: AppSettings) -> bool:
    """Return whether the request was sent to a name that is ours."""
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        return False
    return name is not None and name.lower() in settings.hosts


def origin_allowed(settings: AppSettings) -> bool:
    """Return whether a request that changes something comes from a page of ours.

    Browsers send Origin with every POST; a request without it comes from none of our pages.
    """
    if request.method in SAFE_METHODS:
        return True
    origin = request.headers.get("Origin", "")
    ours = {f"{request.scheme}://{request.host}".lower()}
    if settings.public_url and urlsplit(settings.public_url).netloc == request.host.lower():
        # TLS may end at a proxy, which speaks plain http to us.
        ours = {settings.public_url.lower()}
    return origin.lower() in ours
