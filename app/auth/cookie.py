"""The cookie that carries a session's token, signed so that made-up ones cost no query."""

import hashlib

from flask import Response, request
from itsdangerous import BadSignature, Signer

from app.config import AppSettings
from db.queries.team.sessions import LONGEST


def cookie_name(settings: AppSettings) -> str:
    """Return the cookie's name; over TLS with the prefix that binds it to this very host."""
    return "__Host-deeptracker" if settings.secure else "deeptracker"


def read_cookie(settings: AppSettings) -> str | None:
    """Return the token in the request's cookie, None where there is none that we signed."""
    value = request.cookies.get(cookie_name(settings))
    if not value:
        return None
    try:
        return _signer(settings).unsign(value).decode("ascii")
    except (BadSignature, UnicodeDecodeError):
        return None


def set_cookie(response: Response, settings: AppSettings, *, token: str) -> None:
    """Give the browser a session's token: not for scripts, not for other sites."""
    response.set_cookie(
        cookie_name(settings),
        sign_token(settings, token),
        max_age=LONGEST,
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: Response, settings: AppSettings) -> None:
    """Take the cookie away again."""
    response.delete_cookie(
        cookie_name(settings), secure=settings.secure, httponly=True, samesite="Lax", path="/"
    )


def sign_token(settings: AppSettings, token: str) -> str:
    """Return the cookie's value for a session's token."""
    return _signer(settings).sign(token).decode()


def _signer(settings: AppSettings) -> Signer:
    return Signer(settings.key(), salt="deeptracker.session", digest_method=hashlib.sha256)
